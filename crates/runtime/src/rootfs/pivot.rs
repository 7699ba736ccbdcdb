//! Making the container's root the root.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use hull_sys::{beneath, mount, process};

use crate::failure::{At, Failure, Step};
use crate::plan::files::{Files, RootChange};

/// Changes the root; the old one is gone from this mount namespace afterwards.
pub(crate) fn pivot(files: &Files, root: OwnedFd) -> Result<(), Failure> {
    let name = files.root.to_bytes();
    process::change_directory(root.as_fd()).about(Step::Pivot, name)?;
    drop(root);
    match files.change {
        RootChange::Pivot => swap().about(Step::Pivot, name)?,
        RootChange::Move => {
            mount::mount(c".", c"/", c"", mount::flag::MOVE, None).about(Step::Pivot, name)?;
            mount::change_root(c".").about(Step::Pivot, name)?;
        }
        RootChange::Enter => mount::change_root(c".").about(Step::Pivot, name)?,
    }
    process::change_directory_to(c"/").about(Step::Pivot, name)?;
    if files.last_propagation != 0 {
        mount::propagate(c"/", files.last_propagation).about(Step::Propagation, b"/")?;
    }
    Ok(())
}

/// pivot_root(2) with one directory for both: the old root comes to lie over the new one and is
/// taken off. It is made a slave before, so that its unmounting does not reach the host.
fn swap() -> io::Result<()> {
    let old = beneath::directory(c"/")?;
    mount::pivot_root(c".", c".")?;
    process::change_directory(old.as_fd())?;
    mount::propagate(c".", mount::flag::SLAVE | mount::flag::RECURSIVE)?;
    mount::detach(c".")
}
