//! The command line's own grammar: commands and flags as tables, parsed as docker's client parses.
//!
//! Leaves to `commands` what the tables say and do. Invariant: nothing is built that the command
//! named on the line does not need, so that `hull run` reaches the engine within microseconds.

pub(crate) mod flag;
pub(crate) mod help;
pub(crate) mod parse;
pub(crate) mod suggest;
pub(crate) mod usage;
