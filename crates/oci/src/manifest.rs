//! [`Manifest`]: one image (OCI manifest.md and docker's schema 2, which share their shape).
//!
//! Leaves the bytes to the content store: a manifest is named by the digest of what was received,
//! so a parsed one is for reading only and is never written back under that name. Invariant: a
//! parsed manifest is schema 2 and names a config and at most [`MAX_LAYERS`] layers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::descriptor::{Descriptor, media_type};
use crate::error::{Error, Result};

/// Registries refuse larger manifests; so do we.
pub const MAX_SIZE: u64 = 4 << 20;

/// More layers than overlayfs can stack, by far.
pub const MAX_LAYERS: usize = 4096;

/// An image manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Always 2.
    pub schema_version: u32,
    /// OCI's or docker's manifest type; optional in OCI.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub media_type: String,
    /// Kind of an artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The image config; its digest is the image's id.
    pub config: Descriptor,
    /// The layers, lowest first.
    #[serde(default)]
    pub layers: Vec<Descriptor>,
    /// The manifest this one is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Free-form remarks.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl Manifest {
    /// A new OCI manifest of these parts.
    pub fn new(config: Descriptor, layers: Vec<Descriptor>) -> Self {
        Self {
            schema_version: 2,
            media_type: media_type::MANIFEST.into(),
            artifact_type: None,
            config,
            layers,
            subject: None,
            annotations: BTreeMap::new(),
        }
    }

    /// Parses and checks the bytes of a manifest.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        const KIND: &str = "image manifest";
        let manifest: Self = crate::parse_object(KIND, bytes, MAX_SIZE)?;
        let rule = |problem: String| {
            Err(Error::DocumentRule {
                kind: KIND,
                problem,
            })
        };
        if manifest.schema_version != 2 {
            return rule(format!("schema version {}, not 2", manifest.schema_version));
        }
        if !manifest.media_type.is_empty() && !media_type::is_manifest(&manifest.media_type) {
            return rule(format!("media type {:?}", manifest.media_type));
        }
        if manifest.layers.len() > MAX_LAYERS {
            return rule(format!(
                "{} layers, at most {MAX_LAYERS}",
                manifest.layers.len()
            ));
        }
        Ok(manifest)
    }
}
