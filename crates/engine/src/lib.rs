//! The hall of hull: every verb of the platform on containers, images and the system, once.
//!
//! Here the left wing (kernel: runtime, monitor) and the right wing (ledger: state, image) meet.
//! Leaves to others: arguments, terminals, HTTP. Invariants: locks are taken in one order (object
//! lock, lease, short ledger transaction), no transaction spans a call that can block, and what
//! a container is doing is always derived from facts ([`container::status`]), never stored.
#![forbid(unsafe_code)]

pub mod container;
pub mod context;
pub mod engine;
pub mod error;
pub mod host;
pub mod image;
pub mod journal;
pub mod lock;
mod moment;
pub mod paths;
pub mod settings;
pub mod system;

pub use engine::Engine;
pub use error::{ContainerError, Error, SpecError};
pub use settings::Settings;
