//! Tar, read and written: ustar, GNU (long names, sparse), PAX (attributes, sparse 0.0, 0.1, 1.0).
//!
//! Leaves to `unpack` what an entry does to a directory. Invariant: the reader never holds more than
//! [`entry::MAX_SPECIAL`] bytes of headers for one entry, whatever the archive says.

pub(crate) mod entry;
pub(crate) mod header;
mod pax;
pub(crate) mod reader;
mod sparse;
pub(crate) mod writer;

#[cfg(test)]
pub(crate) mod tests;
