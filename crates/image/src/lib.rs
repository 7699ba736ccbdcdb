//! Images on disk: content store (an OCI layout), snapshots (mounts returned as data), unpacking,
//! and the archives images travel in.
//!
//! Leaves to others: performing mounts, containers, registries. Invariants: bytes are named by the
//! digest of what was received; archives are hostile, and nothing is written outside the store.
#![forbid(unsafe_code)]

pub mod chain;
mod compress;
pub mod content;
pub mod error;
mod hash;
pub mod history;
pub mod import;
mod ingest;
pub mod inspect;
mod layout;
mod lease;
pub mod list;
pub mod load;
mod pipe;
pub mod prune;
pub mod remove;
pub mod resolve;
pub mod save;
pub mod snapshot;
pub mod store;
pub mod sweep;
pub mod tag;
mod tar;
mod unpack;

pub use error::{Error, Result};
pub use store::{Disk, Store};
