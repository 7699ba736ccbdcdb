//! An OCI image layout: `index.json` lists manifests, blobs are named by their digests.
//!
//! Leaves other platforms' images in the archive; the index is kept whole. Invariant: every document
//! is verified against its digest before it is believed.

use hull_oci::descriptor::{Descriptor, media_type};
use hull_oci::image_config::{self, ImageConfig};
use hull_oci::index::{CONTAINERD_NAME, Index, REF_NAME};
use hull_oci::manifest::{self, Manifest};
use hull_oci::platform::Platform;
use hull_oci::{Digest, Reference};

use super::bag::Bag;
use super::plan::{Planned, PlannedLayer, verify};
use crate::error::{Error, Result};

/// What the layout holds for `wanted`, or for this machine.
pub(super) fn plan(bag: &Bag, wanted: Option<&Platform>) -> Result<Vec<Planned>> {
    let bytes = bag.read("index.json", manifest::MAX_SIZE)?;
    let document = |source| Error::Document {
        what: format!("index.json in {}", bag.what()),
        source,
    };
    let index = Index::parse(&bytes).map_err(document)?;
    let mut planned: Vec<Planned> = Vec::new();
    for entry in &index.manifests {
        if entry.annotations.contains_key("vnd.docker.reference.type") {
            continue;
        }
        let image = plan_entry(bag, entry, wanted)?;
        // One image under several names has an entry for each.
        match planned
            .iter_mut()
            .find(|known| known.config == image.config)
        {
            Some(known) => known.names.extend(image.names),
            None => planned.push(image),
        }
    }
    if planned.is_empty() {
        let problem = format!("index.json in {} lists no image", bag.what());
        return Err(Error::Archive { problem });
    }
    Ok(planned)
}

fn plan_entry(bag: &Bag, entry: &Descriptor, wanted: Option<&Platform>) -> Result<Planned> {
    let name = name_of(entry);
    let shown = name
        .as_ref()
        .map_or_else(|| entry.digest.to_string(), Reference::familiar);
    let mut bytes = document(bag, &entry.digest, manifest::MAX_SIZE)?;
    let mut kind = entry.media_type.clone();
    let mut index = None;
    // An index may hold indexes; deeper is no honest image.
    for _ in 0..4 {
        if !is_index(&kind, &bytes) {
            let image = plan_image(bag, &shown, &bytes, kind)?;
            // What an index says of an entry goes before what the config says of itself.
            let bare = wanted.filter(|_| index.is_none());
            if let Some(wanted) = bare.filter(|w| !w.accepts(&image.parsed.platform())) {
                return Err(no_platform(
                    &shown,
                    wanted,
                    vec![image.parsed.platform().to_string()],
                ));
            }
            return Ok(Planned {
                index,
                names: name.into_iter().collect(),
                ..image
            });
        }
        let parsed = Index::parse(&bytes).map_err(|source| Error::Document {
            what: format!("the index of {shown}"),
            source,
        })?;
        let host = Platform::host();
        let chosen = parsed.choose(wanted.unwrap_or(&host)).ok_or_else(|| {
            let has = parsed.manifests.iter().filter_map(|e| e.platform.as_ref());
            no_platform(
                &shown,
                wanted.unwrap_or(&host),
                has.map(Platform::to_string).collect(),
            )
        })?;
        let inner = document(bag, &chosen.digest, manifest::MAX_SIZE)?;
        kind.clone_from(&chosen.media_type);
        index.get_or_insert(std::mem::replace(&mut bytes, inner));
    }
    Err(Error::Archive {
        problem: format!("indexes of {shown} are nested too deeply"),
    })
}

fn no_platform(name: &str, wanted: &Platform, has: Vec<String>) -> Error {
    Error::NoSuchPlatform {
        name: name.to_owned(),
        wanted: wanted.to_string(),
        has,
    }
}

/// By media type, or by content where the type is missing.
fn is_index(kind: &str, bytes: &[u8]) -> bool {
    match kind {
        "" => Manifest::parse(bytes).is_err(),
        kind => media_type::is_index(kind),
    }
}

fn plan_image(bag: &Bag, shown: &str, bytes: &[u8], kind: String) -> Result<Planned> {
    let manifest = Manifest::parse(bytes).map_err(|source| Error::Document {
        what: format!("the manifest of {shown}"),
        source,
    })?;
    let config = document(bag, &manifest.config.digest, image_config::MAX_SIZE)?;
    let parsed = ImageConfig::parse(&config).map_err(|source| Error::Document {
        what: format!("the config of {shown}"),
        source,
    })?;
    let diff_ids = parsed.rootfs.diff_ids.clone();
    if diff_ids.len() != manifest.layers.len() {
        let (config, listed) = (diff_ids.len(), manifest.layers.len());
        let problem = format!("the config of {shown} has {config} layers, its manifest {listed}");
        return Err(Error::Archive { problem });
    }
    let layers = diff_ids
        .into_iter()
        .zip(&manifest.layers)
        .map(|(diff_id, layer)| {
            let piece = bag.need(&member(&layer.digest))?;
            if piece.len() != layer.size {
                let what = format!("layer {}", layer.digest);
                return Err(Error::SizeMismatch {
                    what,
                    expected: layer.size,
                    found: piece.len(),
                });
            }
            let what = layer.digest.to_string();
            Ok(PlannedLayer {
                diff_id,
                piece,
                blob: Some(layer.digest.clone()),
                what,
            })
        });
    let layers = layers.collect::<Result<_>>()?;
    let kind = if kind.is_empty() {
        media_type::MANIFEST.to_owned()
    } else {
        kind
    };
    let manifest = Some((bytes.to_vec(), kind));
    Ok(Planned {
        config,
        parsed,
        manifest,
        index: None,
        layers,
        names: Vec::new(),
    })
}

fn member(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().as_str(), digest.hex())
}

fn document(bag: &Bag, digest: &Digest, limit: u64) -> Result<Vec<u8>> {
    let bytes = bag.read(&member(digest), limit)?;
    verify(&format!("{digest} in {}", bag.what()), &bytes, digest)?;
    Ok(bytes)
}

/// The full name containerd and docker note, or a reference name that is more than a tag.
fn name_of(entry: &Descriptor) -> Option<Reference> {
    if let Some(name) = entry.annotations.get(CONTAINERD_NAME) {
        return Reference::parse(name).ok();
    }
    let name = entry.annotations.get(REF_NAME)?;
    name.contains([':', '/'])
        .then(|| Reference::parse(name).ok())?
}
