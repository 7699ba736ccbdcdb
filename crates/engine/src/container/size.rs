//! How large a container's writable layer is.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use hull_state::ContainerRow;

use crate::context::Context;
use crate::error::Error;

/// Bytes of the files of the writable layer, and of these and the image together.
pub fn of(context: &Context, row: &ContainerRow) -> Result<(u64, u64), Error> {
    let own = bytes(context.store().snapshot(&row.snapshot).join("fs"));
    let image = match &row.image_id {
        Some(id) => context
            .ledger
            .images()
            .get(id)?
            .map_or(0, |image| image.size),
        None => 0,
    };
    Ok((own, own + image))
}

/// A tree that changes while it is measured is measured as it was found.
fn bytes(root: PathBuf) -> u64 {
    let mut seen = std::collections::BTreeSet::new();
    let mut todo = vec![root];
    let mut total = 0;
    while let Some(dir) = todo.pop() {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            let Ok(meta) = entry.metadata() else {
                continue;
            };
            if meta.is_dir() {
                todo.push(entry.path());
            } else if meta.is_file() && (meta.nlink() == 1 || seen.insert(meta.ino())) {
                total += meta.len();
            }
        }
    }
    total
}
