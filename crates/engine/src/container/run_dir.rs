//! Removing a run directory without pulling it from under a monitor.
//!
//! Whoever holds the lock of a run directory is its monitor, or keeps one from beginning: a command that
//! was killed may have left one that is about to. Leaves what is in the directory to `monitor`.
//! Invariant: a run directory is removed by who holds its lock, and loses its name first, so that
//! nobody finds half of one.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use hull_monitor::paths::LOCK;

use crate::error::{Error, file};

/// What a run directory is called while it is removed: `<id>` and this.
const GOING: &str = "going";

/// A run directory that no monitor has, and none can have while this lives.
#[derive(Debug)]
pub(crate) struct Hold {
    /// Nothing where there is no directory, and so none to begin in.
    _lock: Option<File>,
}

/// Holds the run directory `dir`; `None` when a monitor does.
pub(crate) fn hold(dir: &Path) -> Result<Option<Hold>, Error> {
    let path = dir.join(LOCK);
    let options = File::options()
        .read(true)
        .append(true)
        .create(true)
        .open(&path);
    let lock = match options {
        Ok(lock) => lock,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Some(Hold { _lock: None }));
        }
        Err(source) => return Err(Error::Lock { path, source }),
    };
    match hull_sys::lock::try_exclusive(&lock) {
        Ok(true) => Ok(Some(Hold { _lock: Some(lock) })),
        Ok(false) => Ok(None),
        Err(source) => Err(Error::Lock { path, source }),
    }
}

/// Removes the run directory `dir`, unless a monitor is still clearing up: then the directory is the
/// trace of what it has yet to do, and goes last, by its hand or by `system reap` or `reconcile`.
pub(crate) fn abandon(dir: &Path) -> Result<(), Error> {
    match hold(dir)? {
        Some(_held) => remove(dir),
        None => Ok(()),
    }
}

/// Removes the run directory `dir`, which the caller may hold already.
pub(crate) fn give_up(dir: &Path, held: Option<Hold>) -> Result<(), Error> {
    match held {
        Some(_held) => remove(dir),
        None => abandon(dir),
    }
}

/// Removes the run directory `dir`, which is held.
fn remove(dir: &Path) -> Result<(), Error> {
    let going = dir.with_extension(GOING);
    match fs::rename(dir, &going) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        // Left by somebody who was killed while removing it.
        Err(_) if going.exists() => {
            discard(&going)?;
            fs::rename(dir, &going).map_err(file("remove", dir))?;
        }
        other => other.map_err(file("remove", dir))?,
    }
    discard(&going)
}

/// Ends removals below `runs` that were cut short.
pub(crate) fn sweep(runs: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(runs).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == GOING) {
            discard(&path)?;
        }
    }
    Ok(())
}

fn discard(dir: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file("remove", dir)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_monitor_keeps_its_directory_and_a_hold_keeps_monitors_out() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("x");
        fs::create_dir(&dir).unwrap();
        let monitor = hold(&dir).unwrap().unwrap();
        assert!(hold(&dir).unwrap().is_none());
        abandon(&dir).unwrap();
        assert!(dir.exists());
        drop(monitor);
        fs::create_dir_all(dir.with_extension(GOING).join("left")).unwrap();
        abandon(&dir).unwrap();
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
        assert!(hold(&dir).unwrap().is_some());
    }
}
