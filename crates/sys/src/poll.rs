//! Waiting until one of several descriptors can be read or written.
//!
//! Invariant: a wait cut short by a signal is reported as "nothing ready", never as an error.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;

/// What to wait for on one descriptor. Hang-ups and errors are always waited for.
#[derive(Debug, Clone, Copy)]
pub struct Interest<'a> {
    /// The descriptor.
    pub fd: BorrowedFd<'a>,
    /// Wait until something can be read.
    pub read: bool,
    /// Wait until something can be written.
    pub write: bool,
    /// Wait for an exceptional condition, as a changed cgroup file has; told as readable.
    pub urgent: bool,
}

impl<'a> Interest<'a> {
    /// Waits until something can be read from `fd`.
    pub fn read(fd: BorrowedFd<'a>) -> Self {
        Self {
            fd,
            read: true,
            write: false,
            urgent: false,
        }
    }

    /// Waits until something can be written to `fd`.
    pub fn write(fd: BorrowedFd<'a>) -> Self {
        Self {
            fd,
            read: false,
            write: true,
            urgent: false,
        }
    }

    /// Waits for an exceptional condition of `fd`.
    pub fn urgent(fd: BorrowedFd<'a>) -> Self {
        Self {
            fd,
            read: false,
            write: false,
            urgent: true,
        }
    }
}

/// What is ready on one descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ready {
    /// Reading will not block; it may tell the end.
    pub read: bool,
    /// Writing will not block; it may fail.
    pub write: bool,
    /// The other side is gone; what it wrote before can still be read.
    pub hang_up: bool,
}

impl Ready {
    /// Something is ready.
    pub fn any(self) -> bool {
        self.read || self.write || self.hang_up
    }
}

/// Waits at most `timeout` (for ever when `None`); one answer per interest, in order.
pub fn poll(interests: &[Interest<'_>], timeout: Option<Duration>) -> io::Result<Vec<Ready>> {
    let mut fds: Vec<PollFd<'_>> = interests.iter().map(poll_fd).collect();
    let timeout = timeout.and_then(|limit| Timespec::try_from(limit).ok());
    match rustix::event::poll(&mut fds, timeout.as_ref()) {
        Ok(_) => Ok(fds.iter().map(|fd| ready(fd.revents())).collect()),
        Err(Errno::INTR) => Ok(vec![Ready::default(); interests.len()]),
        Err(cause) => Err(cause.into()),
    }
}

/// Waits at most `timeout` until `fd` can be read.
pub fn readable(fd: BorrowedFd<'_>, timeout: Option<Duration>) -> io::Result<bool> {
    Ok(poll(&[Interest::read(fd)], timeout)?
        .iter()
        .any(|ready| ready.any()))
}

fn poll_fd<'a>(interest: &Interest<'a>) -> PollFd<'a> {
    let mut flags = PollFlags::empty();
    flags.set(PollFlags::IN, interest.read);
    flags.set(PollFlags::OUT, interest.write);
    flags.set(PollFlags::PRI, interest.urgent);
    PollFd::from_borrowed_fd(interest.fd, flags)
}

fn ready(flags: PollFlags) -> Ready {
    Ready {
        read: flags.intersects(PollFlags::IN | PollFlags::PRI),
        write: flags.contains(PollFlags::OUT),
        hang_up: flags.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn a_pipe_is_readable_when_written_and_hung_up_when_closed() {
        let (reader, mut writer) = io::pipe().unwrap();
        let short = Some(Duration::from_millis(1));
        assert!(!readable(reader.as_fd(), short).unwrap());
        writer.write_all(b"x").unwrap();
        let interest = Interest::read(reader.as_fd());
        let ready = poll(&[interest], None).unwrap();
        assert_eq!(
            ready,
            [Ready {
                read: true,
                write: false,
                hang_up: false
            }]
        );
        drop(writer);
        assert!(poll(&[interest], None).unwrap()[0].hang_up);
    }
}
