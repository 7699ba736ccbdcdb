//! Verbs on images, one file each; the work is `hull_image`'s, the journal and the filters are ours.
//!
//! Leaves to `image` content, layers and archives. Invariant: whatever changes a reference is
//! written to the journal.

mod handle;
mod inspect;
mod load;
mod pattern;
mod record;
mod remove;
mod save;
mod tag;

pub mod import;
pub mod list;
pub mod lookup;

pub use handle::Images;
