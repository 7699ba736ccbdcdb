//! The records a monitor leaves behind: the state of a life, the exit, a failure to start.
//!
//! Invariant: times are nanoseconds since 1970, whatever the clock of the reader; pids come with a
//! start time and a boot id, because a bare pid names nobody.

use serde::{Deserialize, Serialize};

/// `init.pid`: who the container's (or the exec session's) first process is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateRecord {
    /// Version of the writer's protocol.
    pub version: u32,
    /// Where in its life the task is.
    pub phase: Phase,
    /// Pid in the monitor's pid namespace; 0 when there is none now.
    pub pid: i32,
    /// Field 22 of `/proc/<pid>/stat`, in clock ticks since boot.
    pub start_time: u64,
    /// `/proc/sys/kernel/random/boot_id`.
    pub boot_id: String,
    /// When the process was started; the last one while restarting.
    pub started_at: u64,
    /// Restarts so far.
    #[serde(default)]
    pub restart_count: u32,
    /// Pid of the monitor.
    #[serde(default)]
    pub monitor_pid: i32,
    /// The container's cgroups, for whoever must clean up after a dead monitor.
    #[serde(default)]
    pub cgroups: Vec<std::path::PathBuf>,
}

/// Where in its life a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Its first process runs, or ran when the monitor last looked.
    Running,
    /// Between an exit and the next start.
    Restarting,
    /// It ended for good; the exit record is written.
    Exited,
}

/// `exit.json`: how a task ended; written before the monitor's lock is released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitRecord {
    /// Version of the writer's protocol.
    pub version: u32,
    /// Docker's exit code: the process' own, or 128 plus the signal that killed it.
    pub code: i32,
    /// The signal that killed it.
    #[serde(default)]
    pub signal: Option<i32>,
    /// The kernel's OOM killer killed something in the container.
    #[serde(default)]
    pub oom_killed: bool,
    /// When the process was started; 0 when it never was.
    #[serde(default)]
    pub started_at: u64,
    /// When it ended.
    pub finished_at: u64,
    /// Boot it ended in.
    #[serde(default)]
    pub boot_id: String,
    /// Restarts so far.
    #[serde(default)]
    pub restart_count: u32,
    /// The monitor will start the task again.
    #[serde(default)]
    pub restarting: bool,
    /// Why it could not be started, or was not looked after to its end.
    #[serde(default)]
    pub error: Option<String>,
    /// Log lines dropped because the log could not be written.
    #[serde(default)]
    pub log_dropped: u64,
}

/// The task runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// Version of the monitor's protocol.
    pub version: u32,
    /// Pid of the first process.
    pub pid: i32,
    /// When it was started.
    pub started_at: u64,
}

/// The task could not be started; nothing of it is left but the run directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Version of the monitor's protocol.
    pub version: u32,
    /// What kind of failure; exit codes 125, 126 and 127 follow from it.
    pub kind: FailureKind,
    /// The error, without its causes.
    pub text: String,
    /// Its causes, outermost first.
    #[serde(default)]
    pub causes: Vec<String>,
    /// One thing the user can do about it.
    #[serde(default)]
    pub hint: Option<String>,
}

/// What a failure to start means to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The container's command does not exist: exit code 127.
    CommandNotFound,
    /// The container's command cannot be executed (permission, directory, format): exit code 126.
    CommandNotExecutable,
    /// The wish or bundle is wrong: exit code 125.
    Invalid,
    /// This host cannot do it: exit code 125.
    Unsupported,
    /// Permission missing: exit code 125.
    Denied,
    /// Something needed is not there: exit code 125.
    Unavailable,
    /// Anything else: exit code 125.
    #[serde(other)]
    Internal,
}

impl FailureKind {
    /// Exit code of `run`, `start` and `exec` for this failure.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::CommandNotFound => 127,
            Self::CommandNotExecutable => 126,
            _ => 125,
        }
    }
}

/// What a monitor says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Version of the monitor's protocol.
    pub version: u32,
    /// Id of its task.
    pub id: String,
    /// As in `init.pid`.
    pub state: StateRecord,
    /// Sessions attached now.
    #[serde(default)]
    pub sessions: u32,
    /// Log lines dropped because the log could not be written.
    #[serde(default)]
    pub log_dropped: u64,
    /// Restarting was switched off by a stop.
    #[serde(default)]
    pub restart_stopped: bool,
}
