//! Commands on the whole, and those about the command line itself.

pub(crate) mod completion;
pub(crate) mod document;
pub(crate) mod events;
pub(crate) mod help;
pub(crate) mod inspect;
pub(crate) mod reap;
pub(crate) mod tables;
pub(crate) mod version;
