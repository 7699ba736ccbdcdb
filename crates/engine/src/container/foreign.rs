//! `--runtime`: an OCI runtime of the host in place of hull's own.
//!
//! Leaves executing it to the monitor. Invariant: `None` means hull's own.

use std::path::{Path, PathBuf};

use crate::context::Context;
use crate::error::Error;

/// The binary of runtime `name`: one from the settings, a path, or one on the search path.
pub fn binary(context: &Context, name: Option<&str>) -> Result<Option<PathBuf>, Error> {
    let name = match name {
        None | Some("" | "hull") => return Ok(None),
        // What docker calls the runtimes that containerd ships.
        Some("io.containerd.runc.v2") => "runc",
        Some("io.containerd.runsc.v1") => "runsc",
        Some(name) => name,
    };
    let unknown = || Error::UnknownRuntime {
        name: name.to_owned(),
    };
    if let Some(path) = context.settings.runtimes.get(name) {
        return Ok(Some(path.clone()));
    }
    if name.contains('/') {
        let path = PathBuf::from(name);
        let usable = path.is_absolute() && path.is_file();
        return if usable {
            Ok(Some(path))
        } else {
            Err(unknown())
        };
    }
    let candidates = context
        .settings
        .search_path
        .iter()
        .map(|dir: &PathBuf| dir.join(name));
    let found = candidates
        .into_iter()
        .find(|path: &PathBuf| is_program(path));
    found.map(Some).ok_or_else(unknown)
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}
