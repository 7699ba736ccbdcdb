//! The store as an OCI image layout (image-layout.md): `oci-layout` and `index.json`.
//!
//! Other tools can read it, and the ledger can be rebuilt from it. Leaves the blobs to `content`.
//! Invariant: derived from the ledger after every change of names, under a lock, never read back in
//! ordinary work.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use hull_oci::Reference;
use hull_oci::descriptor::Descriptor;
use hull_oci::index::{CONTAINERD_NAME, Index, REF_NAME};
use hull_state::ImageRow;

use crate::error::{Error, Result};
use crate::store::{Store, make_dir};

/// Content of the file `oci-layout`.
pub(crate) const MARKER: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;

/// Writes `index.json` anew.
pub(crate) fn publish(store: &Store<'_>) -> Result<()> {
    let content = store.content();
    make_dir(&content)?;
    let path = content.join("index.lock");
    let lock = |source| Error::File {
        step: "lock",
        path: path.clone(),
        source,
    };
    let guard = File::options()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(lock)?;
    guard.lock().map_err(lock)?;
    let marker = content.join("oci-layout");
    if !marker.exists() {
        replace(&marker, MARKER.as_bytes())?;
    }
    let index = index_of(store)?;
    let bytes = serde_json::to_vec(&index).map_err(|source| Error::Json {
        what: "index.json".into(),
        source,
    })?;
    replace(&content.join("index.json"), &bytes)
}

fn index_of(store: &Store<'_>) -> Result<Index> {
    let images = store.ledger.images();
    let mut names: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for reference in images.references()? {
        names
            .entry(reference.image_id)
            .or_default()
            .push(reference.name);
    }
    let mut entries = Vec::new();
    for image in images.list()? {
        match names.remove(&image.id) {
            Some(names) => entries.extend(names.iter().map(|name| entry(&image, Some(name)))),
            None => entries.push(entry(&image, None)),
        }
    }
    Ok(Index::new(entries))
}

/// The descriptor of an image's manifest, named as docker and containerd name it.
pub(crate) fn entry(image: &ImageRow, name: Option<&str>) -> Descriptor {
    let (kind, digest) = (&image.manifest_type, image.manifest.clone());
    let mut descriptor = Descriptor::new(kind, digest, image.manifest_size);
    if let Some(name) = name {
        descriptor
            .annotations
            .insert(CONTAINERD_NAME.into(), name.into());
        if let Some(tag) = Reference::parse(name)
            .ok()
            .and_then(|r| r.tag().map(str::to_owned))
        {
            descriptor.annotations.insert(REF_NAME.into(), tag);
        }
    }
    descriptor
}

/// Writes a small file so that readers see the old or the new one. The caller holds the lock, so
/// what a killed writer left is written over by the next.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let partial = path.with_extension("partial");
    let written = std::fs::write(&partial, bytes).and_then(|()| std::fs::rename(&partial, path));
    written.map_err(|source| Error::File {
        step: "write",
        path: path.to_owned(),
        source,
    })
}
