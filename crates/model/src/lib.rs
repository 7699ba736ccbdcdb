//! hull's own nouns as plain data: the container a user wishes for, ids and names, restart policies,
//! resources, mounts, events, sizes and durations; with the parsing of each.
//!
//! Leaves to others: I/O, clocks, handles, and any opinion on how a wish becomes a runtime spec
//! (`engine::container::spec`). Invariant: everything here can be built, compared and printed
//! without a machine.
#![forbid(unsafe_code)]

pub mod container;
pub mod duration;
pub mod error;
pub mod event;
pub mod filter;
pub mod grammar;
pub mod id;
pub mod size;
pub mod time;
