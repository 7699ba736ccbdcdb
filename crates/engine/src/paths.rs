//! [`Paths`]: where each thing lives below the data root and the run root.
//!
//! Leaves to `image` the inside of the content store and snapshots, to `monitor` the inside of a run
//! directory. Invariant: no other file of the engine joins a path onto a root.

use std::path::{Path, PathBuf};

use hull_model::id::ContainerId;

/// The two roots and what is found beneath them.
#[derive(Debug, Clone)]
pub struct Paths {
    root: PathBuf,
    run_root: PathBuf,
}

impl Paths {
    /// Paths below `root` (survives a boot) and `run_root` (does not).
    pub fn new(root: PathBuf, run_root: PathBuf) -> Self {
        Self { root, run_root }
    }

    /// The data root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The run root.
    pub fn run_root(&self) -> &Path {
        &self.run_root
    }

    /// The ledger's database.
    pub fn ledger(&self) -> PathBuf {
        self.root.join("state.db")
    }

    /// Directories of all containers' lasting data.
    pub fn containers(&self) -> PathBuf {
        self.root.join("containers")
    }

    /// Lasting data of one container: log, exit record, files for /etc, anonymous volumes.
    pub fn container(&self, id: &ContainerId) -> PathBuf {
        self.containers().join(id.as_str())
    }

    /// The json-file log of one container, named as docker names it.
    pub fn log(&self, id: &ContainerId) -> PathBuf {
        self.container(id).join(format!("{id}-json.log"))
    }

    /// Where a container's monitor writes how it ended: in memory when nobody will ask after a boot.
    pub fn exit_record(&self, id: &ContainerId, auto_remove: bool) -> PathBuf {
        let dir = if auto_remove {
            self.run(id)
        } else {
            self.container(id)
        };
        dir.join("exit.json")
    }

    /// Where removed directories wait for their deletion; same file system as the data root.
    pub fn trash(&self) -> PathBuf {
        self.root.join("trash")
    }

    /// Run directories of all containers.
    pub fn runs(&self) -> PathBuf {
        self.run_root.join("containers")
    }

    /// Run directory of one container: bundle, monitor's lock and socket, exec sessions.
    pub fn run(&self, id: &ContainerId) -> PathBuf {
        self.runs().join(id.as_str())
    }

    /// Lock files.
    pub fn locks(&self) -> PathBuf {
        self.run_root.join("locks")
    }

    /// The journal of events.
    pub fn journal(&self) -> PathBuf {
        self.run_root.join("journal.jsonl")
    }
}
