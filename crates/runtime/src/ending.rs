//! The end of a child that was made and is not wanted, or has done its work.

use hull_sys::clone::Child;
use hull_sys::{pidfd, signal};

/// Waits until a child has ended, and takes its exit.
pub(crate) fn reap(child: &Child) {
    drop(pidfd::wait_gone(&child.pidfd, None));
    drop(pidfd::try_wait(&child.pidfd));
}

/// Ends a child and takes its exit.
pub(crate) fn end(child: &Child) {
    // Gone already is as good as killed.
    drop(pidfd::signal(&child.pidfd, signal::number::KILL));
    reap(child);
}
