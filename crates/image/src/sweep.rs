//! Deleting what no row names: blobs, layers, bytes of interrupted work.
//!
//! Leaves deciding what is garbage to the ledger. Invariant: works only under the exclusive lease,
//! so nothing somebody is about to name is touched; when somebody adds, it does nothing.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use hull_oci::Digest;
use hull_oci::descriptor::media_type;
use hull_oci::index::Index;
use hull_oci::manifest::Manifest;

use crate::content;
use crate::error::{Error, Result};
use crate::lease::Lease;
use crate::snapshot::{delete_tree, discard, empty_trash};
use crate::store::Store;

/// What a sweep found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Blobs deleted.
    pub blobs: u64,
    /// Layers deleted.
    pub layers: u64,
    /// Bytes of the blobs deleted.
    pub bytes: u64,
}

/// Sweeps the store; `None` when somebody is adding to it.
pub fn sweep(store: &Store<'_>) -> Result<Option<Swept>> {
    if !store.content().exists() {
        return Ok(Some(Swept::default()));
    }
    let Some(lease) = Lease::exclusive(store)? else {
        return Ok(None);
    };
    let mut swept = Swept::default();
    sweep_layers(store, &mut swept)?;
    sweep_blobs(store, &mut swept)?;
    for entry in entries(&store.ingest())? {
        delete_tree(&entry)?;
    }
    drop(lease);
    empty_trash(store)?;
    Ok(Some(swept))
}

fn sweep_layers(store: &Store<'_>, swept: &mut Swept) -> Result<()> {
    let named: BTreeSet<String> = store
        .ledger
        .layers()
        .list()?
        .into_iter()
        .map(|layer| layer.snapshot)
        .collect();
    for path in entries(&store.snapshots())? {
        let name = file_name(&path);
        // Writable layers belong to containers; only layers carry this file.
        if !named.contains(&name) && path.join("layer.json").exists() {
            discard(store, &path, &name)?;
            swept.layers += 1;
        }
    }
    Ok(())
}

fn sweep_blobs(store: &Store<'_>, swept: &mut Swept) -> Result<()> {
    let named = named_blobs(store)?;
    for algorithm in ["sha256", "sha512"] {
        for path in entries(&store.content().join("blobs").join(algorithm))? {
            let digest = Digest::parse(&format!("{algorithm}:{}", file_name(&path)));
            if digest.is_ok_and(|digest| named.contains(&digest)) {
                continue;
            }
            let size = std::fs::metadata(&path)
                .map(|meta| meta.len())
                .unwrap_or_default();
            delete_tree(&path)?;
            swept.blobs += 1;
            swept.bytes += size;
        }
    }
    Ok(())
}

/// Blobs reached from rows, other platforms of a kept index included.
fn named_blobs(store: &Store<'_>) -> Result<BTreeSet<Digest>> {
    let mut named = BTreeSet::new();
    for layer in store.ledger.layers().list()? {
        named.insert(layer.blob);
    }
    for image in store.ledger.images().list()? {
        named.insert(image.id);
        named.insert(image.manifest);
        if let Some(index) = image.index {
            mark_index(store, &index, &mut named, 0);
        }
    }
    Ok(named)
}

/// Unreadable documents name nothing: what they would have named is not needed to run anything.
fn mark_index(store: &Store<'_>, digest: &Digest, named: &mut BTreeSet<Digest>, depth: u32) {
    if depth > 4 || !named.insert(digest.clone()) {
        return;
    }
    let Ok(bytes) = content::read_small(store, digest) else {
        return;
    };
    let Ok(index) = Index::parse(&bytes) else {
        return;
    };
    for entry in &index.manifests {
        if media_type::is_index(&entry.media_type) {
            mark_index(store, &entry.digest, named, depth + 1);
            continue;
        }
        named.insert(entry.digest.clone());
        let manifest = content::read_small(store, &entry.digest);
        if let Some(manifest) = manifest.ok().and_then(|bytes| Manifest::parse(&bytes).ok()) {
            named.insert(manifest.config.digest);
            named.extend(manifest.layers.into_iter().map(|layer| layer.digest));
        }
    }
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>> {
    let read = |source| Error::File {
        step: "read directory",
        path: dir.to_owned(),
        source,
    };
    match std::fs::read_dir(dir) {
        Ok(entries) => entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<std::io::Result<_>>()
            .map_err(read),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(read(source)),
    }
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}
