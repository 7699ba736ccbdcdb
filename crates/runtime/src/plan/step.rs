//! The things a child does to its files, as data.

use std::ffi::CString;

use hull_sys::device::Node;

use super::mounts::Mount;

/// One thing the child does to its files.
#[derive(Debug)]
pub(crate) enum Step {
    /// Attaches a mount.
    Mount(Mount),
    /// Fills a directory with device nodes and symbolic links.
    Fill {
        dir: CString,
        nodes: Vec<(CString, Node)>,
        links: Vec<(CString, CString)>,
    },
    /// Makes the mount at a place read-only.
    Freeze(CString),
    /// Hides a path.
    Mask(CString),
    /// Makes a path read-only, where it exists.
    ReadOnly(CString),
}
