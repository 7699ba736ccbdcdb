//! The parent's end of its conversation with a child that has a memory of its own.
//!
//! Invariant: whatever the child does, and however it ends, the conversation ends.

use std::os::fd::{AsFd, OwnedFd};

use hull_sys::clone::Child;
use hull_sys::{fd, pidfd, seqpacket};

use crate::failure::Failure;
use crate::link::word;
use crate::{Error, Result};

/// What the parent does when the child asks.
pub(crate) struct Answers<'a> {
    /// Writes the user namespace's maps.
    pub(crate) maps: &'a dyn Fn(i32) -> Result<()>,
    /// Runs the hooks of the runtime's side.
    pub(crate) hooks: &'a dyn Fn(i32) -> Result<()>,
    /// Passes a notification descriptor on.
    pub(crate) notify: &'a dyn Fn(i32, OwnedFd) -> Result<()>,
}

/// Answers `child` until it waits to be started, executed its program, or failed.
pub(crate) fn hold(child: &Child, socket: &OwnedFd, answers: &Answers<'_>) -> Result<()> {
    let mut executes = false;
    loop {
        let mut bytes = [0u8; 1024];
        let (length, mut fds) = fd::receive(socket.as_fd(), &mut bytes).map_err(Error::Dialogue)?;
        let message = bytes.get(..length).unwrap_or(&[]);
        match message {
            [] if executes => return Ok(()),
            [] => return Err(lost(child)),
            [word::READY] => return Ok(()),
            [word::EXECUTE] => executes = true,
            [word::MAPS] => (answers.maps)(child.pid)?,
            [word::FILES] => (answers.hooks)(child.pid)?,
            [word::NOTIFY] => match fds.pop() {
                Some(listener) => (answers.notify)(child.pid, listener)?,
                None => return Err(lost(child)),
            },
            other => {
                return Err(Failure::decode(other).map_or_else(|| lost(child), Error::from));
            }
        }
        if matches!(message, [word::MAPS | word::FILES | word::NOTIFY]) {
            seqpacket::send_blocking(socket, &[word::GO]).map_err(|_| lost(child))?;
        }
    }
}

/// The error of a child that ended without a word.
pub(crate) fn lost(child: &Child) -> Error {
    let gone = pidfd::wait_gone(&child.pidfd, Some(std::time::Duration::from_secs(2)));
    let exit = match gone {
        Ok(true) => pidfd::try_wait(&child.pidfd).ok().flatten(),
        _ => None,
    };
    Error::ChildLost {
        how: match exit {
            Some(pidfd::Exit::Code(code)) => format!("exit status {code}"),
            Some(pidfd::Exit::Signal(number)) => format!("signal {number}"),
            None => "no answer".to_owned(),
        },
    }
}
