//! System call filters: an OCI profile becomes a short program for the kernel.
//!
//! `rules` decides, `search` and `values` plan comparisons, `assemble` writes the program, `cache` keeps it, `docker` reads profiles in
//! Docker's own form; installing is `hull_sys::seccomp`. Invariant: which program a profile gives
//! depends on the profile alone, so a cached one can stand for it.

mod arch;
mod assemble;
mod cache;
mod docker;
mod filter;
mod rules;
mod search;
mod values;

pub use arch::Arch;
pub use docker::{DockerProfile, parse};
pub use filter::Filter;

#[cfg(test)]
mod tests;
