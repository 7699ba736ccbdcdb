//! `launch.json`, all a monitor is told: written by the engine, read by the monitor and by whoever must
//! clear up after it.
//!
//! Leaves what it says to [`crate::protocol`]. Invariant: a document of a newer version is refused by
//! name, never half understood.

use std::path::Path;

use crate::error::{Error, file};
use crate::paths;
use crate::protocol::Launch;

/// Writes `launch.json` into `run_dir`, which must exist.
pub fn write(run_dir: &Path, launch: &Launch) -> Result<(), Error> {
    let path = run_dir.join(paths::LAUNCH);
    let text = serde_json::to_vec(launch).map_err(|source| Error::Document {
        path: path.clone(),
        source,
    })?;
    std::fs::write(&path, text).map_err(file("write", path))
}

/// Reads `launch.json` of `run_dir`.
pub fn read(run_dir: &Path) -> Result<Launch, Error> {
    let path = run_dir.join(paths::LAUNCH);
    let text = std::fs::read(&path).map_err(file("read", &path))?;
    let launch: Launch = serde_json::from_slice(&text).map_err(|source| Error::Document {
        path: path.clone(),
        source,
    })?;
    if launch.version > crate::protocol::VERSION {
        return Err(Error::Newer {
            path,
            version: launch.version,
        });
    }
    Ok(launch)
}
