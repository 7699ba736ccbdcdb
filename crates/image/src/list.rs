//! `images`: what is in the store, with names and sizes.
//!
//! Leaves filters and tables to `engine` and `cli`. Invariant: sizes are those of the unpacked
//! files, as docker counts.

use std::collections::BTreeMap;

use hull_oci::image_config::ImageConfig;
use hull_oci::{Digest, Reference};
use hull_state::ImageRow;

use crate::error::{Error, Result};
use crate::store::Store;

/// One image with its names in familiar form.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its row.
    pub image: ImageRow,
    /// `busybox:latest`.
    pub tags: Vec<String>,
    /// `busybox@sha256:…`.
    pub digests: Vec<String>,
}

impl Listed {
    /// Neither tag nor digest points at it.
    pub fn is_dangling(&self) -> bool {
        self.tags.is_empty() && self.digests.is_empty()
    }

    /// The image's own description.
    pub fn config(&self) -> Result<ImageConfig> {
        config_of(&self.image)
    }
}

/// All images, newest first.
pub fn list(store: &Store<'_>) -> Result<Vec<Listed>> {
    let mut names: BTreeMap<Digest, (Vec<String>, Vec<String>)> = BTreeMap::new();
    for reference in store.ledger.images().references()? {
        let entry = names.entry(reference.image_id).or_default();
        sort_name(&reference.name, entry);
    }
    let rows = store.ledger.images().list()?;
    Ok(rows
        .into_iter()
        .map(|image| {
            let (tags, digests) = names.remove(&image.id).unwrap_or_default();
            Listed {
                image,
                tags,
                digests,
            }
        })
        .collect())
}

/// The familiar names of one image: tags and digests.
pub(crate) fn names_of(store: &Store<'_>, id: &Digest) -> Result<(Vec<String>, Vec<String>)> {
    let mut names = (Vec::new(), Vec::new());
    for reference in store.ledger.images().references_of(id)? {
        sort_name(&reference.name, &mut names);
    }
    Ok(names)
}

fn sort_name(full: &str, (tags, digests): &mut (Vec<String>, Vec<String>)) {
    let Ok(reference) = Reference::parse(full) else {
        return;
    };
    match reference.digest() {
        Some(_) => digests.push(reference.familiar()),
        None => tags.push(reference.familiar()),
    }
}

/// The parsed config of an image.
pub fn config_of(image: &ImageRow) -> Result<ImageConfig> {
    ImageConfig::parse(&image.config).map_err(|source| Error::Document {
        what: format!("the config of image {}", image.id),
        source,
    })
}
