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

mod callback;
pub mod client;
pub mod clock;
mod error;
pub mod exec;
pub mod exit;
pub mod facts;
mod foreign;
pub mod init;
pub mod launch;
mod life;
pub mod log;
pub mod orphan;
pub mod paths;
mod peer;
mod plan;
pub mod protocol;
mod remount;
mod report;
mod restart;
pub mod role;
mod stdio;
mod supervise;
mod workload;

pub use error::{Cause, Error};
pub use role::main;
