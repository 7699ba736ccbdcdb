//! The story of `load`: open, plan, take in layers, record.
//!
//! Leaves printing to `cli`. Invariant: the lease is held from before the first look at the store
//! until the rows are written.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use hull_model::time::Timestamp;
use hull_oci::descriptor::{Descriptor, media_type};
use hull_oci::image_config::ImageConfig;
use hull_oci::manifest::Manifest;
use hull_oci::platform::Platform;
use hull_oci::{Digest, Reference};
use hull_state::{ImageRow, LayerRow, NewImage};

use super::bag::Bag;
use super::layers::{Wanted, take_in_all};
use super::plan::Planned;
use super::{docker_archive, legacy, oci_layout};
use crate::chain::chain_ids;
use crate::error::{Error, Result};
use crate::ingest::{Work, put};
use crate::layout;
use crate::lease::Lease;
use crate::store::Store;

/// Where an archive comes from.
pub enum LoadSource<'a> {
    /// A file, sought when it can be; the name is for errors.
    File(File, String),
    /// A stream; the name is for errors.
    Stream(Box<dyn Read + Send + 'a>, String),
    /// Bytes built into the program.
    Bytes(&'static [u8]),
    /// An OCI image layout.
    Directory(&'a Path),
}

/// How far a layer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Its diff id.
    pub layer: Digest,
    /// Bytes read since the last report.
    pub more: u64,
    /// Bytes in all.
    pub total: u64,
}

/// How to load.
#[derive(Clone, Copy)]
pub struct LoadOptions<'a> {
    /// Which platform's image; the host's when `None`.
    pub platform: Option<&'a Platform>,
    /// Nanoseconds since 1970.
    pub now: i64,
    /// Told how far it is, from several threads.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

/// One image loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// Its id.
    pub id: Digest,
    /// Names it has been given, familiar form; none: docker prints the id.
    pub names: Vec<String>,
    /// Names that pointed at another image before, with that image.
    pub replaced: Vec<(String, Digest)>,
}

/// Loads all images of an archive.
pub fn load(
    store: &Store<'_>,
    source: LoadSource<'_>,
    options: LoadOptions<'_>,
) -> Result<Vec<Loaded>> {
    let _lease = Lease::shared(store)?;
    let bag = match source {
        LoadSource::File(file, what) => Bag::of_file(store, file, &what)?,
        LoadSource::Stream(stream, what) => Bag::of_stream(store, stream, &what)?,
        LoadSource::Bytes(bytes) => Bag::of_bytes(store, bytes, "the built-in image")?,
        LoadSource::Directory(path) => Bag::of_directory(path)?,
    };
    let planned = plan(&bag, options.platform)?;
    let mut loaded = Vec::new();
    for image in planned {
        loaded.push(load_one(store, image, options)?);
    }
    layout::publish(store)?;
    Ok(loaded)
}

fn plan(bag: &Bag, platform: Option<&Platform>) -> Result<Vec<Planned>> {
    // docker looks at manifest.json first, so archives that are both mean the same here.
    if bag.has("manifest.json")? {
        let planned = docker_archive::plan(bag)?;
        if let Some(wanted) = platform {
            return planned
                .into_iter()
                .map(|image| only(image, wanted))
                .collect();
        }
        return Ok(planned);
    }
    if bag.has("index.json")? {
        return oci_layout::plan(bag, platform);
    }
    if bag.has("repositories")? {
        return legacy::plan(bag);
    }
    Err(Error::NotAnArchive {
        what: bag.what().to_owned(),
        problem: "it has neither manifest.json nor index.json".into(),
    })
}

fn only(image: Planned, wanted: &Platform) -> Result<Planned> {
    let platform = image.parsed.platform();
    if wanted.accepts(&platform) {
        return Ok(image);
    }
    Err(Error::NoSuchPlatform {
        name: image
            .names
            .first()
            .map(Reference::familiar)
            .unwrap_or_default(),
        wanted: wanted.to_string(),
        has: vec![platform.to_string()],
    })
}

