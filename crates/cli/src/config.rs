//! The user's configuration, `config.json` in the directory that `--config` names.
//!
//! Invariant: read only by commands that use it; unknown fields are left alone, so that a copy of
//! docker's file works.

use serde::Deserialize;

use crate::context::Context;
use crate::error::Error;
use crate::output::note;

/// What a user may set.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Config {
    /// Keys that detach from a terminal.
    pub(crate) detach_keys: String,
    /// Format of `ps`.
    pub(crate) ps_format: String,
    /// Format of `images`.
    pub(crate) images_format: String,
}

impl Config {
    /// Reads the file; one that is not there says nothing.
    pub(crate) fn read(context: &Context) -> Result<Self, Error> {
        let Some(path) = context.config_dir().map(|dir| dir.join("config.json")) else {
            return Ok(Self::default());
        };
        match std::fs::read(&path) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).map_err(|source| Error::Config { path, source })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            // As docker: somebody else's file, after sudo or su, is no reason to stop.
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                note(&format!("WARNING: cannot read {}: {error}", path.display()));
                Ok(Self::default())
            }
            Err(source) => Err(Error::File {
                step: "read",
                path,
                source,
            }),
        }
    }
}
