//! `import`: a root file system's tar becomes an image of one layer.
//!
//! Leaves fetching URLs to later rooms. Invariant: the config is docker's, with `-c` changes applied
//! in order.

mod changes;
mod expand;
mod image;
mod instructions;

pub use changes::apply;
pub use image::{ImportOptions, Imported, import};

#[cfg(test)]
mod tests;
