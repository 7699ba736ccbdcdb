//! What commands print: tables, templates, JSON, sizes and ages.
//!
//! Leaves where the data comes from to the commands. Invariant: given the same data, the bytes are
//! docker's; scripts cut columns and compare.

pub(crate) mod json;
pub(crate) mod list;
pub(crate) mod moment;
pub(crate) mod progress;
pub(crate) mod table;
pub(crate) mod template;
pub(crate) mod value;
