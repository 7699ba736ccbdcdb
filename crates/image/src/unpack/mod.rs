//! Unpacking a layer: from bytes that may be compressed and hostile to a directory that overlayfs
//! can stack.
//!
//! Leaves archives of whole images to `load`. Invariant: every path is resolved beneath the
//! directory by the kernel (`openat2`), never by joining strings; what an unpack leaves behind when
//! it fails lies in the ingest directory and is deleted.

mod attributes;
mod budget;
mod extract;
pub(crate) mod layer;
mod parents;
mod path;

pub(crate) use extract::{Extracted, extract};

#[cfg(test)]
mod tests;
