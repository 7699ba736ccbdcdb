//! [`Index`]: a list of manifests, one per platform (OCI image-index.md and docker's manifest list).
//!
//! Kept whole by the content store, so that other platforms can be had later. Invariant: which
//! entry fits is decided here alone, by [`Index::choose`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::descriptor::{Descriptor, media_type};
use crate::error::{Error, Result};
use crate::manifest::MAX_SIZE;
use crate::platform::Platform;

/// Entries beyond this are no honest index.
pub const MAX_ENTRIES: usize = 10_000;

/// Annotation holding an entry's name in an image layout (`tag` or a full reference).
pub const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// Annotation in which containerd and docker keep the full reference.
pub const CONTAINERD_NAME: &str = "io.containerd.image.name";

/// An image index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// Always 2.
    pub schema_version: u32,
    /// OCI's index or docker's list type; optional in OCI.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub media_type: String,
    /// Kind of an artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The images, or nested indexes.
    #[serde(default, deserialize_with = "crate::null_as_default")]
    pub manifests: Vec<Descriptor>,
    /// The manifest this one is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Free-form remarks.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl Index {
    /// A new OCI index.
    pub fn new(manifests: Vec<Descriptor>) -> Self {
        Self {
            schema_version: 2,
            media_type: media_type::INDEX.into(),
            artifact_type: None,
            manifests,
            subject: None,
            annotations: BTreeMap::new(),
        }
    }

    /// Parses and checks the bytes of an index.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        const KIND: &str = "image index";
        let index: Self = crate::parse_object(KIND, bytes, MAX_SIZE)?;
        let rule = |problem: String| {
            Err(Error::DocumentRule {
                kind: KIND,
                problem,
            })
        };
        if index.schema_version != 2 {
            return rule(format!("schema version {}, not 2", index.schema_version));
        }
        if !index.media_type.is_empty() && !media_type::is_index(&index.media_type) {
            return rule(format!("media type {:?}", index.media_type));
        }
        if index.manifests.len() > MAX_ENTRIES {
            return rule(format!(
                "{} entries, at most {MAX_ENTRIES}",
                index.manifests.len()
            ));
        }
        Ok(index)
    }

    /// The entry that suits `wanted` best: the exact variant, then older ones it can run; an entry
    /// without platform only when nothing else is there. Attestations never fit.
    pub fn choose(&self, wanted: &Platform) -> Option<&Descriptor> {
        let images = || self.manifests.iter().filter(|entry| !is_attestation(entry));
        let ranked = wanted.acceptable();
        let fitting = ranked.iter().find_map(|accept| {
            images().find(|e| {
                e.platform
                    .as_ref()
                    .is_some_and(|p| p.normalized().same(accept))
            })
        });
        fitting.or_else(|| {
            let mut images = images();
            match (images.next(), images.next()) {
                (Some(only), None) if only.platform.is_none() => Some(only),
                _ => None,
            }
        })
    }
}

/// BuildKit lists provenance documents as images of the platform unknown/unknown.
fn is_attestation(entry: &Descriptor) -> bool {
    entry.annotations.contains_key("vnd.docker.reference.type")
        || entry
            .platform
            .as_ref()
            .is_some_and(|p| p.os == "unknown" && p.architecture == "unknown")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;

    fn entry(n: u8, platform: Option<&str>) -> Descriptor {
        let mut d = Descriptor::new(media_type::MANIFEST, Digest::from_sha256([n; 32]), 1);
        d.platform = platform.map(|p| Platform::parse(p).unwrap());
        d
    }

    #[test]
    fn chooses_the_best_variant() {
        let index = Index::new(vec![
            entry(1, Some("linux/arm/v5")),
            entry(2, Some("linux/arm/v7")),
            entry(3, Some("linux/amd64")),
            entry(4, Some("linux/arm64/v8")),
        ]);
        let check = |wanted: &str, expected: Option<u8>| {
            let chosen = index
                .choose(&Platform::parse(wanted).unwrap())
                .map(|d| d.digest.clone());
            assert_eq!(
                chosen,
                expected.map(|n| Digest::from_sha256([n; 32])),
                "{wanted}"
            );
        };
        check("linux/amd64", Some(3));
        check("linux/arm/v7", Some(2));
        check("linux/arm/v6", Some(1));
        check("linux/arm64", Some(4));
        check("linux/s390x", None);
        check("windows/amd64", None);
    }

    #[test]
    fn an_only_entry_without_platform_fits() {
        let wanted = Platform::parse("linux/amd64").unwrap();
        assert!(Index::new(vec![entry(1, None)]).choose(&wanted).is_some());
        assert!(
            Index::new(vec![entry(1, None), entry(2, None)])
                .choose(&wanted)
                .is_none()
        );
    }

    #[test]
    fn refuses_nonsense() {
        assert!(Index::parse(b"{}").is_err());
        assert!(Index::parse(br#"{"schemaVersion":1,"manifests":[]}"#).is_err());
        assert!(Index::parse(br#"{"schemaVersion":2,"manifests":null}"#).is_ok());
        assert!(Index::parse(br#"{"schemaVersion":2,"mediaType":"text/plain"}"#).is_err());
    }
}
