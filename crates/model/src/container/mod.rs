//! The wish: what a user asked of a container, before any image or host is looked at.
//!
//! Stored as one JSON document in the ledger's row and in the bundle's annotations, so every field
//! has a default and unknown fields are ignored: an older hull may read what a newer one wrote.
//! Invariant: nothing here is a fact about a running container.

pub mod config;
pub mod device;
pub mod logging;
pub mod mount;
pub mod namespace;
pub mod resources;
pub mod restart;
