//! [`Launch`], the document `launch.json` of a run directory: all a monitor is told before it starts.
//!
//! Leaves the container itself to the bundle's `config.json`. Invariant: everything that outlives the
//! process that wrote it (paths, arguments) is absolute.

use std::collections::BTreeMap;
use std::path::PathBuf;

use hull_oci::runtime_spec::{Mount, Process};
use serde::{Deserialize, Serialize};

/// What one monitor shall do, written by the engine into the run directory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Launch {
    /// Version of the writer's protocol, [`super::VERSION`].
    pub version: u32,
    /// Id of the container, or of the exec session.
    pub id: String,
    /// A container or an exec session.
    pub task: Task,
    /// Allocate a pseudo-terminal.
    #[serde(default)]
    pub tty: bool,
    /// Give the process a standard input that stays open; otherwise it reads /dev/null.
    #[serde(default)]
    pub open_stdin: bool,
    /// Close standard input when the first session that attached to it ends.
    #[serde(default)]
    pub stdin_once: bool,
    /// First size of the terminal.
    #[serde(default)]
    pub size: Option<Size>,
    /// Where output is kept.
    #[serde(default)]
    pub log: LogPlan,
    /// The exit record, outside the run directory when it must survive a reboot.
    pub exit_record: PathBuf,
    /// The hull binary to call back; `None` (tests, exec sessions) calls nobody.
    #[serde(default)]
    pub hull: Option<Hull>,
    /// Directory the process' state is kept in by the runtime.
    pub state_dir: PathBuf,
    /// Directory of compiled system call filters, shared by all containers; `None` compiles anew.
    #[serde(default)]
    pub filter_cache: Option<PathBuf>,
    /// Remove the run directory at the end, exit record included: whoever launched it was told the exit,
    /// and nobody else will ask.
    #[serde(default)]
    pub ephemeral: bool,
}

/// The two things a monitor can look after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// A container, from its bundle.
    Container(Box<ContainerTask>),
    /// A further process in a running container.
    Exec(Box<ExecTask>),
}

/// A container to create and start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContainerTask {
    /// Directory holding `config.json`.
    pub bundle: PathBuf,
    /// Mounts performed in the monitor's or the container's mount namespace before all others.
    #[serde(default)]
    pub rootfs_mounts: Vec<Mount>,
    /// An OCI runtime's binary to use in place of hull's own.
    #[serde(default)]
    pub oci_runtime: Option<PathBuf>,
    /// Use the systemd cgroup driver.
    #[serde(default)]
    pub systemd_cgroup: bool,
    /// When to start it again.
    #[serde(default)]
    pub restart: RestartPlan,
    /// Signal `stop` sends, by number; kept so that anybody can stop the container from the run dir.
    #[serde(default)]
    pub stop_signal: Option<i32>,
}

/// A process to start in a running container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExecTask {
    /// Run directory of the container.
    pub container_run_dir: PathBuf,
    /// The process, as in a runtime spec.
    pub process: Process,
}

/// Rows and columns of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Size {
    /// Lines.
    pub rows: u16,
    /// Characters per line.
    pub columns: u16,
}

/// Where output is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "driver", rename_all = "kebab-case")]
pub enum LogPlan {
    /// Nowhere.
    #[default]
    None,
    /// Docker's json-file.
    JsonFile {
        /// The file; created at its first byte. Rotated ones are `<path>.1`, `.2` ….
        path: PathBuf,
        /// Rotate when the file would grow above this many bytes; `None` never rotates.
        #[serde(default)]
        max_size: Option<u64>,
        /// Files kept, the current one included; 0 counts as 1.
        #[serde(default)]
        max_file: u32,
        /// Gzip rotated files.
        #[serde(default)]
        compress: bool,
        /// Docker's `attrs`: labels, environment and tag chosen by log options, same on every line.
        #[serde(default)]
        attrs: BTreeMap<String, String>,
    },
}

/// When a container is started again, and what is known from before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RestartPlan {
    /// The policy.
    #[serde(default)]
    pub policy: RestartPolicy,
    /// Restarts counted so far.
    #[serde(default)]
    pub count: u32,
}

/// `--restart`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestartPolicy {
    /// Never.
    #[default]
    No,
    /// After a non-zero exit, at most `maximum` times (0: without limit).
    OnFailure {
        /// Most restarts.
        maximum: u32,
    },
    /// Always, unless stopped by hand.
    Always,
    /// As [`Self::Always`] here; the two differ only at boot.
    UnlessStopped,
}

/// The hull binary of the engine and the arguments that choose its root (`--root DIR --run-root DIR`).
///
/// The monitor runs `<program> <args> system reap <id>` at the end and
/// `<program> <args> system note <id> <what> [<detail>]` on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hull {
    /// Absolute path of the binary.
    pub program: PathBuf,
    /// Global arguments.
    #[serde(default)]
    pub args: Vec<String>,
}
