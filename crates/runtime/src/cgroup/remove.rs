//! Removing groups that a container leaves behind.
//!
//! Invariant: only groups at or below the given path are removed, deepest first, and a group is
//! given the moment the kernel needs to let a dead process go.

use std::fs;
use std::io;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use super::error::Error;

/// Removes the group at `path` and those below it; one that is gone is fine.
pub(super) fn remove(path: &Path) -> Result<(), Error> {
    let failed = |source| Error::Remove {
        path: path.to_owned(),
        source,
    };
    match attempt(path) {
        Ok(()) => return Ok(()),
        Err(error) if busy(&error) => {}
        Err(source) => return Err(failed(source)),
    }
    // A process is waited for before its group notices that it left; there is nothing to poll
    // on in version 1. 1 ms doubling to 128 ms: a quarter of a second in all.
    for shift in 0..8 {
        sleep(Duration::from_millis(1 << shift));
        match attempt(path) {
            Ok(()) => return Ok(()),
            Err(error) if busy(&error) => {}
            Err(source) => return Err(failed(source)),
        }
    }
    attempt(path).map_err(failed)
}

/// Tries the usual case, a group without children, before looking for any.
fn attempt(path: &Path) -> io::Result<()> {
    match fs::remove_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if busy(&error) => {
            let mut children = 0;
            for entry in fs::read_dir(path)? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    attempt(&entry.path())?;
                    children += 1;
                }
            }
            if children == 0 {
                Err(error)
            } else {
                fs::remove_dir(path)
            }
        }
        other => other,
    }
}

fn busy(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ResourceBusy | io::ErrorKind::DirectoryNotEmpty
    )
}
