//! The ledger: every fact that outlives a process, in one SQLite file; all SQL is here.
//!
//! Leaves to others: what the kernel knows (status is derived), what lies in the content store, and
//! history (the engine's journal). Invariant: identity and wishes only, and no transaction spans a
//! call that can block.
#![forbid(unsafe_code)]

mod db;
mod migrate;

pub mod containers;
pub mod document;
pub mod error;
pub mod images;
pub mod layers;

pub use containers::{ContainerRow, Exit, Start};
pub use db::{Ledger, WAL_LIMIT};
pub use document::Document;
pub use error::{Error, Result};
pub use images::{ImageRow, NewImage, ReferenceRow};
pub use layers::LayerRow;

#[cfg(test)]
mod tests;
