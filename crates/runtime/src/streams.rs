//! Descriptors 0, 1 and 2 in the form the child puts them in place.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use hull_sys::{fd, seqpacket};

use crate::plan::invalid;
use crate::stdio::Stdio;
use crate::{Error, Result};

/// Descriptors 0, 1 and 2 of the program.
#[derive(Debug)]
pub(crate) enum Streams<'a> {
    /// As they are.
    Same,
    /// These.
    Given([BorrowedFd<'a>; 3]),
    /// A terminal of the container's devpts, whose master is sent here.
    Terminal(BorrowedFd<'a>),
    /// The same, over a socket of our own.
    TerminalOver(OwnedFd),
}

impl Streams<'_> {
    /// Where a terminal's master is sent.
    pub(crate) fn terminal(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Terminal(socket) => Some(*socket),
            Self::TerminalOver(socket) => Some(socket.as_fd()),
            Self::Same | Self::Given(_) => None,
        }
    }
}

/// What the child gets as 0, 1 and 2, and where a terminal's master arrives.
pub(crate) fn streams(
    stdio: &Stdio,
    terminal: bool,
) -> Result<(Streams<'_>, Option<TerminalPair>)> {
    let wrong = |why: &str| invalid("process.terminal", why);
    match stdio {
        Stdio::Terminal | Stdio::TerminalTo(_) if !terminal => {
            Err(wrong("a terminal was offered to a program that wants none"))
        }
        Stdio::Inherit | Stdio::Fds { .. } if terminal => {
            Err(wrong("the program wants a terminal and none was offered"))
        }
        Stdio::Inherit => Ok((Streams::Same, None)),
        Stdio::Fds {
            stdin,
            stdout,
            stderr,
        } => {
            let all = [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()];
            Ok((Streams::Given(all), None))
        }
        Stdio::TerminalTo(socket) => Ok((Streams::Terminal(socket.as_fd()), None)),
        Stdio::Terminal => {
            let (ours, theirs) = seqpacket::pair().map_err(Error::Terminal)?;
            Ok((Streams::TerminalOver(theirs), Some(TerminalPair(ours))))
        }
    }
}

/// Our end of the pair a terminal's master comes through.
#[derive(Debug)]
pub(crate) struct TerminalPair(OwnedFd);

pub(crate) fn receive_terminal(pair: &TerminalPair) -> Result<Option<OwnedFd>> {
    let (_, mut fds) = fd::receive(pair.0.as_fd(), &mut [0u8; 64]).map_err(Error::Terminal)?;
    Ok(fds.pop())
}
