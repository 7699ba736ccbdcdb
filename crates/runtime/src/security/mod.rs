//! What a container may do: capabilities, system calls, limits, labels.
//!
//! Everything here is worked out in the parent and handed to the child as numbers; putting it in
//! force is `hull_sys`. Invariant: nothing in this folder changes the process it runs in.

pub mod capabilities;
pub mod error;
pub mod labels;
pub mod profile;
pub mod rlimits;
pub mod seccomp;

pub use error::Error;
