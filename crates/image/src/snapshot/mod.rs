//! Snapshots: directories that overlay mounts stack up to a root file system.
//!
//! Leaves mounting to the monitor: a root file system is returned as mounts, plain data. Invariant:
//! the directory of a layer is complete once it has its final name, and is never written again.

mod init_layer;
pub(crate) mod layer_file;
mod place;
mod remove;
mod rootfs;

pub use place::{Place, open, prepare};
pub use remove::{empty_trash, remove};
pub use rootfs::{Durability, Rootfs};

pub(crate) use remove::{delete_tree, discard};

use hull_oci::Digest;

/// The directory name of a layer: 32 digits keep overlay options short and cannot be forged.
pub(crate) fn layer_name(diff_id: &Digest) -> String {
    diff_id.hex().chars().take(32).collect()
}
