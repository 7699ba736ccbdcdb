//! Host paths a container sees: binds, checked or made, and its anonymous volumes.
//!
//! Leaves options to `spec::mounts` and mounting to the runtime. Invariant: only `-v` makes a missing
//! source; whatever is made for a container's volumes lies in its own directory.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use hull_model::container::config::ContainerConfig;
use hull_model::container::mount::{Mount, MountKind};

use crate::container::effective::Effective;
use crate::container::spec::input::{BindMount, HostFacts};
use crate::container::spec::mounts::bind_options;
use crate::container::spec::validate::clean;
use crate::error::{Error, SpecError, file};

/// An anonymous volume of a container: where it is on the host and in the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnonymousVolume {
    /// 64 digits, as docker names them.
    pub name: String,
    /// Directory on the host.
    pub source: PathBuf,
    /// Path in the container.
    pub target: String,
    /// Read-only.
    pub read_only: bool,
}

/// The anonymous volumes of a container whose own directory is `dir`.
pub fn volumes(
    dir: &Path,
    config: &ContainerConfig,
    effective: &Effective,
) -> Vec<AnonymousVolume> {
    let asked = config
        .mounts
        .iter()
        .filter(|m| m.kind == MountKind::Volume && m.source.is_empty());
    let asked = asked.map(|mount| (clean(&mount.target), mount.read_only));
    let taken = |target: &String| {
        config
            .mounts
            .iter()
            .any(|mount| clean(&mount.target) == *target)
    };
    let own = effective
        .volumes
        .iter()
        .map(|path| clean(path))
        .filter(|target| !taken(target));
    asked
        .chain(own.map(|target| (target, false)))
        .map(|(target, read_only)| {
            let name = volume_name(dir, &target);
            let source = dir.join("volumes").join(&name).join("_data");
            AnonymousVolume {
                name,
                source,
                target,
                read_only,
            }
        })
        .collect()
}

/// 64 digits that follow from the container and the path.
fn volume_name(dir: &Path, target: &str) -> String {
    let id = dir.file_name().unwrap_or_default().to_string_lossy();
    let fnv = |text: &str| {
        text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    };
    format!("{:.48}{:016x}", id, fnv(target))
}

/// Checks what can be checked when a container is created: sources of `--mount`, named volumes.
pub fn check(config: &ContainerConfig) -> Result<(), Error> {
    for mount in &config.mounts {
        match mount.kind {
            MountKind::Bind if !mount.create_source => exists(&mount.source)?,
            MountKind::Volume if !mount.source.is_empty() => {
                return Err(Error::NotYet {
                    wish: "mount a named volume",
                    hint: "name a host directory, as in -v /srv/data:/data",
                });
            }
            _ => {}
        }
    }
    Ok(())
}

fn exists(path: &str) -> Result<(), SpecError> {
    match fs::metadata(path) {
        Ok(_) => Ok(()),
        Err(_) => Err(SpecError::BindSource {
            path: path.to_owned(),
        }),
    }
}

/// All binds of a container, sources there.
pub fn binds(
    config: &ContainerConfig,
    volumes: &[AnonymousVolume],
    host: &HostFacts,
) -> Result<Vec<BindMount>, Error> {
    let mut binds = Vec::new();
    for mount in config
        .mounts
        .iter()
        .filter(|mount| mount.kind == MountKind::Bind)
    {
        source(mount)?;
        binds.push(BindMount {
            source: mount.source.clone(),
            target: clean(&mount.target),
            options: bind_options(mount, host),
        });
    }
    for volume in volumes {
        let mut options = vec!["rbind".to_owned(), "rprivate".to_owned()];
        if volume.read_only {
            options.push("ro".into());
        }
        let source = volume.source.to_string_lossy().into_owned();
        binds.push(BindMount {
            source,
            target: volume.target.clone(),
            options,
        });
    }
    Ok(binds)
}

/// Makes the source of `-v` when it is missing; anything else must be there.
fn source(mount: &Mount) -> Result<(), Error> {
    match fs::metadata(&mount.source) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound && mount.create_source => {
            fs::create_dir_all(&mount.source).map_err(file("create", &mount.source))
        }
        Err(_) => Err(SpecError::BindSource {
            path: mount.source.clone(),
        }
        .into()),
    }
}
