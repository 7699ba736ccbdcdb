//! Taking in many layers at once: each diff id once, on as many cores as there are.
//!
//! Leaves one layer's pipeline to `unpack::layer`. Invariant: two processes never unpack the same
//! layer at the same time; the second finds the first one's.

use std::collections::VecDeque;
use std::fs::File;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use hull_oci::Digest;
use hull_state::LayerRow;

use super::bag::Piece;
use crate::error::{Error, Result};
use crate::snapshot::{layer_file, layer_name};
use crate::store::{Disk, Store, make_dir};
use crate::unpack::layer::{Incoming, take_in};

/// A layer the store shall have.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) diff_id: Digest,
    pub(crate) piece: Piece,
    pub(crate) blob: Option<Digest>,
    pub(crate) what: String,
}

/// Told about bytes of a layer: its diff id, how many more, how many in all.
pub(crate) type OnBytes<'a> = &'a (dyn Fn(&Digest, u64, u64) + Sync);

/// Makes the store have all these layers, and returns their rows in the same order.
pub(crate) fn take_in_all(
    store: &Store<'_>,
    wanted: &[Wanted],
    now: i64,
    on_bytes: OnBytes<'_>,
) -> Result<Vec<LayerRow>> {
    let mut rows: Vec<Option<LayerRow>> = Vec::new();
    let mut missing: Vec<&Wanted> = Vec::new();
    for layer in wanted {
        let known = known(store, &layer.diff_id)?;
        if known.is_none() && !missing.iter().any(|other| other.diff_id == layer.diff_id) {
            missing.push(layer);
        }
        rows.push(known);
    }
    // The largest first, so that no core is left alone with it at the end.
    missing.sort_by_key(|layer| std::cmp::Reverse(layer.piece.len()));
    let fresh = work(store, missing, now, on_bytes)?;
    wanted
        .iter()
        .zip(rows)
        .map(|(layer, row)| {
            let fresh = || {
                fresh
                    .iter()
                    .find(|row| row.diff_id == layer.diff_id)
                    .cloned()
            };
            row.or_else(fresh).ok_or(Error::Worker)
        })
        .collect()
}

/// The row of a layer that is really there.
fn known(store: &Store<'_>, diff_id: &Digest) -> Result<Option<LayerRow>> {
    let row = store.ledger.layers().get(diff_id)?;
    Ok(row.filter(|row| {
        let blob = std::fs::metadata(store.blob(&row.blob));
        blob.is_ok_and(|meta| meta.len() == row.blob_size)
            && store.snapshot(&row.snapshot).join("fs").is_dir()
    }))
}

fn work(
    disk: &Disk<'_>,
    missing: Vec<&Wanted>,
    now: i64,
    on_bytes: OnBytes<'_>,
) -> Result<Vec<LayerRow>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = cores.min(missing.len()).min(8);
    let queue = Mutex::new(VecDeque::from(missing));
    let (stop, done) = (AtomicBool::new(false), Mutex::new(Ok(Vec::new())));
    let run = || {
        while !stop.load(Ordering::Relaxed) {
            let next = queue.lock().ok().and_then(|mut queue| queue.pop_front());
            let Some(layer) = next else { return };
            let row = take_one(disk, layer, now, on_bytes);
            let Ok(mut done) = done.lock() else { return };
            match (row, &mut *done) {
                (Ok(row), Ok(rows)) => rows.push(row),
                (Err(error), Ok(_)) => {
                    stop.store(true, Ordering::Relaxed);
                    *done = Err(error);
                }
                // Somebody else's failure came first.
                (_, Err(_)) => {}
            }
        }
    };
    std::thread::scope(|scope| {
        let run = &run;
        for _ in 1..workers {
            let builder = std::thread::Builder::new().name("hull-layer".into());
            builder
                .spawn_scoped(scope, run)
                .map_err(|_| Error::Worker)?;
        }
        run();
        Ok::<(), Error>(())
    })?;
    done.into_inner().map_err(|_| Error::Worker)?
}

fn take_one(disk: &Disk<'_>, layer: &Wanted, now: i64, on_bytes: OnBytes<'_>) -> Result<LayerRow> {
    let _guard = lock(disk, &layer.diff_id)?;
    if let Some(row) = layer_file::find(disk, &layer.diff_id) {
        return Ok(row);
    }
    let total = layer.piece.len();
    let progress = |count| on_bytes(&layer.diff_id, count, total);
    let (spooled, blob): (Option<(&Path, u64)>, _) = match &layer.piece {
        Piece::Spooled {
            path,
            digest,
            region,
        } => {
            if let Some(expected) = layer.blob.as_ref().filter(|expected| *expected != digest) {
                return Err(Error::DigestMismatch {
                    what: layer.what.clone(),
                    expected: expected.clone(),
                    found: digest.clone(),
                });
            }
            (Some((path.as_path(), region.length)), Some(digest.clone()))
        }
        _ => (None, layer.blob.clone()),
    };
    let incoming = Incoming {
        what: layer.what.clone(),
        bytes: layer.piece.reader(),
        compression: layer.piece.compression(&layer.what)?,
        diff_id: Some(layer.diff_id.clone()),
        blob,
        spooled,
        progress: &progress,
    };
    take_in(disk, incoming, now)
}

/// One process at a time per layer; the lock goes with the process.
fn lock(disk: &Disk<'_>, diff_id: &Digest) -> Result<File> {
    make_dir(&disk.ingest())?;
    let path = disk.ingest().join(format!("{}.lock", layer_name(diff_id)));
    let failed = |source| Error::File {
        step: "lock",
        path: path.clone(),
        source,
    };
    let file = File::options()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(failed)?;
    file.lock().map_err(failed)?;
    Ok(file)
}
