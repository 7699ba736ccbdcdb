//! `image prune`: removes images nobody names, or with `all` those nobody uses.
//!
//! Leaves filters and the question "are you sure" to the front rooms. Invariant: an image some
//! container was made of stays.

use hull_oci::Digest;

use crate::error::Result;
use crate::list::{Listed, list};
use crate::remove::{RemoveOptions, Removed, remove};
use crate::store::Store;

/// What prune did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pruned {
    /// What went, as `rmi` tells it.
    pub removed: Vec<Removed>,
    /// Bytes of the files of the layers that went.
    pub reclaimed: u64,
}

/// Prunes images that `wanted` accepts; `all` includes named ones.
pub fn prune(store: &Store<'_>, all: bool, wanted: &dyn Fn(&Listed) -> bool) -> Result<Pruned> {
    let mut pruned = Pruned::default();
    let before = layer_bytes(store)?;
    for listed in list(store)? {
        let named = !listed.tags.is_empty();
        if (named && !all) || !wanted(&listed) {
            continue;
        }
        if !store
            .ledger
            .containers()
            .of_image(&listed.image.id)?
            .is_empty()
        {
            continue;
        }
        pruned
            .removed
            .extend(remove_whole(store, &listed.image.id)?);
    }
    pruned.reclaimed = before.saturating_sub(layer_bytes(store)?);
    Ok(pruned)
}

fn remove_whole(store: &Store<'_>, id: &Digest) -> Result<Vec<Removed>> {
    remove(
        store,
        id.as_str(),
        RemoveOptions {
            force: true,
            running: &|_| false,
        },
    )
}

fn layer_bytes(store: &Store<'_>) -> Result<u64> {
    Ok(store
        .ledger
        .layers()
        .list()?
        .iter()
        .map(|layer| layer.size)
        .sum())
}
