//! Paths below a directory that stands for a root: no link inside it, whoever made it, leads out.
//!
//! Invariant: every step is relative to a descriptor and resolved in the root; nothing here
//! allocates, so it may run between clone and exec.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{self, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

/// Opens `path` in `root` as a mere place (`O_PATH`), following links inside the root.
pub fn place(root: BorrowedFd<'_>, path: &CStr) -> io::Result<OwnedFd> {
    open(root, path, OFlags::PATH)
}

/// Opens `path` in `root`, following links inside the root.
pub fn open(root: BorrowedFd<'_>, path: &CStr, flags: OFlags) -> io::Result<OwnedFd> {
    Ok(open_raw(root, path, flags)?)
}

/// Opens the file `path` in `root` for reading.
pub fn open_file(root: BorrowedFd<'_>, path: &CStr) -> io::Result<OwnedFd> {
    open(
        root,
        path,
        OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY,
    )
}

fn open_raw(root: BorrowedFd<'_>, path: &CStr, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    let path = if path.is_empty() { c"/" } else { path };
    // EAGAIN: a rename elsewhere raced with a `..`; the kernel asks to try again.
    loop {
        match fs::openat2(root, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            answer => return answer,
        }
    }
}

/// Whether the place is a directory.
pub fn is_directory(place: BorrowedFd<'_>) -> io::Result<bool> {
    let stat = fs::fstat(place)?;
    Ok(FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
}

/// What to make where nothing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// A directory.
    Directory,
    /// An empty file.
    File,
}

/// Opens `path` in `root` as a place, making it and the directories before it where they are
/// missing.
pub fn place_or_make(root: BorrowedFd<'_>, path: &CStr, missing: Missing) -> io::Result<OwnedFd> {
    match open_raw(root, path, OFlags::PATH) {
        Err(Errno::NOENT) => {}
        answer => return Ok(answer?),
    }
    match make_last(root, path, missing) {
        Err(Errno::NOENT | Errno::EXIST | Errno::LOOP) => {}
        answer => return Ok(answer?),
    }
    let mut trail = Trail::new(root, path)?;
    trail.walk(missing)?;
    Ok(open_raw(root, path, OFlags::PATH)?)
}

/// The common case: only the last name is missing.
fn make_last(root: BorrowedFd<'_>, path: &CStr, missing: Missing) -> rustix::io::Result<OwnedFd> {
    let text = path.to_bytes();
    let end = text
        .iter()
        .rposition(|byte| *byte != b'/')
        .map_or(0, |at| at + 1);
    let text = text.get(..end).unwrap_or(&[]);
    let start = text
        .iter()
        .rposition(|byte| *byte == b'/')
        .map_or(0, |at| at + 1);
    let (parent, name) = text.split_at_checked(start).ok_or(Errno::NOENT)?;
    let (mut before, mut last) = ([0u8; MAX], [0u8; 256]);
    let parent = terminated(parent, &mut before)?;
    let name = terminated(name, &mut last)?;
    if matches!(name.to_bytes(), b"" | b"." | b"..") {
        return Err(Errno::NOENT);
    }
    let here = open_raw(root, parent, OFlags::PATH | OFlags::DIRECTORY)?;
    if missing == Missing::File {
        fs::openat(&here, name, NEW_FILE, Mode::from_raw_mode(0o644))?;
    } else {
        fs::mkdirat(&here, name, Mode::from_raw_mode(0o755))?;
    }
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    fs::openat(&here, name, flags, Mode::empty())
}

const NEW_FILE: OFlags = OFlags::CREATE
    .union(OFlags::EXCL)
    .union(OFlags::CLOEXEC)
    .union(OFlags::NOFOLLOW);

