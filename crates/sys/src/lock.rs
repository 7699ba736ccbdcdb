//! Whole-file locks that belong to an open file, and asking who holds them without taking them.
//!
//! Open-file-description locks rather than `flock`: a question by `F_OFD_GETLK` never makes the
//! holder's own attempt fail for a moment, as a probing `flock` would. Invariant: the kernel frees
//! the lock when the last descriptor of that open file closes, however its process died.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

fn whole_file(kind: libc::c_int) -> libc::flock {
    // SAFETY: flock is plain integers, for which all zeroes is a value; zero length means the
    // whole file and OFD locks demand l_pid == 0.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = i16::try_from(kind).unwrap_or_default();
    lock.l_whence = i16::try_from(libc::SEEK_SET).unwrap_or_default();
    lock
}

fn call(file: impl AsFd, command: libc::c_int, lock: &mut libc::flock) -> io::Result<()> {
    let fd = file.as_fd().as_raw_fd();
    // SAFETY: fd is open for the whole call, and the three lock commands take a pointer to a flock
    // that lives until the call returns.
    let result = unsafe { libc::fcntl(fd, command, std::ptr::from_mut(lock)) };
    if result == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Takes the exclusive lock of `file`, open for writing; `false` when somebody else has it.
pub fn try_exclusive(file: impl AsFd) -> io::Result<bool> {
    match call(file, libc::F_OFD_SETLK, &mut whole_file(libc::F_WRLCK)) {
        Ok(()) => Ok(true),
        Err(cause) if matches!(cause.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) => {
            Ok(false)
        }
        Err(cause) => Err(cause),
    }
}

/// Takes the exclusive lock of `file`, open for writing, waiting for it.
pub fn exclusive(file: impl AsFd) -> io::Result<()> {
    loop {
        match call(&file, libc::F_OFD_SETLKW, &mut whole_file(libc::F_WRLCK)) {
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Gives the lock back before the file is closed.
pub fn release(file: impl AsFd) -> io::Result<()> {
    call(file, libc::F_OFD_SETLK, &mut whole_file(libc::F_UNLCK))
}

/// Whether somebody else (another open file) holds the exclusive lock of `file`.
pub fn is_held(file: impl AsFd) -> io::Result<bool> {
    let mut lock = whole_file(libc::F_RDLCK);
    call(file, libc::F_OFD_GETLK, &mut lock)?;
    Ok(i32::from(lock.l_type) != libc::F_UNLCK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_lock_is_seen_from_another_open_file_and_freed_by_closing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let holder = std::fs::File::create(&path).unwrap();
        let other = std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .unwrap();
        assert!(!is_held(&other).unwrap());
        assert!(try_exclusive(&holder).unwrap());
        assert!(is_held(&other).unwrap());
        assert!(!is_held(&holder).unwrap());
        assert!(!try_exclusive(&other).unwrap());
        drop(holder);
        assert!(!is_held(&other).unwrap());
        assert!(try_exclusive(&other).unwrap());
        release(&other).unwrap();
    }
}
