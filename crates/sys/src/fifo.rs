//! Pipes with a name, and the two ways of opening them hull uses.
//!
//! Invariant: opening never waits for the other side.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags};
use rustix::pipe::PipeFlags;

/// Makes a named pipe only its owner may open; one that exists is taken as it is.
pub fn make(path: &Path) -> io::Result<()> {
    match rustix::fs::mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR) {
        Ok(()) | Err(rustix::io::Errno::EXIST) => Ok(()),
        Err(cause) => Err(cause.into()),
    }
}

/// The end to read from, which never blocks.
pub fn open_reader(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    Ok(rustix::fs::open(path, flags, Mode::empty())?)
}

/// An end to write to that is also open for reading, so that a writer whose reader died is held back
/// when the pipe is full instead of being killed by SIGPIPE.
pub fn open_lasting_writer(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    Ok(rustix::fs::open(path, flags, Mode::empty())?)
}

/// A pipe without a name: the end to read from, which blocks, and the end to write to, which does not.
pub fn feed() -> io::Result<(OwnedFd, OwnedFd)> {
    let (reader, writer) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
    set_nonblocking(&writer)?;
    Ok((reader, writer))
}

/// Makes calls on `fd` return instead of waiting.
pub fn set_nonblocking(fd: impl std::os::fd::AsFd) -> io::Result<()> {
    let flags = rustix::fs::fcntl_getfl(&fd)?;
    Ok(rustix::fs::fcntl_setfl(&fd, flags | OFlags::NONBLOCK)?)
}

/// Reads what is there: its length, 0 at the end, `None` when there is nothing now.
pub fn try_read(fd: impl std::os::fd::AsFd, buffer: &mut [u8]) -> io::Result<Option<usize>> {
    match rustix::io::retry_on_intr(|| rustix::io::read(&fd, &mut *buffer)) {
        Ok(length) => Ok(Some(length)),
        Err(rustix::io::Errno::AGAIN) => Ok(None),
        Err(cause) => Err(cause.into()),
    }
}

/// Reads a file that is told to have changed, from its start where it has one.
pub fn reread(fd: impl std::os::fd::AsFd, buffer: &mut [u8]) -> io::Result<usize> {
    match rustix::io::pread(&fd, &mut *buffer, 0) {
        Err(rustix::io::Errno::SPIPE) => Ok(try_read(&fd, buffer)?.unwrap_or_default()),
        other => Ok(other?),
    }
}

/// Writes as much as there is room for.
pub fn try_write(fd: impl std::os::fd::AsFd, bytes: &[u8]) -> io::Result<usize> {
    match rustix::io::retry_on_intr(|| rustix::io::write(&fd, bytes)) {
        Ok(length) => Ok(length),
        Err(rustix::io::Errno::AGAIN) => Ok(0),
        Err(cause) => Err(cause.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lasting_writer_outlives_its_reader_and_tells_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        make(&path).unwrap();
        make(&path).unwrap();
        let reader = open_reader(&path).unwrap();
        let writer = open_lasting_writer(&path).unwrap();
        let mut buffer = [0; 8];
        assert_eq!(try_read(&reader, &mut buffer).unwrap(), None);
        assert_eq!(try_write(&writer, b"abc").unwrap(), 3);
        drop(reader);
        assert_eq!(try_write(&writer, b"def").unwrap(), 3);
        let again = open_reader(&path).unwrap();
        assert_eq!(try_read(&again, &mut buffer).unwrap(), Some(6));
        drop(writer);
        assert_eq!(try_read(&again, &mut buffer).unwrap(), Some(0));
    }
}
