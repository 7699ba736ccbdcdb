//! Device nodes, links and the console.

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd};

use hull_sys::beneath::{self, Missing};
use hull_sys::device::{self, Node};
use hull_sys::mount;

use crate::failure::{At, Failure, Step};

/// Makes a node.
pub(crate) fn node(
    root: BorrowedFd<'_>,
    dir: &CStr,
    name: &CStr,
    node: &Node,
) -> Result<(), Failure> {
    let open = beneath::place_or_make(root, dir, Missing::Directory)
        .about(Step::Device, name.to_bytes())?;
    device::make(open.as_fd(), name, node).about(Step::Device, name.to_bytes())
}

/// Makes a link.
pub(crate) fn link(
    root: BorrowedFd<'_>,
    dir: &CStr,
    name: &CStr,
    target: &CStr,
) -> Result<(), Failure> {
    let open =
        beneath::place_or_make(root, dir, Missing::Directory).about(Step::Link, name.to_bytes())?;
    device::link(open.as_fd(), name, target).about(Step::Link, name.to_bytes())
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