/// Copies `text` with a zero byte after it.
fn terminated<'a>(text: &[u8], buffer: &'a mut [u8]) -> rustix::io::Result<&'a CStr> {
    let room = buffer.get_mut(..=text.len()).ok_or(Errno::NAMETOOLONG)?;
    for (to, from) in room.iter_mut().zip(text.iter().chain(b"\0")) {
        *to = *from;
    }
    CStr::from_bytes_until_nul(room).map_err(|_| Errno::INVAL)
}

/// The present root directory as a place.
pub fn current_root() -> io::Result<OwnedFd> {
    directory(c"/")
}

/// A directory of this process's own view as a place.
pub fn directory(path: &CStr) -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(fs::open(path, flags, Mode::empty())?)
}

/// `prefix` followed by `number`, in a buffer.
pub fn numbered<'a>(prefix: &[u8], number: u32, buffer: &'a mut [u8; 32]) -> io::Result<&'a CStr> {
    use std::io::Write;
    let mut rest = &mut buffer[..];
    rest.write_all(prefix)?;
    write!(rest, "{number}\0")?;
    CStr::from_bytes_until_nul(buffer).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))
}

const MAX: usize = libc::PATH_MAX as usize;
/// As many links as the kernel follows.
const MAX_LINKS: u32 = 40;

/// A path still to be made: what is open, and the rest. A link met on the way is put in front of the
/// rest, so that dangling links (`/var/run` to `/run`) have their target made, inside the root.
struct Trail<'a> {
    root: BorrowedFd<'a>,
    rest: [u8; MAX],
    length: usize,
    links: u32,
    done: [u8; MAX],
    done_length: usize,
}

impl<'a> Trail<'a> {
    fn new(root: BorrowedFd<'a>, path: &CStr) -> io::Result<Self> {
        let mut trail = Self {
            root,
            rest: [0; MAX],
            length: 0,
            links: 0,
            done: [0; MAX],
            done_length: 0,
        };
        trail.put_in_front(path.to_bytes())?;
        Ok(trail)
    }

    fn too_long() -> io::Error {
        io::Error::from_raw_os_error(libc::ENAMETOOLONG)
    }

    /// Puts `text` and a slash before what is left to walk.
    fn put_in_front(&mut self, text: &[u8]) -> io::Result<()> {
        let shift = text.len() + 1;
        if self.length + shift > MAX {
            return Err(Self::too_long());
        }
        self.rest.copy_within(0..self.length, shift);
        let (head, _) = self.rest.split_at_mut(shift);
        for (to, from) in head.iter_mut().zip(text.iter().chain(b"/")) {
            *to = *from;
        }
        self.length += shift;
        Ok(())
    }

    /// Takes the next name off the rest into `name`; its length, `None` at the end.
    fn next(&mut self, name: &mut [u8; 256]) -> io::Result<Option<usize>> {
        let rest = self.rest.get(..self.length).unwrap_or(&[]);
        let Some(start) = rest.iter().position(|byte| *byte != b'/') else {
            return Ok(None);
        };
        let tail = rest.get(start..).unwrap_or(&[]);
        let size = tail
            .iter()
            .position(|byte| *byte == b'/')
            .unwrap_or(tail.len());
        let found = tail.get(..size).unwrap_or(&[]);
        *name = [0; 256];
        name.get_mut(..size)
            .filter(|_| size < 256)
            .ok_or_else(Self::too_long)?
            .copy_from_slice(found);
        self.rest.copy_within(start + size..self.length, 0);
        self.length -= start + size;
        Ok(Some(size))
    }

    fn walk(&mut self, missing: Missing) -> io::Result<()> {
        let mut name = [0u8; 256];
        while let Some(size) = self.next(&mut name)? {
            match name.get(..size).unwrap_or(&[]) {
                b"." => continue,
                b".." => {
                    self.go_up();
                    continue;
                }
                _ => {}
            }
            let here = open_raw(self.root, self.done()?, OFlags::PATH | OFlags::DIRECTORY)?;
            let text = CStr::from_bytes_until_nul(&name).map_err(|_| Self::too_long())?;
            if !self.follow(here.as_fd(), text)? {
                let last = self.rest_is_empty();
                make(here.as_fd(), text, last && missing == Missing::File)?;
                self.go_down(text.to_bytes())?;
            }
        }
        Ok(())
    }

