//! The child's work on its files: mounts, devices, masks, and changing the root.
//!
//! Invariant: until `pivot`, every path in the container is reached through the root's descriptor.

mod copy_up;
mod devices;
mod masks;
mod mounts;
mod pivot;

use std::os::fd::{BorrowedFd, OwnedFd};

use crate::failure::{At, Failure, Step as Name};
use crate::plan::files::Files;
use crate::plan::step::Step;
use hull_sys::mount::{self, attribute};

pub(crate) use devices::bind_console;
pub(crate) use pivot::pivot;

/// Mounts the root and everything in it; the root's descriptor.
pub(crate) fn build(files: &Files) -> Result<OwnedFd, Failure> {
    if files.propagation != 0 {
        mount::propagate(c"/", files.propagation).about(Name::Propagation, b"/")?;
    }
    if let Some(parent) = &files.parent {
        mount::propagate(parent, mount::flag::PRIVATE)
            .about(Name::Propagation, parent.to_bytes())?;
    }
    let root = mounts::attach_root(files)?;
    take(&files.steps, &root)?;
    Ok(root)
}

/// Hides what is hidden and freezes what is read-only, after the last who may write.
pub(crate) fn finish(files: &Files, root: BorrowedFd<'_>) -> Result<(), Failure> {
    for step in &files.late {
        one(step, root)?;
    }
    if files.read_only {
        let change = mount::Change {
            set: attribute::READ_ONLY,
            ..mount::Change::default()
        };
        mounts::change(root, &change).about(Name::ReadOnly, b"/")?;
    }
    Ok(())
}

fn take(steps: &[Step], root: &OwnedFd) -> Result<(), Failure> {
    use std::os::fd::AsFd;
    steps.iter().try_for_each(|step| one(step, root.as_fd()))
}

fn one(step: &Step, root: BorrowedFd<'_>) -> Result<(), Failure> {
    match step {
        Step::Mount(mount) => mounts::attach(mount, root),
        Step::Fill { dir, nodes, links } => devices::fill(root, dir, nodes, links),
        Step::Freeze(place) => mounts::freeze(root, place),
        Step::Mask(path) => masks::mask(root, path),
        Step::ReadOnly(path) => masks::read_only(root, path),
    }
}
