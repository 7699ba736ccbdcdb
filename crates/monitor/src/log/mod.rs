//! A container's log: docker's json-file, written by the monitor and read by anybody.
//!
//! - [`lines`] cuts a stream into docker's messages;
//! - `json_file` writes them, `rotate` keeps the files within bounds;
//! - [`read`] gives them back, across rotated files and while they grow.
//!
//! Invariant: a log that cannot be written never holds up or kills the container; lines are dropped
//! and counted instead.

pub(crate) mod json_file;
pub(crate) mod lines;
pub mod read;
pub(crate) mod rotate;
pub(crate) mod tail;
