//! From a wish to a runtime spec: pure planners, golden-tested.
//!
//! `gather` (beside this folder) asks the host; everything here only computes. Leaves to `runtime`
//! how a spec becomes a container. Invariant: no file of this folder touches the file system, a
//! clock or an environment variable.

pub mod capabilities;
pub mod compile;
pub mod devices;
pub mod input;
pub mod masks;
pub mod mounts;
pub mod namespaces;
pub mod process;
pub mod resources;
pub mod security;
pub mod sysctl;
pub mod user;
pub mod validate;

#[cfg(test)]
mod tests;
