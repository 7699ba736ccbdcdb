//! The specifications' documents as plain data, with their parsing; nothing of hull's own.
//!
//! Leaves to others: I/O, and every idea of hull's own (`model`). Invariant: what was received can be
//! written again without loss where a digest depends on it.
#![forbid(unsafe_code)]

pub mod runtime_spec;
