//! Making a root file system fit to be mounted again by the monitor that mounted it before.
//!
//! An overlay mounted `volatile` leaves a mark in its work directory, and the kernel refuses the next
//! mount (`EINVAL`) until it is gone: the machine may have crashed in between. Leaves the mark of a former
//! boot to `image`, which prepares snapshots. Invariant: only called by the monitor that saw the previous
//! life end, in the same boot, when nothing can have been lost.

use std::path::{Path, PathBuf};

use hull_oci::runtime_spec::Mount;

/// Removes the marks of every overlay among `mounts`.
pub(crate) fn prepare(mounts: &[Mount]) {
    for mark in mounts.iter().filter_map(mark) {
        // Not there, or the mount says what is wrong.
        std::fs::remove_dir_all(mark).ok();
    }
}

/// Where the kernel leaves the mark of `mount`.
fn mark(mount: &Mount) -> Option<PathBuf> {
    if mount.kind != "overlay" {
        return None;
    }
    let work = mount
        .options
        .iter()
        .find_map(|option| option.strip_prefix("workdir="))?;
    Some(Path::new(work).join("work/incompat/volatile"))
}
