//! Directories and files of a cgroup file system, reached from directory descriptors.
//!
//! Which file means what is `hull-runtime`'s `cgroup`. Invariant: a [`Dir`] is a descriptor, so a
//! group is written to through one lookup of its path, and a group that was removed and made again
//! by somebody else is never written to by mistake.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{self, AtFlags, Mode, OFlags};
use rustix::io::Errno;

/// What kind of file system a directory lies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FsKind {
    /// A version 1 hierarchy.
    CgroupV1,
    /// The unified hierarchy, version 2.
    CgroupV2,
    /// Anything else.
    Other,
}

/// The kind of the file system at `path`.
pub fn kind(path: &Path) -> io::Result<FsKind> {
    const CGROUP1: fs::FsWord = 0x0027_e0eb;
    const CGROUP2: fs::FsWord = 0x6367_7270;
    let stat = fs::statfs(path)?;
    Ok(match stat.f_type {
        CGROUP1 => FsKind::CgroupV1,
        CGROUP2 => FsKind::CgroupV2,
        _ => FsKind::Other,
    })
}

/// A cgroup's directory.
#[derive(Debug)]
pub struct Dir(OwnedFd);

impl AsFd for Dir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl From<Dir> for OwnedFd {
    fn from(dir: Dir) -> Self {
        dir.0
    }
}

const DIR_FLAGS: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC)
    .union(OFlags::NOFOLLOW);

impl Dir {
    /// Opens the directory at `path`.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(fs::open(path, DIR_FLAGS, Mode::empty())?))
    }

    /// Opens the directory `name` (one or more components) below this one.
    pub fn open_dir(&self, name: &str) -> io::Result<Self> {
        Ok(Self(fs::openat(&self.0, name, DIR_FLAGS, Mode::empty())?))
    }

    /// Makes the directory `name`; `false` when it was there already.
    pub fn make_dir(&self, name: &str) -> io::Result<bool> {
        match fs::mkdirat(&self.0, name, Mode::from_raw_mode(0o755)) {
            Ok(()) => Ok(true),
            Err(Errno::EXIST) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes the empty group `name`.
    pub fn remove_dir(&self, name: &str) -> io::Result<()> {
        Ok(fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }

    /// Whether a file or directory `name` exists.
    pub fn has(&self, name: &str) -> bool {
        fs::accessat(&self.0, name, fs::Access::EXISTS, AtFlags::empty()).is_ok()
    }

    /// Opens the file `name` for writing.
    pub fn open_for_writing(&self, name: &str) -> io::Result<OwnedFd> {
        let flags = OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        Ok(fs::openat(&self.0, name, flags, Mode::empty())?)
    }

    /// Opens the file `name` for reading.
    pub fn open_for_reading(&self, name: &str) -> io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        Ok(fs::openat(&self.0, name, flags, Mode::empty())?)
    }

    /// Writes `value` into the file `name` in one write, as these files want it.
    pub fn write(&self, name: &str, value: &str) -> io::Result<()> {
        let file = self.open_for_writing(name)?;
        write_once(file.as_fd(), value)
    }

    /// Reads the file `name` whole.
    pub fn read(&self, name: &str) -> io::Result<String> {
        let file = self.open_for_reading(name)?;
        let mut text = Vec::new();
        let mut buffer = [0u8; 4096];
        loop {
            match rustix::io::read(&file, &mut buffer) {
                Ok(0) => break,
                Ok(n) => text.extend(buffer.iter().take(n)),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Names of the groups directly below this one.
    pub fn children(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::Dir::read_from(&self.0)? {
            let entry = entry?;
            if entry.file_type() == fs::FileType::Directory && !is_dots(entry.file_name()) {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        Ok(names)
    }
}

fn is_dots(name: &CStr) -> bool {
    matches!(name.to_bytes(), b"." | b"..")
}

/// Writes `value` to an opened control file in one write.
pub fn write_once(file: BorrowedFd<'_>, value: &str) -> io::Result<()> {
    loop {
        match rustix::io::write(file, value.as_bytes()) {
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Puts the calling thread into the group of a v1 `tasks` file; allocation free.
///
/// "0" and `tasks` are not a matter of taste: any pid, or `cgroup.procs`, makes the kernel take the
/// lock of all thread groups and wait 7 ms for it after idleness, instead of 25 us.
pub fn join_v1(tasks: BorrowedFd<'_>) -> io::Result<()> {
    write_once(tasks, "0")
}

/// Sends `signal` to a process whose pid was just read from its group; one that died meanwhile is
/// fine.
pub fn signal_member(pid: i32, signal: i32) -> io::Result<()> {
    if pid <= 0 {
        return Ok(());
    }
    // SAFETY: kill takes numbers only; `pid` is above 0, so it never means a process group.
    let rc = unsafe { libc::kill(pid, signal) };
    if rc == 0 {
        return Ok(());
    }
    match io::Error::last_os_error() {
        error if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
        error => Err(error),
    }
}

/// A counter that a version 1 group can be told to raise at its events; reads do not block.
pub fn event_counter() -> io::Result<OwnedFd> {
    use rustix::event::{EventfdFlags, eventfd};
    Ok(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_file_systems() {
        assert_eq!(kind(Path::new("/proc")).unwrap(), FsKind::Other);
        assert!(kind(Path::new("/nonexistent")).is_err());
    }

    #[test]
    fn directories_and_files() {
        let temp = tempfile::tempdir().unwrap();
        let root = Dir::open(temp.path()).unwrap();
        assert!(root.make_dir("a").unwrap());
        assert!(!root.make_dir("a").unwrap());
        let a = root.open_dir("a").unwrap();
        std::fs::write(temp.path().join("a/limit"), "").unwrap();
        a.write("limit", "12").unwrap();
        assert_eq!(a.read("limit").unwrap(), "12");
        assert_eq!(root.children().unwrap(), ["a"]);
        assert!(root.has("a/limit") && !root.has("b"));
        assert!(root.remove_dir("a").is_err());
        std::fs::remove_file(temp.path().join("a/limit")).unwrap();
        root.remove_dir("a").unwrap();
    }
}
