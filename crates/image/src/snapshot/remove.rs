//! Removing snapshots: renamed into the trash at once, deleted when there is time.
//!
//! Leaves to callers when that time is. Invariant: what has left its name is never mounted again.

use std::io::ErrorKind;
use std::path::Path;

use crate::error::{Error, Result};
use crate::store::{Disk, make_dir};

/// Takes the snapshot `id` out of the store; `false` when there was none. Deletes nothing yet.
pub fn remove(disk: &Disk<'_>, id: &str) -> Result<bool> {
    discard(disk, &disk.snapshot(id), id)
}

/// Moves a file or directory of the store into the trash under a name like `id`.
pub(crate) fn discard(disk: &Disk<'_>, path: &Path, id: &str) -> Result<bool> {
    let trash = disk.trash();
    for attempt in 0..64_u32 {
        let target = trash.join(format!("{id}.{}.{attempt}", std::process::id()));
        if target.exists() {
            continue;
        }
        match std::fs::rename(path, &target) {
            Ok(()) => return Ok(true),
            Err(e) if e.kind() == ErrorKind::NotFound => {
                if std::fs::symlink_metadata(path).is_err() {
                    return Ok(false);
                }
                make_dir(&trash)?;
            }
            Err(source) => {
                return Err(Error::File {
                    step: "move to the trash",
                    path: path.to_owned(),
                    source,
                });
            }
        }
    }
    let source = std::io::Error::from(ErrorKind::AlreadyExists);
    Err(Error::File {
        step: "move to the trash",
        path: path.to_owned(),
        source,
    })
}

/// Deletes what lies in the trash. What somebody else deletes at the same time is fine.
pub fn empty_trash(disk: &Disk<'_>) -> Result<()> {
    let trash = disk.trash();
    let entries = match std::fs::read_dir(&trash) {
        Ok(entries) => entries,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        Err(source) => {
            return Err(Error::File {
                step: "read directory",
                path: trash,
                source,
            });
        }
    };
    for entry in entries {
        let entry = entry.map_err(|source| Error::File {
            step: "read directory",
            path: trash.clone(),
            source,
        })?;
        delete_tree(&entry.path())?;
    }
    Ok(())
}

/// Deletes a file or a directory with all it holds; nothing there is fine.
pub(crate) fn delete_tree(path: &Path) -> Result<()> {
    let deleted = match std::fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => std::fs::remove_dir_all(path),
        Ok(_) => std::fs::remove_file(path),
        Err(e) => Err(e),
    };
    match deleted {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        Err(source) => Err(Error::File {
            step: "delete",
            path: path.to_owned(),
            source,
        }),
        Ok(()) => Ok(()),
    }
}
