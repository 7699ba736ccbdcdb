//! What becomes of a container's descriptors 0, 1 and 2.

use std::os::fd::{AsFd, OwnedFd};

use hull_sys::{fd, seqpacket};

use crate::init::Streams;
use crate::plan::invalid;
use crate::{Error, Result};

/// Where a program reads and writes.
#[derive(Debug)]
pub enum Stdio {
    /// Where the caller does.
    Inherit,
    /// Descriptors of the caller's choice, closed here once the program has them.
    Fds {
        /// Descriptor 0.
        stdin: OwnedFd,
        /// Descriptor 1.
        stdout: OwnedFd,
        /// Descriptor 2.
        stderr: OwnedFd,
    },
    /// A terminal of the container's own devpts; its master is given back in `Running::terminal`.
    Terminal,
    /// As `Terminal`; the master is sent over this connected Unix socket instead, as OCI runtimes do.
    TerminalTo(OwnedFd),
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
