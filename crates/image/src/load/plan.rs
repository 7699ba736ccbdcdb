//! [`Planned`]: what a format says an image consists of, before any of it is taken in.
//!
//! Invariant: plain data; digests are claims until `layers` has read the bytes.

use hull_oci::image_config::ImageConfig;
use hull_oci::{Digest, Reference};

use super::bag::Piece;
use crate::error::{Error, Result};
use crate::hash::Hasher;

/// A layer by its plain digest, and the bytes that should have it.
#[derive(Debug, Clone)]
pub(super) struct PlannedLayer {
    pub(super) diff_id: Digest,
    pub(super) piece: Piece,
    /// Digest of the bytes, when the format names it.
    pub(super) blob: Option<Digest>,
    /// As errors name it.
    pub(super) what: String,
}

/// An image.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    /// The config's bytes.
    pub(super) config: Vec<u8>,
    /// The parsed config.
    pub(super) parsed: ImageConfig,
    /// The manifest's bytes and media type, when the archive has it.
    pub(super) manifest: Option<(Vec<u8>, String)>,
    /// The index the manifest was chosen from.
    pub(super) index: Option<Vec<u8>>,
    /// Lowest first.
    pub(super) layers: Vec<PlannedLayer>,
    /// Names given to it.
    pub(super) names: Vec<Reference>,
}

/// Checks bytes against a digest somebody claims for them.
pub(super) fn verify(what: &str, bytes: &[u8], claimed: &Digest) -> Result<()> {
    let mut hasher = Hasher::new(claimed.algorithm());
    hasher.update(bytes);
    let found = hasher.finish();
    if found != *claimed {
        let expected = claimed.clone();
        return Err(Error::DigestMismatch {
            what: what.to_owned(),
            expected,
            found,
        });
    }
    Ok(())
}