fn load_one(store: &Store<'_>, image: Planned, options: LoadOptions<'_>) -> Result<Loaded> {
    let wanted: Vec<Wanted> = image
        .layers
        .into_iter()
        .map(|layer| Wanted {
            diff_id: layer.diff_id,
            piece: layer.piece,
            blob: layer.blob,
            what: layer.what,
        })
        .collect();
    let on_bytes = |layer: &Digest, more, total| {
        (options.progress)(Progress {
            layer: layer.clone(),
            more,
            total,
        });
    };
    let layers = take_in_all(store, &wanted, options.now, &on_bytes)?;
    let arrived = Arrived {
        config: &image.config,
        parsed: &image.parsed,
        manifest: image.manifest,
        index: image.index,
        layers,
        names: image.names,
    };
    record(store, arrived, options.now)
}

/// An image whose layers are in the store.
pub(crate) struct Arrived<'a> {
    pub(crate) config: &'a [u8],
    pub(crate) parsed: &'a ImageConfig,
    pub(crate) manifest: Option<(Vec<u8>, String)>,
    pub(crate) index: Option<Vec<u8>>,
    pub(crate) layers: Vec<LayerRow>,
    pub(crate) names: Vec<Reference>,
}

/// Stores the documents and writes the rows.
pub(crate) fn record(store: &Store<'_>, image: Arrived<'_>, now: i64) -> Result<Loaded> {
    let work = Work::new(store)?;
    let id = put(store, &work, image.config)?;
    let fits = image
        .manifest
        .filter(|(bytes, _)| fits(bytes, &image.layers));
    let (bytes, manifest_type) = match fits {
        Some(manifest) => manifest,
        None => (
            manifest_of(&id, image.config, &image.layers)?,
            media_type::MANIFEST.to_owned(),
        ),
    };
    let manifest = put(store, &work, &bytes)?;
    let index = image
        .index
        .map(|bytes| put(store, &work, &bytes))
        .transpose()?;
    let platform = image.parsed.platform();
    let created = image
        .parsed
        .created
        .as_deref()
        .and_then(Timestamp::parse_rfc3339);
    let row = ImageRow {
        id: id.clone(),
        manifest,
        manifest_type,
        manifest_size: u64::try_from(bytes.len()).unwrap_or_default(),
        index,
        os: platform.os,
        architecture: platform.architecture,
        variant: platform.variant,
        created: created.map_or(0, |time| time.0),
        size: image.layers.iter().map(|layer| layer.size).sum(),
        added: now,
        tagged: now,
        parent: None,
        config: image.config.to_vec(),
    };
    let diff_ids: Vec<Digest> = image
        .layers
        .iter()
        .map(|layer| layer.diff_id.clone())
        .collect();
    let layers: Vec<_> = image.layers.into_iter().zip(chain_ids(&diff_ids)).collect();
    let names: Vec<Reference> = image
        .names
        .into_iter()
        .map(Reference::with_default_tag)
        .collect();
    let full: Vec<String> = names.iter().map(Reference::to_string).collect();
    let new = NewImage {
        image: &row,
        layers: &layers,
        names: &full,
    };
    let moved = store.ledger.images().add(&new)?;
    let familiar = |name: &str| {
        Reference::parse(name).map_or_else(|_| name.to_owned(), |name| name.familiar())
    };
    Ok(Loaded {
        id,
        names: names.iter().map(Reference::familiar).collect(),
        replaced: moved
            .into_iter()
            .map(|r| (familiar(&r.name), r.image_id))
            .collect(),
    })
}

/// An archive's manifest is kept when it names the very blobs we keep.
fn fits(bytes: &[u8], layers: &[LayerRow]) -> bool {
    let Ok(manifest) = Manifest::parse(bytes) else {
        return false;
    };
    manifest
        .layers
        .iter()
        .map(|layer| &layer.digest)
        .eq(layers.iter().map(|layer| &layer.blob))
}

fn manifest_of(id: &Digest, config: &[u8], layers: &[LayerRow]) -> Result<Vec<u8>> {
    let size = u64::try_from(config.len()).unwrap_or_default();
    let config = Descriptor::new(media_type::CONFIG, id.clone(), size);
    let layers = layers
        .iter()
        .map(|l| Descriptor::new(&l.media_type, l.blob.clone(), l.blob_size))
        .collect();
    serde_json::to_vec(&Manifest::new(config, layers)).map_err(|source| Error::Json {
        what: "the manifest".into(),
        source,
    })
}
