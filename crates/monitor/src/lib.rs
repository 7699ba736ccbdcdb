//! One process per container: its terminal or pipes, its log, its exit record, its restarts; and the
//! protocol to speak with it.
//!
//! - engine and cli use [`launch`], [`exec`], [`client`], [`facts`], [`exit`], [``log::read`];
//! - the role itself is `role::main`, a single thread around one `poll`;
//! - [`protocol`] is what the two sides share, and the only thing that must never break.
//!
//! It never opens the ledger and knows nothing of images and networks. Invariant: what a monitor needs
//! it was told before it started; when it dies, its container lives on and the run directory still
//! tells the truth.
#![forbid(unsafe_code)]

pub mod client;
pub mod clock;
mod error;
pub mod exec;
pub mod exit;
pub mod facts;
pub mod launch;
pub mod log;
pub mod paths;
pub mod protocol;

pub use error::{Cause, Error};
