//! `load`: images out of the archives they travel in.
//!
//! docker archives (`manifest.json`), OCI layouts (`index.json`) as archive or directory, docker's
//! archives that are both, and the old `repositories` format; plain, gzip or zstd; from a file that
//! can be sought or from a stream that cannot. Invariant: an image enters the ledger only when all
//! its bytes are in the store and verified.

mod bag;
mod docker_archive;
mod images;
mod input;
mod layers;
mod legacy;
mod oci_layout;
mod plan;

pub(crate) use docker_archive::Item;
pub(crate) use images::{Arrived, record};
pub use images::{LoadOptions, LoadSource, Loaded, Progress, load};

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
