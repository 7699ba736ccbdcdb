//! The documents of an archive, and which blobs follow them.
//!
//! Invariant: blobs are sorted by digest and listed once, whichever images share them.

use std::collections::{BTreeMap, BTreeSet};

use hull_oci::index::Index;
use hull_oci::platform::Platform;
use hull_oci::{Digest, Reference};
use hull_state::ImageRow;
use serde::Serialize;

use crate::content;
use crate::error::{Error, Result};
use crate::layout;
use crate::load::Item;
use crate::store::Store;

/// Images with the full names they are saved under.
pub(super) type Picked = Vec<(ImageRow, Vec<String>)>;

/// A blob of the archive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Blob {
    pub(super) digest: Digest,
    pub(super) size: u64,
}

type Documents = Vec<(&'static str, Vec<u8>)>;

/// Documents by member name, and blobs.
pub(super) fn describe(store: &Store<'_>, picked: &Picked) -> Result<(Documents, Vec<Blob>)> {
    let mut blobs = BTreeSet::new();
    let (mut entries, mut items) = (Vec::new(), Vec::new());
    let mut repositories: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for (image, names) in picked {
        let mut entry = layout::entry(image, None);
        entry.platform = Some(Platform {
            os: image.os.clone(),
            architecture: image.architecture.clone(),
            variant: image.variant.clone(),
            ..Platform::default()
        });
        let named = names.iter().map(|name| {
            let named = layout::entry(image, Some(name));
            hull_oci::descriptor::Descriptor {
                annotations: named.annotations,
                ..entry.clone()
            }
        });
        let before = entries.len();
        entries.extend(named);
        if entries.len() == before {
            entries.push(entry);
        }
        let layers = layers_of(store, image)?;
        blobs.extend([
            Blob {
                digest: image.id.clone(),
                size: u64_of(image.config.len()),
            },
            Blob {
                digest: image.manifest.clone(),
                size: image.manifest_size,
            },
        ]);
        let references: Vec<Reference> = names
            .iter()
            .filter_map(|name| Reference::parse(name).ok())
            .collect();
        let top = layers
            .last()
            .map(|blob| blob.digest.hex().to_owned())
            .unwrap_or_default();
        for reference in &references {
            if let Some(tag) = reference.tag() {
                let tags = repositories.entry(reference.familiar_name()).or_default();
                tags.insert(tag.to_owned(), top.clone());
            }
        }
        items.push(Item {
            config: member(&image.id),
            repo_tags: references.iter().map(Reference::familiar).collect(),
            layers: layers.iter().map(|blob| member(&blob.digest)).collect(),
        });
        blobs.extend(layers);
    }
    let mut documents = vec![
        ("oci-layout", layout::MARKER.as_bytes().to_vec()),
        ("index.json", json("index.json", &Index::new(entries))?),
        ("manifest.json", json("manifest.json", &items)?),
    ];
    if !repositories.is_empty() {
        documents.push(("repositories", json("repositories", &repositories)?));
    }
    Ok((documents, blobs.into_iter().collect()))
}

/// The layer blobs of an image, lowest first; each must be there whole.
fn layers_of(store: &Store<'_>, image: &ImageRow) -> Result<Vec<Blob>> {
    let rows = store.ledger.layers().of_image(&image.id)?;
    rows.into_iter()
        .map(|row| match content::size(store, &row.blob) {
            Some(size) if size == row.blob_size => Ok(Blob {
                digest: row.blob,
                size,
            }),
            Some(found) => Err(Error::SizeMismatch {
                what: format!("blob {}", row.blob),
                expected: row.blob_size,
                found,
            }),
            None => Err(Error::LayerMissing {
                path: store.blob(&row.blob),
                layer: row.diff_id,
            }),
        })
        .collect()
}

fn member(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().as_str(), digest.hex())
}

fn json(what: &str, value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|source| Error::Json {
        what: what.to_owned(),
        source,
    })
}

fn u64_of(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
