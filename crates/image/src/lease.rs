//! [`Lease`]: who adds to the store, and who may therefore not delete from it.
//!
//! A lock on one file: shared by everybody who adds, exclusive for a sweep, which only ever tries.
//! The kernel frees it when its holder dies, so there are no dead leases and nobody waits. Invariant:
//! bytes no row names are deleted under the exclusive lease only.

use std::fs::{File, TryLockError};

use crate::error::{Error, Result};
use crate::store::{Disk, make_dir};

/// A held lease; dropping it gives it up.
#[derive(Debug)]
pub(crate) struct Lease {
    _file: File,
}

impl Lease {
    /// Protects everything this process is about to find or to add.
    pub(crate) fn shared(disk: &Disk<'_>) -> Result<Self> {
        let file = open(disk)?;
        let path = disk.lease();
        file.lock_shared().map_err(|source| Error::File {
            step: "lock",
            path,
            source,
        })?;
        Ok(Self { _file: file })
    }

    /// The right to delete what no row names; `None` while somebody adds.
    pub(crate) fn exclusive(disk: &Disk<'_>) -> Result<Option<Self>> {
        let file = open(disk)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(Error::File {
                step: "lock",
                path: disk.lease(),
                source,
            }),
        }
    }
}

fn open(disk: &Disk<'_>) -> Result<File> {
    make_dir(&disk.content())?;
    let path = disk.lease();
    let file = File::options().create(true).append(true).open(&path);
    file.map_err(|source| Error::File {
        step: "open",
        path,
        source,
    })
}
