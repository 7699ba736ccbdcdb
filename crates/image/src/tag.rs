//! `tag`: one more name for an image.
//!
//! Leaves the event to `engine`. Invariant: a name points at one image; moving it leaves the old one
//! dangling, as docker does.

use hull_oci::{Digest, Reference};

use crate::error::{Error, Result};
use crate::layout;
use crate::resolve::resolve;
use crate::store::Store;

/// What tagging did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tagged {
    /// The image.
    pub image: Digest,
    /// Its new name, familiar form.
    pub name: String,
    /// The image that had the name before.
    pub previous: Option<Digest>,
}

/// Gives the image `source` the name `target`.
pub fn tag(store: &Store<'_>, source: &str, target: &str, now: i64) -> Result<Tagged> {
    let reference = Reference::parse(target).map_err(Error::Word)?;
    if reference.digest().is_some() {
        return Err(Error::Word(hull_oci::Error::ReferenceFormat {
            text: target.to_owned(),
        }));
    }
    let reference = reference.with_default_tag();
    let image = resolve(store, source)?;
    let previous = store
        .ledger
        .images()
        .tag(&reference.to_string(), &image.id, now)?;
    layout::publish(store)?;
    Ok(Tagged {
        image: image.id,
        name: reference.familiar(),
        previous,
    })
}
