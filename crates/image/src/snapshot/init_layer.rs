//! The init layer: one shared read-only layer with the mount points every container needs.
//!
//! It lies on top of the image's layers, so that starting a container creates nothing in its
//! writable layer. It hides the image's own `/etc/hosts`, `/etc/hostname` and `/etc/resolv.conf`,
//! which are mounted over anyway; images where `/etc`, `/dev`, `/proc` or `/sys` is no directory get
//! none. `diff` and `commit` must leave it out. Invariant: its content belongs to its name.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::store::{Disk, make_dir};

/// Changes with the content.
pub(crate) const NAME: &str = "init-1";

const DIRECTORIES: [&str; 4] = ["etc", "dev", "proc", "sys"];
const FILES: [&str; 3] = ["etc/hosts", "etc/hostname", "etc/resolv.conf"];

/// The init layer's directory, made when it is not there yet.
pub(crate) fn ensure(disk: &Disk<'_>) -> Result<PathBuf> {
    let path = disk.snapshot(NAME);
    let fs = path.join("fs");
    if fs.is_dir() {
        return Ok(fs);
    }
    make_dir(&disk.snapshots())?;
    let partial = disk.snapshot(&format!("{NAME}.{}", std::process::id()));
    fill(&partial.join("fs"))?;
    match std::fs::rename(&partial, &path) {
        Ok(()) => Ok(fs),
        // Somebody else was faster.
        Err(_) if fs.is_dir() => {
            super::delete_tree(&partial)?;
            Ok(fs)
        }
        Err(source) => Err(Error::File {
            step: "rename",
            path: partial,
            source,
        }),
    }
}

fn fill(fs: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let file = |step, path: &Path| {
        let path = path.to_owned();
        move |source| Error::File { step, path, source }
    };
    for directory in DIRECTORIES {
        let path = fs.join(directory);
        make_dir(&path)?;
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&path, mode).map_err(file("set the mode of", &path))?;
    }
    for name in FILES {
        let path = fs.join(name);
        std::fs::write(&path, "").map_err(file("create", &path))?;
        let mode = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(&path, mode).map_err(file("set the mode of", &path))?;
    }
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(fs, mode).map_err(file("set the mode of", fs))
}
