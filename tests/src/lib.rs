//! Support for hull's integration tests: an engine of its own for each test, images made here, and
//! the facts the kernel shows.
//!
//! Leaves to the tests what is right. Invariant: whatever an [`Env`] started is ended when it is
//! dropped, and what it left behind (mounts, cgroups, processes, directories) fails the test.
#![forbid(unsafe_code)]

pub mod archive;
pub mod env;
pub mod images;
pub mod kernel;
pub mod leaks;
pub mod outcome;
pub mod requires;
pub mod terminal;
pub mod wait;

pub use env::Env;
pub use outcome::Done;
pub use wait::wait_until;
