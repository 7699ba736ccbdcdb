//! The specifications' documents as plain data: digest, reference, platform, descriptor, manifest,
//! index, image config, runtime spec.
//!
//! Leaves to others: I/O, and hull's own ideas. Invariant: what is named by a digest is never
//! re-serialised from here; the store keeps the bytes received.
#![forbid(unsafe_code)]

pub mod descriptor;
pub mod digest;
pub mod error;
pub mod image_config;
pub mod index;
pub mod manifest;
pub mod platform;
pub mod reference;
pub mod runtime_spec;

pub use digest::Digest;
pub use error::{Error, Result};
pub use reference::Reference;

use serde::{Deserialize, Deserializer};

/// Parses a JSON object, having refused sizes no honest producer makes. (serde would also take an
/// array for a struct.)
fn parse_object<'de, T: Deserialize<'de>>(
    kind: &'static str,
    bytes: &'de [u8],
    limit: u64,
) -> Result<T> {
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if size > limit {
        return Err(Error::DocumentSize { kind, size, limit });
    }
    match bytes.trim_ascii_start().first() {
        Some(b'{') | None => {
            serde_json::from_slice(bytes).map_err(|source| Error::Document { kind, source })
        }
        Some(_) => Err(Error::DocumentRule {
            kind,
            problem: "not a JSON object".into(),
        }),
    }
}

/// Go writes empty slices and maps as `null`.
fn null_as_default<'de, D, T>(deserializer: D) -> std::result::Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
