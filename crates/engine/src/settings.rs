//! [`Settings`]: everything the outside (arguments, environment, configuration) tells the engine.
//!
//! Leaves to `cli` where each value comes from. Invariant: the engine reads no environment variable
//! and no home directory; what it needs of them is here.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// An image that travels inside the hull binary.
#[derive(Debug, Clone, Copy)]
pub struct EmbeddedImage {
    /// Its name, `hello-world:latest`.
    pub reference: &'static str,
    /// An archive as `hull load` reads it.
    pub archive: &'static [u8],
}

/// How an engine is opened.
#[derive(Debug, Clone)]
pub struct Settings {
    /// State that outlives a boot, `--root`.
    pub root: PathBuf,
    /// State that does not, `--run-root`.
    pub run_root: PathBuf,
    /// The hull binary that monitors execute, normally `/proc/self/exe`.
    pub hull: PathBuf,
    /// Version of hull, shown in inspect and written beside state.
    pub version: &'static str,
    /// OCI runtimes by name, in addition to those found on `search_path`.
    pub runtimes: BTreeMap<String, PathBuf>,
    /// Directories in which `--runtime NAME` is looked for, the caller's `PATH`.
    pub search_path: Vec<PathBuf>,
    /// Images that need no registry.
    pub embedded: &'static [EmbeddedImage],
}
