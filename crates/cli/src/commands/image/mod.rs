//! Commands on images, a file each.
//!
//! Invariant: a command that takes several images goes on after one that fails, and exits with 1.

mod removed;
mod short;
mod tree;

pub(crate) mod history;
pub(crate) mod import;
pub(crate) mod inspect;
pub(crate) mod list;
pub(crate) mod load;
pub(crate) mod prune;
pub(crate) mod remove;
pub(crate) mod save;
pub(crate) mod tag;
