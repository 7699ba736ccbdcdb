//! The commands, a file each, and the table that names them.
//!
//! Invariant: a command's file holds its words (usage, flags, examples) and what it does with the
//! engine's answer; the verb itself is the engine's.

pub(crate) mod command;
pub(crate) mod container;
pub(crate) mod filters;
pub(crate) mod image;
pub(crate) mod oci;
pub(crate) mod others;
pub(crate) mod system;
pub(crate) mod table;
