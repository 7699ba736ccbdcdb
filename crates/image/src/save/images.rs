//! The story of `save`: pick, describe, copy while checking.
//!
//! Leaves replacing the user's file only after success to `cli`. Invariant: the lease is held, so no
//! blob goes away meanwhile.

use std::fs::File;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use hull_oci::Reference;
use hull_oci::platform::Platform;
use hull_state::ImageRow;

use super::copy::Archive;
use super::describe::{Blob, Picked, describe};
use crate::content;
use crate::error::{Error, Result};
use crate::hash::Hasher;
use crate::lease::Lease;
use crate::pipe::{CHUNK, fill};
use crate::resolve::resolve_named;
use crate::store::{Disk, Store};

/// Writes the images `names` mean to `out`: a name with its tag, a repository without tag with all
/// its tags, an id without names.
pub fn save(
    store: &Store<'_>,
    names: &[&str],
    platform: Option<&Platform>,
    out: &File,
) -> Result<()> {
    let _lease = Lease::shared(store)?;
    let picked = pick(store, names, platform)?;
    let (documents, blobs) = describe(store, &picked)?;
    let mut archive = Archive::new(out);
    for (name, bytes) in &documents {
        archive.member(name, bytes)?;
    }
    archive.directory("blobs/")?;
    archive.directory("blobs/sha256/")?;
    copy_checked(store, &blobs, &mut archive)?;
    archive.end()
}

/// Copies in one thread and hashes in another; the bytes are read from memory the second time.
fn copy_checked(disk: &Disk<'_>, blobs: &[Blob], archive: &mut Archive<'_>) -> Result<()> {
    let (stop, queue) = (AtomicBool::new(false), Mutex::new(blobs.iter()));
    let check_all = || {
        while !stop.load(Ordering::Relaxed) {
            let next = queue.lock().map_err(|_| Error::Worker)?.next();
            match next {
                Some(blob) => check(disk, blob, &stop)?,
                None => break,
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name("hull-verify".into());
        let checking = builder
            .spawn_scoped(scope, check_all)
            .map_err(|_| Error::Worker)?;
        let copied = blobs.iter().try_for_each(|blob| {
            let file = content::open(disk, &blob.digest)?;
            archive.blob(&blob.digest, blob.size, &file)
        });
        if copied.is_err() {
            stop.store(true, Ordering::Relaxed);
        }
        let checked = checking.join().map_err(|_| Error::Worker)?;
        // A corrupt blob explains a short copy better than the copy does.
        checked.and(copied)
    })
}

fn check(disk: &Disk<'_>, blob: &Blob, stop: &AtomicBool) -> Result<()> {
    let mut file = content::open(disk, &blob.digest)?;
    let mut hasher = Hasher::new(blob.digest.algorithm());
    let mut buffer = vec![0; CHUNK];
    loop {
        let path = || disk.blob(&blob.digest);
        fill(&mut file, &mut buffer).map_err(|source| Error::File {
            step: "read blob",
            path: path(),
            source,
        })?;
        if buffer.is_empty() {
            break;
        }
        hasher.update(&buffer);
        buffer.resize(CHUNK, 0);
        if stop.load(Ordering::Relaxed) {
            return Ok(());
        }
    }
    let found = hasher.finish();
    if found != blob.digest {
        let (what, expected) = ("a blob of the store".to_owned(), blob.digest.clone());
        return Err(Error::DigestMismatch {
            what,
            expected,
            found,
        });
    }
    Ok(())
}

/// The images meant, each once, with the names to save them under.
fn pick(store: &Store<'_>, names: &[&str], platform: Option<&Platform>) -> Result<Picked> {
    let mut picked = Picked::new();
    for text in names {
        for (image, name) in meant(store, text)? {
            check_platform(&image, text, platform)?;
            match picked.iter_mut().find(|(known, _)| known.id == image.id) {
                Some((_, known)) => known.extend(name.filter(|name| !known.contains(name))),
                None => picked.push((image, name.into_iter().collect())),
            }
        }
    }
    Ok(picked)
}

fn meant(store: &Store<'_>, text: &str) -> Result<Vec<(ImageRow, Option<String>)>> {
    let images = store.ledger.images();
    if let Some(repository) = Reference::parse(text).ok().filter(Reference::is_name_only) {
        let prefix = format!("{}:", repository.repository());
        let tags = images
            .references()?
            .into_iter()
            .filter(|r| r.name.starts_with(&prefix));
        let mut all = Vec::new();
        for reference in tags {
            let image = images.get(&reference.image_id)?;
            all.extend(image.map(|image| (image, Some(reference.name))));
        }
        if !all.is_empty() {
            return Ok(all);
        }
    }
    let (image, name) = resolve_named(store, text)?;
    // An archive's names are tags; a digest is found in it anyway.
    Ok(vec![(image, name.filter(|name| !name.contains('@')))])
}

fn check_platform(image: &ImageRow, text: &str, platform: Option<&Platform>) -> Result<()> {
    let has = Platform {
        os: image.os.clone(),
        architecture: image.architecture.clone(),
        variant: image.variant.clone(),
        ..Platform::default()
    };
    match platform {
        Some(wanted) if !wanted.accepts(&has) => Err(Error::NoSuchPlatform {
            name: text.to_owned(),
            wanted: wanted.to_string(),
            has: vec![has.to_string()],
        }),
        _ => Ok(()),
    }
}
