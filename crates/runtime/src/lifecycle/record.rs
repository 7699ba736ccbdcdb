//! What is written down about a container, and what follows from it.
//!
//! ```text
//! <root>/<id>/state.json   Record: identity, first process, where its cgroup is
//!             config.json  the configuration it was made from, as it was then
//!             door         socket where `start` knocks; gone once it was started
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use hull_oci::runtime_spec::{Spec, State, Status, VERSION};
use hull_sys::pidfd;
use serde::{Deserialize, Serialize};

use crate::cgroup::{Cgroup, Location};
use crate::{Error, Host, Result, process_stat, validate};

/// Version of the form below; a newer one is refused by its reader.
const FORM: u32 = 1;

/// Where containers are remembered.
#[derive(Debug, Clone)]
pub struct Containers {
    root: PathBuf,
}

/// What is written down about a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Version of this form.
    pub form: u32,
    /// The container's id.
    pub id: String,
    /// Its bundle.
    pub bundle: PathBuf,
    /// Its root file system.
    pub rootfs: PathBuf,
    /// When it was made, RFC 3339.
    pub created: String,
    /// Name of the user who made it.
    pub owner: String,
    /// Its first process; 0 while it is being made.
    pub pid: i32,
    /// When that process started, in ticks since boot.
    pub start_time: u64,
    /// Id of the mount at its root, when that is in its caller's mount namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_mount: Option<u64>,
    /// Its `cgroupsPath`.
    pub cgroups_path: String,
    /// Whether that is systemd's form.
    pub systemd_cgroup: bool,
    /// Annotations of its configuration.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
}

/// A remembered container.
#[derive(Debug, Clone)]
pub struct Container {
    /// Its directory.
    pub(super) dir: PathBuf,
    /// What is written down.
    pub record: Record,
}

pub(super) const STATE: &str = "state.json";
pub(super) const CONFIG: &str = "config.json";
pub(super) const DOOR: &str = "door";

impl Containers {
    /// Containers remembered below `root`, which need not exist.
    pub fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// Takes the id by making its directory.
    pub(super) fn claim(&self, id: &str) -> Result<PathBuf> {
        validate::id(id)?;
        let make = |recursive: bool, path: &Path| {
            fs::DirBuilder::new()
                .mode(0o711)
                .recursive(recursive)
                .create(path)
        };
        let failed = |path: &Path, source| Error::State {
            verb: "make",
            path: path.to_owned(),
            source,
        };
        let dir = self.root.join(id);
        match make(false, &dir) {
            Ok(()) => Ok(dir),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make(true, &self.root).map_err(|source| failed(&self.root, source))?;
                make(false, &dir).map_err(|source| failed(&dir, source))?;
                Ok(dir)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(Error::Exists { id: id.to_owned() })
            }
            Err(source) => Err(failed(&dir, source)),
        }
    }

    /// The container named `id`.
    pub fn find(&self, id: &str) -> Result<Container> {
        validate::id(id)?;
        let dir = self.root.join(id);
        let path = dir.join(STATE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(Error::NoContainer { id: id.to_owned() });
            }
            Err(source) => {
                return Err(Error::State {
                    verb: "read",
                    path,
                    source,
                });
            }
        };
        let record: Record =
            serde_json::from_slice(&bytes).map_err(|source| Error::DamagedState {
                path: path.clone(),
                source,
            })?;
        if record.form > FORM {
            return Err(crate::plan::invalid(
                &path.to_string_lossy(),
                format!("form {} is newer than this hull", record.form),
            ));
        }
        Ok(Container { dir, record })
    }

    /// All containers, by id; those that vanish meanwhile are left out.
    pub fn list(&self) -> Result<Vec<Container>> {
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => {
                let path = self.root.clone();
                return Err(Error::State {
                    verb: "list",
                    path,
                    source,
                });
            }
        };
        let mut all: Vec<Container> = entries
            .filter_map(|entry| self.find(entry.ok()?.file_name().to_str()?).ok())
            .collect();
        all.sort_by(|a, b| a.record.id.cmp(&b.record.id));
        Ok(all)
    }

    /// Removes what a `create` that was killed at its very beginning left behind; whether there was
    /// anything.
    pub fn sweep(&self, id: &str) -> Result<bool> {
        validate::id(id)?;
        let dir = self.root.join(id);
        match fs::remove_dir_all(&dir) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(Error::State {
                verb: "remove",
                path: dir,
                source,
            }),
        }
    }
}

