//! The text forms users type for the nouns of [`crate::container`], one file per noun.
//!
//! Leaves reading files, the environment and the current directory to the caller. Invariant: a
//! parser accepts what docker accepts and refuses with the words docker refuses with.

pub mod device;
pub mod keys;
pub mod lines;
pub mod long_mount;
pub mod namespace;
pub mod number;
pub mod pair;
pub mod port;
pub mod resources;
pub mod restart;
pub mod short_mount;
pub mod signal;
