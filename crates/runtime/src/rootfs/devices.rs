//! Device nodes, links and the console.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd};

use hull_sys::beneath::{self, Missing};
use hull_sys::device::{self, Node};
use hull_sys::mount;

use crate::failure::{At, Failure, Step};

/// Fills a directory with nodes and links.
pub(crate) fn fill(
    root: BorrowedFd<'_>,
    dir: &CStr,
    nodes: &[(CString, Node)],
    links: &[(CString, CString)],
) -> Result<(), Failure> {
    let place = beneath::place_or_make(root, dir, Missing::Directory)
        .about(Step::MountPoint, dir.to_bytes())?;
    for (name, node) in nodes {
        device::make(place.as_fd(), name, node).about(Step::Device, name.to_bytes())?;
    }
    for (name, target) in links {
        device::link(place.as_fd(), name, target).about(Step::Link, name.to_bytes())?;
    }
    Ok(())
}

/// Shows terminal `number` as /dev/console.
pub(crate) fn bind_console(root: BorrowedFd<'_>, number: u32) -> Result<(), Failure> {
    let mut buffer = [0u8; 32];
    let path = beneath::numbered(b"/dev/pts/", number, &mut buffer).at(Step::Terminal)?;
    let slave = beneath::place(root, path).about(Step::Terminal, path.to_bytes())?;
    let console = beneath::place_or_make(root, c"/dev/console", Missing::File)
        .about(Step::Terminal, b"/dev/console")?;
    let bound = mount::copy_of(slave.as_fd(), false)
        .and_then(|tree| mount::attach(tree.as_fd(), console.as_fd()));
    bound
        .or_else(|_| {
            let (mut from, mut to) = ([0u8; 32], [0u8; 32]);
            let from = mount::path_of(slave.as_fd(), &mut from)?;
            let to = mount::path_of(console.as_fd(), &mut to)?;
            mount::mount(from, to, c"", mount::flag::BIND, None)
        })
        .about(Step::Terminal, b"/dev/console")
}
