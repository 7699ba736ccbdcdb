//! Bytes on their way into the store.
//!
//! Leaves verifying to who writes. Invariant: what is in flight lies in a directory of its own below
//! `ingest/`, gone when it is dropped; a blob gets its name by one rename.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use hull_oci::Digest;

use crate::error::{Error, Result};
use crate::hash::Hasher;
use crate::snapshot::delete_tree;
use crate::store::{Disk, make_dir};

/// A directory for bytes in flight.
#[derive(Debug)]
pub(crate) struct Work {
    path: PathBuf,
}

impl Work {
    /// A new one.
    pub(crate) fn new(disk: &Disk<'_>) -> Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let ingest = disk.ingest();
        loop {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = ingest.join(format!("{}-{number}", std::process::id()));
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Self { path }),
                // Left by a dead process that had our pid.
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                Err(e) if e.kind() == ErrorKind::NotFound => make_dir(&ingest)?,
                Err(source) => {
                    return Err(Error::File {
                        step: "create directory",
                        path,
                        source,
                    });
                }
            }
        }
    }

    /// A path in it.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// A new file in it.
    pub(crate) fn create(&self, name: &str) -> Result<(File, PathBuf)> {
        let path = self.join(name);
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path);
        let file = file.map_err(|source| Error::File {
            step: "create",
            path: path.clone(),
            source,
        })?;
        Ok((file, path))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        // What cannot be deleted now is swept later.
        delete_tree(&self.path).ok();
    }
}

/// Gives a verified file its name; the same blob being there already is fine.
pub(crate) fn adopt(disk: &Disk<'_>, file: &Path, digest: &Digest) -> Result<()> {
    let path = disk.blob(digest);
    match std::fs::rename(file, &path) {
        Ok(()) => return Ok(()),
        Err(e) if e.kind() == ErrorKind::NotFound => {
            if let Some(dir) = path.parent() {
                make_dir(dir)?;
            }
        }
        Err(source) => {
            return Err(Error::File {
                step: "rename to blob",
                path,
                source,
            });
        }
    }
    std::fs::rename(file, &path).map_err(|source| Error::File {
        step: "rename to blob",
        path,
        source,
    })
}

/// Stores a document; returns its digest.
pub(crate) fn put(disk: &Disk<'_>, work: &Work, bytes: &[u8]) -> Result<Digest> {
    let digest = Hasher::of(bytes);
    if std::fs::metadata(disk.blob(&digest)).is_ok() {
        return Ok(digest);
    }
    let (mut file, path) = work.create(digest.hex())?;
    file.write_all(bytes).map_err(|source| Error::File {
        step: "write",
        path: path.clone(),
        source,
    })?;
    adopt(disk, &path, &digest)?;
    Ok(digest)
}