    fn rest_is_empty(&self) -> bool {
        self.rest
            .get(..self.length)
            .is_none_or(|rest| rest.iter().all(|byte| *byte == b'/'))
    }

    /// When `name` is a link, puts its target in front of the rest.
    fn follow(&mut self, here: BorrowedFd<'_>, name: &CStr) -> io::Result<bool> {
        let mut target = [0u8; MAX];
        let size = match fs::readlinkat_raw(here, name, &mut target[..]) {
            Ok(size) => size,
            Err(Errno::INVAL | Errno::NOENT) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(io::Error::from_raw_os_error(libc::ELOOP));
        }
        let text = target.get(..size).unwrap_or(&[]);
        if text.first() == Some(&b'/') {
            self.end_done_at(0);
        }
        self.put_in_front(text)?;
        Ok(true)
    }

    fn done(&self) -> io::Result<&CStr> {
        CStr::from_bytes_until_nul(&self.done).map_err(|_| Self::too_long())
    }

    fn go_down(&mut self, name: &[u8]) -> io::Result<()> {
        let end = self.done_length + 1 + name.len();
        if end >= MAX {
            return Err(Self::too_long());
        }
        let room = self.done.get_mut(self.done_length..end).unwrap_or(&mut []);
        for (to, from) in room.iter_mut().zip(b"/".iter().chain(name)) {
            *to = *from;
        }
        self.end_done_at(end);
        Ok(())
    }

    fn go_up(&mut self) {
        let done = self.done.get(..self.done_length).unwrap_or(&[]);
        let end = done.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
        self.end_done_at(end);
    }

    fn end_done_at(&mut self, end: usize) {
        self.done_length = end;
        if let Some(byte) = self.done.get_mut(end) {
            *byte = 0;
        }
    }
}

fn make(here: BorrowedFd<'_>, name: &CStr, file: bool) -> io::Result<()> {
    let made = if file {
        fs::openat(here, name, NEW_FILE, Mode::from_raw_mode(0o644)).map(drop)
    } else {
        fs::mkdirat(here, name, Mode::from_raw_mode(0o755))
    };
    match made {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn root(dir: &std::path::Path) -> OwnedFd {
        fs::open(dir, OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap()
    }

    #[test]
    fn makes_what_is_missing_inside_only() {
        let outer = tempfile::tempdir().unwrap();
        let dir = outer.path().join("root");
        std::fs::create_dir_all(dir.join("var")).unwrap();
        symlink("/run/x", dir.join("var/run")).unwrap();
        symlink("../../../../up", dir.join("escape")).unwrap();
        symlink("loop", dir.join("loop")).unwrap();
        let root = root(&dir);
        let make = |path: &CStr, missing| place_or_make(root.as_fd(), path, missing);

        make(c"/a/b/../c", Missing::Directory).unwrap();
        assert!(dir.join("a/c").is_dir());
        make(c"/var/run/deep/file", Missing::File).unwrap();
        assert!(dir.join("run/x/deep/file").is_file());
        make(c"/escape/y", Missing::Directory).unwrap();
        assert!(dir.join("up/y").is_dir());
        assert!(!outer.path().join("up").exists());
        make(c"", Missing::Directory).unwrap();
        make(c"/", Missing::Directory).unwrap();
        assert_eq!(
            make(c"/loop/z", Missing::Directory)
                .unwrap_err()
                .raw_os_error(),
            Some(libc::ELOOP)
        );
        std::fs::write(dir.join("plain"), "x").unwrap();
        assert_eq!(
            make(c"/plain/z", Missing::Directory)
                .unwrap_err()
                .raw_os_error(),
            Some(libc::ENOTDIR)
        );
    }
}
