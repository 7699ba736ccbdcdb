//! `save`: images into an archive that docker, podman and OCI tools read.
//!
//! The archive is docker's (`manifest.json`, `repositories`) and an OCI layout (`oci-layout`,
//! `index.json`, `blobs/`) at once, as docker itself writes since version 25; the descriptions come
//! first, so that a reader of a stream knows what follows. Blobs go out as they lie in the store.
//! Invariant: every blob is hashed while it is copied, so a corrupt store is never passed on
//! silently; and the same images give the same bytes.

mod copy;
mod describe;
mod images;

pub use images::save;
