//! Containers an OCI runtime remembers between its commands: a directory each, and the verbs on it.
//!
//! `record` is what is written down, the other files are a verb each. hull's own engine keeps its
//! containers elsewhere and uses only the functions beside this folder. Invariant: status is never
//! written down; it follows from the process, its cgroup and the door.

mod create;
mod delete;
mod kill;
mod pause;
mod record;
mod start;

pub use create::Wish;
pub use record::{Container, Containers, Record};
