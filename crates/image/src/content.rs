//! Blobs: bytes by their digest.
//!
//! Leaves writing to `ingest`. Invariant: a blob under its name was verified when it was written.

use std::fs::File;
use std::io::Read;

use hull_oci::Digest;
use hull_oci::manifest::MAX_SIZE;

use crate::error::{Error, Result};
use crate::store::Disk;

/// Whether the store has the blob, with its size.
pub fn size(disk: &Disk<'_>, digest: &Digest) -> Option<u64> {
    std::fs::metadata(disk.blob(digest))
        .ok()
        .map(|meta| meta.len())
}

/// Opens a blob for reading.
pub fn open(disk: &Disk<'_>, digest: &Digest) -> Result<File> {
    let path = disk.blob(digest);
    File::open(&path).map_err(|source| Error::File {
        step: "open blob",
        path,
        source,
    })
}

/// Reads a document; larger than documents may be is an error.
pub fn read_small(disk: &Disk<'_>, digest: &Digest) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = open(disk, digest)?
        .take(2 * MAX_SIZE + 1)
        .read_to_end(&mut bytes);
    let path = disk.blob(digest);
    let size = read.map_err(|source| Error::File {
        step: "read blob",
        path,
        source,
    })?;
    if u64::try_from(size).unwrap_or(u64::MAX) > 2 * MAX_SIZE {
        return Err(Error::Limit {
            what: format!("the size of {digest}"),
            limit: 2 * MAX_SIZE,
        });
    }
    Ok(bytes)
}
