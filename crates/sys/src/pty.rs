//! Pseudo-terminals: a pair out of a given devpts, sizes, and leading a session on one.
//!
//! Invariant: nothing here allocates, and no terminal becomes the controlling one by accident.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use rustix::fs::OFlags;

/// A terminal's two ends.
#[derive(Debug)]
pub struct Pair {
    /// The end that plays the user.
    pub master: OwnedFd,
    /// The end the program has.
    pub slave: OwnedFd,
    /// Its number: `/dev/pts/<number>`.
    pub number: u32,
}

/// A new terminal of the devpts whose `ptmx` is at `path` in `root`.
pub fn open_in(root: BorrowedFd<'_>, path: &CStr) -> io::Result<Pair> {
    let flags = OFlags::RDWR | OFlags::NOCTTY;
    let master = crate::beneath::open(root, path, flags)?;
    let unlocked: libc::c_int = 0;
    // SAFETY: the kernel reads one int.
    check(unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCSPTLCK, &raw const unlocked) })?;
    let mut number: libc::c_uint = 0;
    // SAFETY: the kernel writes one unsigned int.
    check(unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCGPTN, &raw mut number) })?;
    let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC;
    // SAFETY: takes plain flags; a non-negative answer is a fresh descriptor.
    let raw = unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCGPTPEER, flags) };
    check(raw)?;
    // SAFETY: fresh, owned by nobody else.
    let slave = unsafe { OwnedFd::from_raw_fd(raw) };
    Ok(Pair {
        master,
        slave,
        number,
    })
}

/// Sets a terminal's size in characters.
pub fn resize(terminal: BorrowedFd<'_>, rows: u16, columns: u16) -> io::Result<()> {
    let size = libc::winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: the kernel reads the size, which lives through the call.
    check(unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) })
}

/// Makes `terminal` the controlling one of the session this process leads.
pub fn control(terminal: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: takes a plain number; 0: don't take it from another session.
    check(unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSCTTY, 0) })
}

fn check(rc: libc::c_int) -> io::Result<()> {
    if rc < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}
