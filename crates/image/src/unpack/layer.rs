//! One layer on its way in: read, hashed, kept as a blob, decompressed and unpacked at once, each in
//! a thread of its own.
//!
//! Leaves to `load` and `import` where the bytes come from. Invariant: a layer gets its name only
//! when the digests of all its bytes are those expected.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::thread::{Builder, Scope};

use hull_oci::Digest;
use hull_oci::descriptor::media_type;
use hull_oci::digest::Algorithm;
use hull_state::LayerRow;

use super::{Extracted, extract};
use crate::compress::Compression;
use crate::error::{Error, Result};
use crate::hash::Hasher;
use crate::ingest::{Work, adopt};
use crate::pipe::{Drain, Feeder, fill, pipe};
use crate::snapshot::{layer_file, layer_name};
use crate::store::{Disk, make_dir};

/// A layer to be taken in.
pub(crate) struct Incoming<'a> {
    /// As errors name it.
    pub(crate) what: String,
    /// Its bytes.
    pub(crate) bytes: Box<dyn Read + Send + 'a>,
    /// How they are compressed.
    pub(crate) compression: Compression,
    /// Digest of the plain tar, when it is known beforehand.
    pub(crate) diff_id: Option<Digest>,
    /// Digest of the bytes, when it is known beforehand.
    pub(crate) blob: Option<Digest>,
    /// The bytes lie in this verified file already.
    pub(crate) spooled: Option<(&'a Path, u64)>,
    /// Told about every so many bytes.
    pub(crate) progress: &'a (dyn Fn(u64) + Sync),
}

/// What one pass over the bytes found.
struct Pass {
    blob: Option<Digest>,
    bytes: u64,
    diff_id: Option<Digest>,
    extracted: Result<Extracted>,
}

/// Takes a layer in: blob and directory have their names when this returns.
pub(crate) fn take_in(disk: &Disk<'_>, incoming: Incoming<'_>, now: i64) -> Result<LayerRow> {
    let work = Work::new(disk)?;
    let layer = work.join("layer");
    let root = make_root(&layer.join("fs"))?;
    let (spooled, what) = (incoming.spooled, incoming.what.clone());
    let (expected_blob, expected_diff) = (incoming.blob.clone(), incoming.diff_id.clone());
    let compression = incoming.compression;
    let blob_file = match spooled {
        Some(_) => None,
        None => Some(work.create("blob")?),
    };
    let sink = blob_file.as_ref().map(|(file, _)| file);
    let pass = pass(incoming, sink, root, disk.rootless)?;
    let blob = pass
        .blob
        .or_else(|| expected_blob.clone())
        .ok_or(Error::Worker)?;
    check(&what, expected_blob.as_ref(), &blob)?;
    let diff_id = pass.diff_id.unwrap_or_else(|| blob.clone());
    check(&what, expected_diff.as_ref(), &diff_id)?;
    let extracted = pass
        .extracted
        .map_err(|e| e.in_member("unpack layer", &what))?;
    let row = LayerRow {
        snapshot: layer_name(&diff_id),
        diff_id,
        blob,
        media_type: media_type_of(compression).to_owned(),
        blob_size: spooled.map_or(pass.bytes, |(_, size)| size),
        size: extracted.size,
        flat: extracted.flat,
        added: now,
    };
    layer_file::write(&layer, &row)?;
    match (spooled, &blob_file) {
        (Some((path, _)), _) => adopt(disk, path, &row.blob)?,
        (None, Some((_, path))) => adopt(disk, path, &row.blob)?,
        (None, None) => {}
    }
    layer_file::publish(disk, &layer, &row)?;
    Ok(row)
}

fn media_type_of(compression: Compression) -> &'static str {
    match compression {
        Compression::Plain => media_type::LAYER,
        Compression::Gzip => media_type::LAYER_GZIP,
        Compression::Zstd => media_type::LAYER_ZSTD,
    }
}

fn check(what: &str, expected: Option<&Digest>, found: &Digest) -> Result<()> {
    match expected {
        Some(expected) if expected != found => Err(Error::DigestMismatch {
            what: what.to_owned(),
            expected: expected.clone(),
            found: found.clone(),
        }),
        _ => Ok(()),
    }
}

/// The directory a layer is unpacked into, as docker makes it.
fn make_root(path: &Path) -> Result<OwnedFd> {
    use std::os::unix::fs::PermissionsExt;
    make_dir(path)?;
    let file = |step| {
        move |source| Error::File {
            step,
            path: path.to_owned(),
            source,
        }
    };
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(path, mode).map_err(file("set the mode of"))?;
    Ok(File::open(path).map_err(file("open"))?.into())
}

