//! Which image a user means: an id, a name, or a unique prefix of an id, in docker's order.
//!
//! Leaves pulling to later rooms. Invariant: a name is tried before a prefix, so an image named
//! `deadbeef` is never hidden by an id.

use hull_oci::{Digest, Reference};
use hull_state::ImageRow;

use crate::error::{Error, Result};
use crate::store::Store;

/// The image `text` means.
pub fn resolve(store: &Store<'_>, text: &str) -> Result<ImageRow> {
    Ok(resolve_named(store, text)?.0)
}

/// The image `text` means, and the full name in the ledger when it was meant by name.
pub fn resolve_named(store: &Store<'_>, text: &str) -> Result<(ImageRow, Option<String>)> {
    let images = store.ledger.images();
    if let Some(id) = whole_id(text) {
        let missing = || Error::NoSuchImage {
            name: text.to_owned(),
        };
        return Ok((images.get(&id)?.ok_or_else(missing)?, None));
    }
    let reference = Reference::parse(text).map(Reference::with_default_tag);
    if let Ok(reference) = &reference {
        let mut names = vec![reference.to_string()];
        if let Some(digest) = reference.digest() {
            names.push(reference.with_digest(digest.clone()).to_string());
        }
        for name in names {
            if let Some(row) = images.by_name(&name)? {
                return Ok((row, Some(name)));
            }
        }
    }
    let prefix = text.strip_prefix("sha256:").unwrap_or(text);
    if is_hex(prefix) && prefix.len() < 64 {
        let mut rows = images.by_prefix(prefix)?;
        if rows.len() > 1 {
            return Err(Error::Ledger(hull_state::Error::Ambiguous {
                what: "image",
                prefix: prefix.to_owned(),
                matches: rows.iter().map(|row| row.id.short().to_owned()).collect(),
            }));
        }
        if let Some(row) = rows.pop() {
            return Ok((row, None));
        }
    }
    let reference = reference.map_err(Error::Word)?;
    Err(Error::NoSuchImage {
        name: reference.familiar(),
    })
}

fn whole_id(text: &str) -> Option<Digest> {
    if text.len() == 64 && is_hex(text) {
        return Digest::parse(&format!("sha256:{text}")).ok();
    }
    Digest::parse(text).ok()
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}
