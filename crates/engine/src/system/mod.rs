//! Verbs on the whole: events, reap, note, reconcile.
//!
//! Leaves single containers to `container`. Invariant: everything here may be run again at any time
//! and by several processes at once.

mod handle;

pub mod events;
mod note;
mod reap;
pub mod reconcile;

pub use handle::System;
