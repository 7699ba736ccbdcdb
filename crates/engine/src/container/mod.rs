//! Verbs on containers, one file each, and the nouns they share: status, bundle, spec.
//!
//! Leaves to `monitor` everything that happens while a container runs. Invariant: every verb takes
//! the container's lock before it looks, and looks at facts, never at a stored status.

mod handle;

pub mod create;
pub mod exec;
pub mod list;
pub mod logs;
pub mod remove;
pub mod start;
pub mod status;
pub mod stop;
pub mod top;
pub mod wait;

pub use handle::Containers;
