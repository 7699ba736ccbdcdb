//! Object locks: one file per container or image name, locked with flock, freed by the kernel when
//! its holder dies.
//!
//! Leaves to `state` transactions and leases. Invariant: object lock first, ledger after, and at most
//! one object lock is held at a time by a verb, so there is no order to get wrong between them.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// A held lock; dropped, it is free.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Waits for the lock `name` in `dir`.
    pub fn acquire(dir: &Path, name: &str) -> Result<Self, Error> {
        loop {
            if let Some(lock) = Self::wait(dir, name)? {
                return Ok(lock);
            }
        }
    }

    /// Waits for the lock `name` in `dir`; `None` when it was retired meanwhile: what it guards may
    /// have gone.
    pub fn wait(dir: &Path, name: &str) -> Result<Option<Self>, Error> {
        let path = dir.join(name);
        let file = open(dir, &path)?;
        file.lock().map_err(|source| Error::Lock {
            path: path.clone(),
            source,
        })?;
        Ok(is_current(&file, &path).then_some(Self { file, path }))
    }

    /// The lock if nobody holds it.
    pub fn try_acquire(dir: &Path, name: &str) -> Result<Option<Self>, Error> {
        let path = dir.join(name);
        loop {
            let file = open(dir, &path)?;
            match file.try_lock() {
                Ok(()) if is_current(&file, &path) => return Ok(Some(Self { file, path })),
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(source)) => return Err(Error::Lock { path, source }),
            }
        }
    }

    /// Frees the lock and removes its file; whoever waits on the old file takes a new one.
    pub fn retire(self) {
        // A file that stays behind is empty and harmless; reconcile sweeps it.
        fs::remove_file(&self.path).ok();
        drop(self.file);
    }
}

fn open(dir: &Path, path: &Path) -> Result<File, Error> {
    let create = || File::options().create(true).append(true).open(path);
    let opened = create().or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => fs::create_dir_all(dir).and_then(|()| create()),
        _ => Err(error),
    });
    opened.map_err(|source| Error::Lock {
        path: path.to_owned(),
        source,
    })
}

/// Whether `path` still names the file we locked: its last holder may have retired it.
fn is_current(file: &File, path: &Path) -> bool {
    let same = |a: &fs::Metadata, b: &fs::Metadata| a.ino() == b.ino() && a.dev() == b.dev();
    matches!((file.metadata(), fs::metadata(path)), (Ok(a), Ok(b)) if same(&a, &b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retired_lock_is_taken_anew() {
        let dir = tempfile::tempdir().unwrap();
        let first = Lock::acquire(dir.path(), "x").unwrap();
        assert!(Lock::try_acquire(dir.path(), "x").unwrap().is_none());
        let path = dir.path().to_owned();
        let waiter = std::thread::spawn(move || Lock::acquire(&path, "x").unwrap());
        first.retire();
        let second = waiter.join().unwrap();
        assert!(dir.path().join("x").exists());
        assert!(Lock::try_acquire(dir.path(), "x").unwrap().is_none());
        drop(second);
        assert!(Lock::try_acquire(dir.path(), "x").unwrap().is_some());
    }
}
