//! One group: a directory of a cgroup file system, opened at its first use.
//!
//! What the files mean is `v1` and `v2`. Invariant: every failure names the file and what was
//! written to it; a file the kernel lacks is told apart from one that refuses.

use std::cell::OnceCell;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use hull_sys::cgroupfs::Dir;

use super::error::Error;

/// A group's directory.
#[derive(Debug)]
pub(super) struct Group {
    path: PathBuf,
    dir: OnceCell<Dir>,
}

impl Group {
    /// The group at `path`, which need not exist yet.
    pub(super) fn at(path: PathBuf) -> Self {
        Self {
            path,
            dir: OnceCell::new(),
        }
    }

    /// Its directory's path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Its directory, opened once.
    pub(super) fn dir(&self) -> Result<&Dir, Error> {
        if let Some(dir) = self.dir.get() {
            return Ok(dir);
        }
        let dir = Dir::open(&self.path).map_err(|source| Error::Open {
            path: self.path.clone(),
            source,
        })?;
        Ok(self.dir.get_or_init(|| dir))
    }

    /// Makes it; `false` when it was there, and `NotFound` when its parent is not.
    pub(super) fn make(&self) -> io::Result<bool> {
        match fs::create_dir(&self.path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether it exists.
    pub(super) fn exists(&self) -> bool {
        self.path.exists()
    }

    /// Writes `value` into its file `name`.
    pub(super) fn write(&self, name: &str, value: &str) -> Result<(), Error> {
        self.try_write(name, value)?
            .map_err(|source| self.write_error(name, value, source))
    }

    /// As [`Group::write`], leaving the kernel's answer to the caller.
    pub(super) fn try_write(&self, name: &str, value: &str) -> Result<io::Result<()>, Error> {
        Ok(self.dir()?.write(name, value))
    }

    /// The error of a write that failed with `source`.
    pub(super) fn write_error(&self, name: &str, value: &str, source: io::Error) -> Error {
        if source.kind() == io::ErrorKind::NotFound {
            return Error::NoFile {
                setting: name.to_owned(),
            };
        }
        Error::Write {
            path: self.path.join(name),
            value: value.to_owned(),
            source,
        }
    }

    /// Whether it has a file `name`.
    pub(super) fn has(&self, name: &str) -> Result<bool, Error> {
        Ok(self.dir()?.has(name))
    }

    /// Reads its file `name`.
    pub(super) fn read(&self, name: &str) -> Result<String, Error> {
        self.dir()?.read(name).map_err(|source| Error::Read {
            path: self.path.join(name),
            source,
        })
    }

    /// Reads its file `name`, `None` when it has no such file.
    pub(super) fn read_optional(&self, name: &str) -> Result<Option<String>, Error> {
        match self.dir()?.read(name) {
            Ok(text) => Ok(Some(text)),
            Err(error) if absent(&error) => Ok(None),
            Err(source) => Err(Error::Read {
                path: self.path.join(name),
                source,
            }),
        }
    }

    /// The number in its file `name`; `max` is `u64::MAX`, and so is a file it lacks.
    pub(super) fn read_number(&self, name: &str) -> Result<Option<u64>, Error> {
        let text = self.read_optional(name)?;
        Ok(text.map(|text| text.trim().parse().unwrap_or(u64::MAX)))
    }

    /// The value of `key` in its flat-keyed file `name`.
    pub(super) fn read_key(&self, name: &str, key: &str) -> Result<Option<u64>, Error> {
        Ok(self.read_optional(name)?.and_then(|text| keyed(&text, key)))
    }

    /// Opens its file `name` for writing.
    pub(super) fn open_for_writing(&self, name: &str) -> Result<OwnedFd, Error> {
        self.dir()?
            .open_for_writing(name)
            .map_err(|source| Error::Open {
                path: self.path.join(name),
                source,
            })
    }

    /// The pids listed in its own `cgroup.procs`.
    pub(super) fn pids(&self) -> Result<Vec<i32>, Error> {
        Ok(numbers(&self.read("cgroup.procs")?))
    }

    /// It and all groups below it, parents first.
    pub(super) fn with_descendants(&self) -> Result<Vec<Self>, Error> {
        let mut found = vec![Self::at(self.path.clone())];
        let mut next = 0;
        while let Some(group) = found.get(next) {
            let children = match group.dir() {
                Ok(dir) => dir.children(),
                Err(Error::Open { source, .. }) if absent(&source) => Ok(Vec::new()),
                Err(error) => return Err(error),
            };
            let children = children.map_err(|source| Error::Read {
                path: group.path.clone(),
                source,
            })?;
            let below: Vec<Self> = children
                .iter()
                .map(|name| Self::at(group.path.join(name)))
                .collect();
            found.extend(below);
            next += 1;
        }
        Ok(found)
    }
}

/// Whether an error says that the file or the whole group is gone.
pub(super) fn absent(error: &io::Error) -> bool {
    const ENODEV: i32 = 19;
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(ENODEV)
}

/// The pids in a list of one per line; processes of outer pid namespaces show as 0 and are left out.
pub(super) fn numbers(text: &str) -> Vec<i32> {
    text.lines()
        .filter_map(|line| line.trim().parse().ok())
        .filter(|&pid| pid > 0)
        .collect()
}

/// The value of `key` in lines of `key value`.
pub(super) fn keyed(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| {
        line.strip_prefix(key)?
            .strip_prefix(' ')?
            .trim()
            .parse()
            .ok()
    })
}
