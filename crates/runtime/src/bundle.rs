//! A bundle: a directory with a `config.json`.

use std::fs;
use std::path::{Path, PathBuf};

use hull_oci::runtime_spec::Spec;

use crate::{Error, Result};

/// A directory and the configuration read from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Bundle {
    /// The directory, absolute.
    pub dir: PathBuf,
    /// Its `config.json`.
    pub spec: Spec,
}

impl Bundle {
    /// Reads `dir/config.json`.
    pub fn load(dir: &Path) -> Result<Self> {
        let dir = fs::canonicalize(dir).map_err(|source| Error::OpenBundle {
            path: dir.to_owned(),
            source,
        })?;
        let path = dir.join("config.json");
        let bytes = fs::read(&path).map_err(|source| Error::ReadConfig {
            path: path.clone(),
            source,
        })?;
        let spec =
            serde_json::from_slice(&bytes).map_err(|source| Error::ParseConfig { path, source })?;
        Ok(Self { dir, spec })
    }

    /// The root file system's directory, absolute.
    pub fn rootfs(&self) -> PathBuf {
        match &self.spec.root {
            Some(root) => self.dir.join(&root.path),
            None => self.dir.join("rootfs"),
        }
    }
}
