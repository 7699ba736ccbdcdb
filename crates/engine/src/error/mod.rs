//! What can go wrong in the hall.
//!
//! [`Error`] is what every verb returns; verbs on containers have an enum of their own
//! ([`ContainerError`]), in docker's words, because scripts and clients match on them. Invariant: no
//! sibling of the crate is imported here; variants hold names, paths and causes.

mod container;
mod engine;
mod spec;

pub use container::ContainerError;
pub use engine::Error;
pub(crate) use engine::file;
pub use spec::SpecError;
