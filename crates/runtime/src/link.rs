//! The child's end of its conversation with the process that made it.
//!
//! With one memory (vfork) a failure is left where the parent finds it; with two it travels over a
//! socket, and so do requests. Leaves the parent's end to `dialogue`. Invariant: with one memory
//! nothing here allocates, and a child whose parent is gone ends.

use std::cell::RefCell;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use hull_sys::{fd, seqpacket};

use crate::failure::{At, Failure, Step};

/// What a child tells or asks; the first byte of a message.
pub(crate) mod word {
    /// The user namespace has no maps yet.
    pub(crate) const MAPS: u8 = b'M';
    /// All files are there; hooks outside may run.
    pub(crate) const FILES: u8 = b'H';
    /// A descriptor for notifications comes along.
    pub(crate) const NOTIFY: u8 = b'N';
    /// Everything is done but the program: waiting to be started.
    pub(crate) const READY: u8 = b'R';
    /// The program is executed next.
    pub(crate) const EXECUTE: u8 = b'X';
    /// The parent's answer: go on.
    pub(crate) const GO: u8 = b'G';
}

/// A child's way to its parent.
#[derive(Debug)]
pub(crate) enum Link<'a> {
    /// One memory: the failure goes here.
    Memory(&'a RefCell<Option<Failure>>),
    /// Two memories.
    Socket {
        /// The child's end.
        own: BorrowedFd<'a>,
        /// The parent's end, which the child must not keep.
        parents: &'a OwnedFd,
        /// Who started the container, once somebody has.
        starter: &'a RefCell<Option<OwnedFd>>,
        /// Where `start` connects; `None` when the program is executed at once.
        door: Option<BorrowedFd<'a>>,
    },
}

impl Link<'_> {
    /// First thing in the child.
    pub(crate) fn open(&self) -> Result<(), Failure> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Socket { parents, .. } => fd::close_copy(parents).at(Step::Channel),
        }
    }

    /// Asks for something and waits until it is done.
    pub(crate) fn ask(&self, word: u8, with: Option<BorrowedFd<'_>>) -> Result<(), Failure> {
        let Self::Socket { own, .. } = self else {
            return Err(lost());
        };
        match with {
            Some(descriptor) => fd::send(*own, &[word], &[descriptor]).at(Step::Channel)?,
            None => seqpacket::send_blocking(*own, &[word]).at(Step::Channel)?,
        }
        let mut answer = [0u8; 1];
        match seqpacket::recv_blocking(*own, &mut answer).at(Step::Channel)? {
            1 if answer == [word::GO] => Ok(()),
            _ => Err(lost()),
        }
    }

    /// Says that all is prepared, and waits for `start` where there is a door to wait at.
    pub(crate) fn wait(&self) -> Result<(), Failure> {
        let Self::Socket {
            own,
            starter,
            door: Some(door),
            ..
        } = self
        else {
            return Ok(());
        };
        seqpacket::send_blocking(*own, &[word::READY]).at(Step::Channel)?;
        loop {
            if let Some(connection) = seqpacket::accept(*door).at(Step::Wait)? {
                starter.replace(Some(connection));
                return Ok(());
            }
        }
    }

    /// Says that the program is executed next.
    pub(crate) fn last(&self) -> Result<(), Failure> {
        match self {
            Self::Socket {
                own, door: None, ..
            } => seqpacket::send_blocking(*own, &[word::EXECUTE]).at(Step::Channel),
            _ => Ok(()),
        }
    }

    /// Tells the parent, or whoever started the container, what went wrong.
    pub(crate) fn report(&self, failure: &Failure) {
        match self {
            Self::Memory(place) => *place.borrow_mut() = Some(failure.clone()),
            Self::Socket { own, starter, .. } => {
                let (bytes, length) = failure.encode();
                let bytes = bytes.get(..length).unwrap_or(&[]);
                let starter = starter.take();
                let to = starter.as_ref().map_or(*own, AsFd::as_fd);
                // Nobody is left to tell when this fails; the exit code still says so.
                drop(seqpacket::send_blocking(to, bytes));
            }
        }
    }
}

fn lost() -> Failure {
    Failure::new(Step::Channel, &io::Error::from_raw_os_error(32))
}
