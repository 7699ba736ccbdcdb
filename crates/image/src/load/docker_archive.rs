//! docker's archive: `manifest.json` lists images by config, names and layers.
//!
//! Newer ones also are an OCI layout, from which the original manifests are taken. Invariant: names
//! and layers are what `manifest.json` says, as docker reads it.

use std::collections::BTreeMap;

use hull_oci::descriptor::media_type;
use hull_oci::image_config::{self, ImageConfig};
use hull_oci::index::Index;
use hull_oci::manifest::{self, Manifest};
use hull_oci::{Digest, Reference};
use serde::{Deserialize, Deserializer, Serialize};

use super::bag::Bag;
use super::plan::{Planned, PlannedLayer};
use crate::error::{Error, Result};

/// An image in `manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Item {
    /// Member holding the config.
    pub(crate) config: String,
    /// Names, familiar form.
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) repo_tags: Vec<String>,
    /// Members holding the layers, lowest first.
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) layers: Vec<String>,
}

fn nullable<'de, D, T>(deserializer: D) -> std::result::Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Parses `manifest.json`.
pub(crate) fn parse(bytes: &[u8]) -> Result<Vec<Item>> {
    let items: Vec<Item> = serde_json::from_slice(bytes).map_err(|source| Error::Json {
        what: "manifest.json".into(),
        source,
    })?;
    if items.is_empty() {
        return Err(Error::Archive {
            problem: "manifest.json lists no image".into(),
        });
    }
    Ok(items)
}

/// What the archive holds.
pub(super) fn plan(bag: &Bag) -> Result<Vec<Planned>> {
    let items = parse(&bag.read("manifest.json", manifest::MAX_SIZE)?)?;
    let manifests = originals(bag);
    items
        .into_iter()
        .map(|item| plan_one(bag, item, &manifests))
        .collect()
}

type Originals = BTreeMap<Digest, (Vec<u8>, String)>;

fn plan_one(bag: &Bag, item: Item, manifests: &Originals) -> Result<Planned> {
    let config = bag.read(&item.config, image_config::MAX_SIZE)?;
    let what = || format!("{} in {}", crate::error::clip(&item.config), bag.what());
    let parsed = ImageConfig::parse(&config).map_err(|source| Error::Document {
        what: what(),
        source,
    })?;
    let diff_ids = parsed.rootfs.diff_ids.clone();
    if diff_ids.len() != item.layers.len() {
        let problem = format!(
            "{} lists {} layers, manifest.json {}",
            crate::error::clip(&item.config),
            diff_ids.len(),
            item.layers.len()
        );
        return Err(Error::Archive { problem });
    }
    let layers = diff_ids
        .into_iter()
        .zip(&item.layers)
        .map(|(diff_id, member)| {
            let what = crate::error::clip(member);
            Ok(PlannedLayer {
                diff_id,
                piece: bag.need(member)?,
                blob: None,
                what,
            })
        });
    let names = item
        .repo_tags
        .iter()
        .map(|name| Reference::parse(name).map_err(Error::Word));
    let names = names.collect::<Result<_>>()?;
    let manifest = manifests.get(&crate::hash::Hasher::of(&config)).cloned();
    Ok(Planned {
        layers: layers.collect::<Result<_>>()?,
        config,
        parsed,
        manifest,
        index: None,
        names,
    })
}

/// Manifests of an archive that is an OCI layout too, by config. A bonus: what cannot be read is
/// left out, since docker would not look at it.
fn originals(bag: &Bag) -> Originals {
    let mut found = Originals::new();
    let Ok(bytes) = bag.read("index.json", manifest::MAX_SIZE) else {
        return found;
    };
    let Ok(index) = Index::parse(&bytes) else {
        return found;
    };
    for entry in index.manifests {
        let member = format!(
            "blobs/{}/{}",
            entry.digest.algorithm().as_str(),
            entry.digest.hex()
        );
        let Ok(bytes) = bag.read(&member, manifest::MAX_SIZE) else {
            continue;
        };
        if super::plan::verify(&member, &bytes, &entry.digest).is_err() {
            continue;
        }
        if let Ok(manifest) = Manifest::parse(&bytes) {
            let kind = match entry.media_type.as_str() {
                "" => media_type::MANIFEST.to_owned(),
                kind => kind.to_owned(),
            };
            found.insert(manifest.config.digest, (bytes, kind));
        }
    }
    found
}
