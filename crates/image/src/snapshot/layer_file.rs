//! `layer.json`: what a layer's directory says about itself, so that the ledger can be rebuilt and a
//! layer unpacked by somebody else is recognised.
//!
//! Invariant: a layer of an earlier boot that no row names is not trusted, since nobody knows whether
//! its bytes reached the disk.

use std::path::Path;

use hull_oci::Digest;
use hull_state::LayerRow;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::snapshot::discard;
use crate::store::{Disk, make_dir};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LayerFile {
    version: u32,
    diff_id: Digest,
    blob: Digest,
    media_type: String,
    blob_size: u64,
    size: u64,
    flat: bool,
    added: i64,
    boot_id: String,
}

/// Writes the file into a layer's directory.
pub(crate) fn write(dir: &Path, row: &LayerRow) -> Result<()> {
    let file = LayerFile {
        version: 1,
        diff_id: row.diff_id.clone(),
        blob: row.blob.clone(),
        media_type: row.media_type.clone(),
        blob_size: row.blob_size,
        size: row.size,
        flat: row.flat,
        added: row.added,
        boot_id: boot_id(),
    };
    let path = dir.join("layer.json");
    let bytes = serde_json::to_vec(&file).map_err(|source| Error::Json {
        what: "layer.json".into(),
        source,
    })?;
    std::fs::write(&path, bytes).map_err(|source| Error::File {
        step: "write",
        path,
        source,
    })
}

/// The layer somebody else unpacked since this boot, if its blob is there too.
pub(crate) fn find(disk: &Disk<'_>, diff_id: &Digest) -> Option<LayerRow> {
    let snapshot = super::layer_name(diff_id);
    let bytes = std::fs::read(disk.snapshot(&snapshot).join("layer.json")).ok()?;
    let file: LayerFile = serde_json::from_slice(&bytes).ok()?;
    let current = file.version == 1 && file.diff_id == *diff_id && file.boot_id == boot_id();
    if !current || std::fs::metadata(disk.blob(&file.blob)).ok()?.len() != file.blob_size {
        return None;
    }
    Some(LayerRow {
        diff_id: file.diff_id,
        blob: file.blob,
        media_type: file.media_type,
        blob_size: file.blob_size,
        snapshot,
        size: file.size,
        flat: file.flat,
        added: file.added,
    })
}

/// Gives a complete layer its name, in place of an untrusted one.
pub(crate) fn publish(disk: &Disk<'_>, dir: &Path, row: &LayerRow) -> Result<()> {
    let path = disk.snapshot(&row.snapshot);
    if path.exists() {
        discard(disk, &path, &row.snapshot)?;
    }
    make_dir(&disk.snapshots())?;
    std::fs::rename(dir, &path).map_err(|source| Error::File {
        step: "rename to",
        path,
        source,
    })
}

fn boot_id() -> String {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    id.trim().to_owned()
}
