//! Our terminal and a session's streams, joined.
//!
//! Leaves what is run to the commands. Invariant: however a command ends, the terminal is as it was.

pub(crate) mod attach;
pub(crate) mod keys;
mod outlet;
pub(crate) mod raw;
