//! Being told that something in a directory changed.
//!
//! Invariant: what changed is not told; whoever is woken looks for himself, so a lost or merged event
//! costs nothing.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};

/// Watches directories; poll it for readability.
#[derive(Debug)]
pub struct Watch(OwnedFd);

impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Watch {
    /// Watches nothing yet.
    pub fn new() -> io::Result<Self> {
        Ok(Self(inotify::init(
            CreateFlags::CLOEXEC | CreateFlags::NONBLOCK,
        )?))
    }

    /// Also watches directory `dir`: files written, made, renamed or removed in it.
    pub fn directory(&self, dir: &Path) -> io::Result<()> {
        let flags = WatchFlags::MODIFY
            | WatchFlags::CREATE
            | WatchFlags::MOVE
            | WatchFlags::DELETE
            | WatchFlags::DELETE_SELF
            | WatchFlags::ONLYDIR;
        inotify::add_watch(&self.0, dir, flags)?;
        Ok(())
    }

    /// Forgets what was told so far.
    pub fn clear(&self) -> io::Result<()> {
        let mut buffer = [0; 4096];
        while crate::fifo::try_read(&self.0, &mut buffer)?.is_some_and(|length| length > 0) {}
        Ok(())
    }
}
