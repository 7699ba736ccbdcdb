//! The story of `import`: take the layer in, write a config, record.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};

use hull_model::time::Timestamp;
use hull_oci::image_config::{History, ImageConfig, RootFs};
use hull_oci::platform::Platform;
use hull_oci::{Digest, Reference};

use super::changes::apply;
use crate::compress::Compression;
use crate::error::{Error, Result};
use crate::layout;
use crate::lease::Lease;
use crate::load::{Arrived, record};
use crate::pipe::CHUNK;
use crate::store::Store;
use crate::unpack::layer::{Incoming, take_in};

/// How to import.
#[derive(Clone, Copy)]
pub struct ImportOptions<'a> {
    /// Name to give, as the user wrote it.
    pub name: Option<&'a str>,
    /// Dockerfile instructions (`-c`).
    pub changes: &'a [String],
    /// Remark (`-m`); `None`: where it came from.
    pub message: Option<&'a str>,
    /// What the image runs on; this machine when `None`.
    pub platform: Option<&'a Platform>,
    /// Nanoseconds since 1970.
    pub now: i64,
    /// Told about bytes as they come.
    pub progress: &'a (dyn Fn(u64) + Sync),
}

/// What import made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The image's id.
    pub id: Digest,
    /// Its name, familiar form.
    pub name: Option<String>,
    /// The image that had the name before.
    pub replaced: Option<Digest>,
}

/// Imports the tar in `source`, plain, gzip or zstd; `what` names it in errors.
pub fn import(
    store: &Store<'_>,
    source: File,
    what: &str,
    options: ImportOptions<'_>,
) -> Result<Imported> {
    let name = name_of(options.name)?;
    let mut config = ImageConfig::default();
    // Mistakes in words are found before gigabytes are read.
    apply(&mut config.config, options.changes)?;
    let _lease = Lease::shared(store)?;
    let layer = take_in(store, incoming(source, what, options)?, options.now)?;
    let created = Timestamp(options.now).rfc3339();
    let comment = options
        .message
        .map_or_else(|| "Imported from -".to_owned(), str::to_owned);
    let platform = options
        .platform
        .map_or_else(Platform::host, Platform::normalized);
    config.created = Some(created.clone());
    config.architecture = platform.architecture;
    config.os = platform.os;
    config.variant = Some(platform.variant).filter(|variant| !variant.is_empty());
    config.comment = Some(comment.clone());
    config.rootfs = RootFs {
        diff_ids: vec![layer.diff_id.clone()],
        ..RootFs::default()
    };
    let step = History {
        created: Some(created),
        comment: Some(comment),
        ..History::default()
    };
    config.history = vec![step];
    let bytes = serde_json::to_vec(&config).map_err(|source| Error::Json {
        what: "the config".into(),
        source,
    })?;
    let arrived = Arrived {
        config: &bytes,
        parsed: &config,
        manifest: None,
        index: None,
        layers: vec![layer],
        names: name.into_iter().collect(),
    };
    let loaded = record(store, arrived, options.now)?;
    layout::publish(store)?;
    Ok(Imported {
        id: loaded.id,
        name: loaded.names.into_iter().next(),
        replaced: loaded.replaced.into_iter().next().map(|(_, id)| id),
    })
}

fn name_of(name: Option<&str>) -> Result<Option<Reference>> {
    let Some(text) = name else { return Ok(None) };
    let name = Reference::parse(text)
        .map_err(Error::Word)?
        .with_default_tag();
    if name.digest().is_some() {
        let text = text.to_owned();
        return Err(Error::Word(hull_oci::Error::ReferenceFormat { text }));
    }
    Ok(Some(name))
}

/// The layer is kept plain: its digest is its diff id.
fn incoming<'a>(file: File, what: &str, options: ImportOptions<'a>) -> Result<Incoming<'a>> {
    let mut input = BufReader::with_capacity(CHUNK, file);
    let first = input.fill_buf();
    let first = first.map_err(|source| Error::Read {
        what: what.to_owned(),
        source,
    })?;
    let compression = Compression::sniff(first, what)?;
    let bytes: Box<dyn Read + Send + 'a> = compression.decoder(input)?;
    Ok(Incoming {
        what: what.to_owned(),
        bytes,
        compression: Compression::Plain,
        diff_id: None,
        blob: None,
        spooled: None,
        progress: options.progress,
    })
}