/// Runs the threads over the bytes.
fn pass(
    incoming: Incoming<'_>,
    blob: Option<&File>,
    root: OwnedFd,
    rootless: bool,
) -> Result<Pass> {
    let Incoming {
        what,
        mut bytes,
        compression,
        progress,
        spooled,
        blob: expected,
        ..
    } = incoming;
    let algorithm = expected
        .as_ref()
        .map_or(Algorithm::Sha256, Digest::algorithm);
    // A plain spooled tar has been hashed while it was spooled.
    let hashed = spooled.is_some();
    std::thread::scope(|scope| {
        let (feeder, raw) = pipe();
        let reading = Reading {
            feeder,
            hasher: (!hashed).then(|| Hasher::new(algorithm)),
            blob,
            progress,
            what: what.clone(),
        };
        let reading = spawn(scope, "hull-read", move || reading.run(&mut *bytes))?;
        let (extracted, diff_id) = match compression {
            Compression::Plain => (unpack(raw, root, rootless), Ok(None)),
            packed => {
                let (feeder, plain) = pipe();
                let inflating = spawn(scope, "hull-inflate", move || {
                    inflate(packed, raw, &feeder, &what)
                })?;
                let extracted = unpack(plain, root, rootless);
                (extracted, inflating.join().map_err(|_| Error::Worker)?)
            }
        };
        let (blob, bytes) = reading.join().map_err(|_| Error::Worker)??;
        // A sha512 blob says nothing about the diff id, which is sha256.
        Ok(Pass {
            blob,
            bytes,
            diff_id: diff_id?,
            extracted,
        })
    })
}

fn spawn<'scope, 'env, T: Send + 'scope>(
    scope: &'scope Scope<'scope, 'env>,
    name: &str,
    work: impl FnOnce() -> Result<T> + Send + 'scope,
) -> Result<std::thread::ScopedJoinHandle<'scope, Result<T>>> {
    Builder::new()
        .name(name.to_owned())
        .spawn_scoped(scope, work)
        .map_err(|_| Error::Worker)
}

/// Unpacks, then reads on to the end, so that the digest covers what follows the archive.
fn unpack(input: Drain, root: OwnedFd, rootless: bool) -> Result<Extracted> {
    let (extracted, mut rest) = extract(input, root, rootless)?;
    match std::io::copy(&mut rest, &mut std::io::sink()) {
        Ok(_) => Ok(extracted),
        Err(source) => Err(Error::Read {
            what: "the layer".into(),
            source,
        }),
    }
}

/// Where the first thread brings the bytes.
struct Reading<'a> {
    feeder: Feeder,
    hasher: Option<Hasher>,
    blob: Option<&'a File>,
    progress: &'a (dyn Fn(u64) + Sync),
    what: String,
}

impl Reading<'_> {
    /// First thread: input to hash, blob and pipe.
    fn run(mut self, input: &mut dyn Read) -> Result<(Option<Digest>, u64)> {
        let mut total = 0_u64;
        let mut wanted = true;
        loop {
            let mut buffer = self.feeder.buffer();
            if let Err(source) = fill(&mut &mut *input, &mut buffer) {
                self.feeder.fail(&source);
                return Err(Error::Read {
                    what: self.what,
                    source,
                });
            }
            let count = u64::try_from(buffer.len()).unwrap_or_default();
            if count == 0 {
                return Ok((self.hasher.map(Hasher::finish), total));
            }
            total += count;
            if let Some(hasher) = &mut self.hasher {
                hasher.update(&buffer);
            }
            if let Some(Err(source)) = self.blob.as_mut().map(|file| file.write_all(&buffer)) {
                self.feeder.fail(&source);
                return Err(Error::Write {
                    what: format!("the blob of {}", self.what),
                    source,
                });
            }
            (self.progress)(count);
            // Even when unpacking failed the digest is worth knowing: corruption explains much.
            wanted = wanted && self.feeder.send(buffer);
        }
    }
}

/// Second thread, for compressed layers: plain bytes to hash and pipe. No digest when unpacking
/// gave up before the end.
fn inflate(
    compression: Compression,
    input: Drain,
    feeder: &Feeder,
    what: &str,
) -> Result<Option<Digest>> {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut decoder = compression.decoder(input)?;
    loop {
        let mut buffer = feeder.buffer();
        if let Err(source) = fill(&mut decoder, &mut buffer) {
            feeder.fail(&source);
            return Err(Error::Read {
                what: format!("{what} (decompressing)"),
                source,
            });
        }
        if buffer.is_empty() {
            return Ok(Some(hasher.finish()));
        }
        hasher.update(&buffer);
        if !feeder.send(buffer) {
            return Ok(None);
        }
    }
}
