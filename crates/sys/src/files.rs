//! Small files of /proc and the like, written without allocating.

use std::ffi::CStr;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags, open};

/// Opens an existing file for writing.
pub fn open_for_writing(path: &CStr) -> io::Result<OwnedFd> {
    Ok(open(path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?)
}

/// Writes all of `bytes` in one call, as the kernel's files want it.
pub fn write_to(file: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<()> {
    let written = rustix::io::retry_on_intr(|| rustix::io::write(file, bytes))?;
    if written == bytes.len() {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(libc::EIO))
    }
}

/// Writes `bytes` to an existing file.
pub fn write(path: &CStr, bytes: &[u8]) -> io::Result<()> {
    use std::os::fd::AsFd;
    write_to(open_for_writing(path)?.as_fd(), bytes)
}
