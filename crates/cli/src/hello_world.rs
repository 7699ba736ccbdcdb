//! The image `hello-world`, a docker-archive that build.rs packs into the binary.
//!
//! Leaves to the engine when it is loaded: the first time somebody asks for it and the store has
//! none of that name.

/// The archive.
pub(crate) static HELLO_WORLD: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/hello-world.tar"));