impl Container {
    /// Writes `record` down for the first time, before anybody knows of it.
    pub(super) fn save_first(&self) -> Result<()> {
        let bytes = serde_json::to_vec(&self.record).map_err(Error::WriteState)?;
        let path = self.dir.join(STATE);
        fs::write(&path, bytes).map_err(|source| Error::State {
            verb: "write",
            path,
            source,
        })
    }

    /// Writes `record` down; readers see the old one or the new one.
    pub(super) fn save(&self) -> Result<()> {
        let bytes = serde_json::to_vec(&self.record).map_err(Error::WriteState)?;
        let (path, next) = (self.dir.join(STATE), self.dir.join("state.json.new"));
        let written = fs::write(&next, bytes).and_then(|()| fs::rename(&next, &path));
        written.map_err(|source| Error::State {
            verb: "write",
            path,
            source,
        })
    }

    /// The configuration the container was made from.
    pub fn spec(&self) -> Result<Spec> {
        let path = self.dir.join(CONFIG);
        let bytes = fs::read(&path).map_err(|source| Error::State {
            verb: "read",
            path: path.clone(),
            source,
        })?;
        serde_json::from_slice(&bytes).map_err(|source| Error::DamagedState { path, source })
    }

    /// Its cgroups.
    pub fn cgroup(&self, host: &Host) -> Result<Cgroup> {
        let record = &self.record;
        let location = Location::of(&record.cgroups_path, &record.id, record.systemd_cgroup)?;
        Ok(Cgroup::open(&host.cgroup, &location))
    }

    /// A group below its cgroups that the container made itself, for an exec.
    pub fn sub_cgroup(&self, host: &Host, path: &str) -> Result<Cgroup> {
        // `controller:path` names one hierarchy; one path is meant for all.
        let path = path.split_once(':').map_or(path, |(_, path)| path);
        let record = &self.record;
        let own = Location::of(&record.cgroups_path, &record.id, record.systemd_cgroup)?;
        let inside = Location::of(&format!("/{path}"), "", false).map(|inside| inside.path());
        let below = format!("{}{}", own.path(), inside.unwrap_or_default());
        Ok(Cgroup::open(&host.cgroup, &Location::Path(below)))
    }

    /// Its first process, if it still runs.
    pub fn process(&self) -> Option<OwnedFd> {
        let Record {
            pid, start_time, ..
        } = self.record;
        let process = pidfd::open(pid).ok()?;
        // Looked at after it was opened: were the number another process's by now, so would the
        // start be.
        let same = process_stat::start_time(pid) == Some(start_time);
        let alive = !matches!(process_stat::state(pid), None | Some('Z' | 'X'));
        (same && alive).then_some(process)
    }

    /// Where it is in its life.
    pub fn status(&self, host: &Host) -> Result<Status> {
        if self.record.pid == 0 {
            return Ok(Status::Creating);
        }
        if self.process().is_none() {
            return Ok(Status::Stopped);
        }
        if self.dir.join(DOOR).exists() {
            return Ok(Status::Created);
        }
        let frozen = self.cgroup(host)?.frozen()?;
        Ok(if frozen {
            Status::Paused
        } else {
            Status::Running
        })
    }

    /// Its state document.
    pub fn state(&self, status: Status) -> State {
        let record = &self.record;
        State {
            oci_version: VERSION.to_owned(),
            id: record.id.clone(),
            status,
            pid: if status == Status::Stopped {
                0
            } else {
                record.pid
            },
            bundle: record.bundle.to_string_lossy().into_owned(),
            annotations: record.annotations.clone(),
        }
    }

    /// The error of a verb that this status forbids.
    pub(super) fn wrong(&self, verb: &'static str, status: Status) -> Error {
        Error::WrongStatus {
            verb,
            id: self.record.id.clone(),
            status: match status {
                Status::Creating => "being created",
                Status::Created => "not started",
                Status::Running => "running",
                Status::Paused => "paused",
                Status::Stopped => "not running",
            },
        }
    }
}

impl Record {
    pub(super) const FORM: u32 = FORM;
}
