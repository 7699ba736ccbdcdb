//! Paths that show nothing and paths that can't be written.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use hull_sys::beneath;
use hull_sys::mount::{self, Change, Context, attribute, flag};

use crate::failure::{At, Failure, Step};

const ENOENT: i32 = 2;
const ENOTDIR: i32 = 20;

/// Opens a path that may be missing.
fn existing(root: BorrowedFd<'_>, path: &CStr) -> io::Result<Option<OwnedFd>> {
    match beneath::place(root, path) {
        Ok(place) => Ok(Some(place)),
        Err(error) if matches!(error.raw_os_error(), Some(ENOENT | ENOTDIR)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Covers a file with /dev/null and a directory with an empty, read-only file system.
pub(crate) fn mask(root: BorrowedFd<'_>, path: &CStr) -> Result<(), Failure> {
    let cover = || -> io::Result<()> {
        let Some(place) = existing(root, path)? else {
            return Ok(());
        };
        if beneath::is_directory(place.as_fd())? {
            return empty_directory(place.as_fd());
        }
        match mount::copy(c"/dev/null", false) {
            Ok(tree) => mount::attach(tree.as_fd(), place.as_fd()),
            Err(_) => {
                let mut buffer = [0u8; 32];
                let target = mount::path_of(place.as_fd(), &mut buffer)?;
                mount::mount(c"/dev/null", target, c"", flag::BIND, None)
            }
        }
    };
    cover().about(Step::Mask, path.to_bytes())
}

fn empty_directory(place: BorrowedFd<'_>) -> io::Result<()> {
    let made = Context::open(c"tmpfs").and_then(|context| {
        context.set(c"source", c"tmpfs")?;
        // One page is the least; nothing is ever written.
        context.set(c"nr_blocks", c"1")?;
        context.set(c"nr_inodes", c"1")?;
        context.mount(attribute::READ_ONLY)
    });
    match made {
        Ok(tree) => mount::attach(tree.as_fd(), place),
        Err(_) => {
            let mut buffer = [0u8; 32];
            let target = mount::path_of(place, &mut buffer)?;
            mount::mount(c"tmpfs", target, c"tmpfs", flag::READ_ONLY, None)
        }
    }
}

/// Binds a path onto itself and makes that read-only.
pub(crate) fn read_only(root: BorrowedFd<'_>, path: &CStr) -> Result<(), Failure> {
    let freeze = || -> io::Result<()> {
        let Some(place) = existing(root, path)? else {
            return Ok(());
        };
        match mount::copy_of(place.as_fd(), true) {
            Ok(tree) => {
                let change = Change {
                    set: attribute::READ_ONLY,
                    ..Change::default()
                };
                super::mounts::change(tree.as_fd(), &change)?;
                mount::attach(tree.as_fd(), place.as_fd())
            }
            Err(_) => read_only_old(root, path, place.as_fd()),
        }
    };
    freeze().about(Step::ReadOnly, path.to_bytes())
}

fn read_only_old(root: BorrowedFd<'_>, path: &CStr, place: BorrowedFd<'_>) -> io::Result<()> {
    let mut buffer = [0u8; 32];
    let target = mount::path_of(place, &mut buffer)?;
    mount::mount(target, target, c"", flag::BIND | flag::RECURSIVE, None)?;
    let covered = beneath::place(root, path)?;
    let mut buffer = [0u8; 32];
    let target = mount::path_of(covered.as_fd(), &mut buffer)?;
    let flags = flag::BIND | flag::REMOUNT | flag::READ_ONLY;
    mount::mount(c"", target, c"", flags, None)
}
