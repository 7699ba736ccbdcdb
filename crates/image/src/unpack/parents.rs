//! The directories entries are made in, as file descriptors.
//!
//! Invariant: a parent is found by the kernel beneath the root (`RESOLVE_IN_ROOT`), so symlinks of
//! the layer lead inside the layer, as they will in the container.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use super::path::split;
use crate::error::{Error, Result};

/// More than an archive in sensible order needs; every one is an open file.
const MAX_OPEN: usize = 128;

/// An open directory.
#[derive(Debug)]
pub(super) struct Parent {
    /// For `*at` calls only.
    pub(super) fd: OwnedFd,
    /// New members inherit its group, whatever our own is.
    pub(super) setgid: bool,
}

/// The root and the directories opened lately.
#[derive(Debug)]
pub(super) struct Parents {
    root: OwnedFd,
    open: HashMap<Vec<u8>, Rc<Parent>>,
}

impl Parents {
    /// Directories beneath `root`.
    pub(super) fn new(root: OwnedFd) -> Self {
        Self {
            root,
            open: HashMap::new(),
        }
    }

    /// The directory at a cleaned path, made with what leads to it when it is missing.
    pub(super) fn get(&mut self, path: &[u8]) -> Result<Rc<Parent>> {
        if let Some(parent) = self.open.get(path) {
            return Ok(Rc::clone(parent));
        }
        let fd = match self.open_in_root(path) {
            Err(Errno::NOENT) => {
                self.make(path)?;
                self.open_in_root(path)
            }
            other => other,
        };
        let call = |errno: Errno| Error::Call {
            call: "open the parent directory",
            source: errno.into(),
        };
        let fd = fd.map_err(call)?;
        let mode = rustix::fs::fstat(&fd).map_err(call)?.st_mode;
        let parent = Rc::new(Parent {
            fd,
            setgid: mode & 0o2000 != 0,
        });
        if self.open.len() >= MAX_OPEN {
            self.open.clear();
        }
        self.open.insert(path.to_vec(), Rc::clone(&parent));
        Ok(parent)
    }

    /// Forgets what was opened: a directory or symlink on the way has changed.
    pub(super) fn forget(&mut self) {
        self.open.clear();
    }

    fn open_in_root(&self, path: &[u8]) -> rustix::io::Result<OwnedFd> {
        let path = if path.is_empty() { &b"."[..] } else { path };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        loop {
            match rustix::fs::openat2(&self.root, path, flags, Mode::empty(), resolve) {
                // Something was renamed while the kernel looked.
                Err(Errno::AGAIN | Errno::INTR) => {}
                other => return other,
            }
        }
    }

    /// Makes one missing directory after making what it lies in.
    fn make(&mut self, path: &[u8]) -> Result<()> {
        let (above, name) = split(path);
        if name.is_empty() {
            return Ok(());
        }
        let parent = self.get(above)?;
        match rustix::fs::mkdirat(&parent.fd, name, Mode::from_raw_mode(0o755)) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(errno) => Err(Error::Call {
                call: "create the parent directory",
                source: errno.into(),
            }),
        }
    }
}
