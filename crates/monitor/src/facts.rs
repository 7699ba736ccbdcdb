//! The truth about a run directory, read without asking its monitor: status is derived from it.
//!
//! Leaves the status words to the engine. Invariant: nothing here takes a lock, sends a signal or
//! changes a file, so it may be read a thousand times a second beside anything.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use crate::error::{Error, file};
use crate::paths;
use crate::protocol::{Phase, StateRecord};

/// What the files of a run directory and the kernel say now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// A living monitor holds the lock.
    pub monitored: bool,
    /// Who the first process is or was; `None` when none was ever started.
    pub state: Option<StateRecord>,
    /// The first process is alive: pid, start time and boot id agree and it is no zombie.
    pub init_alive: bool,
}

impl Facts {
    /// The task runs, with or without a monitor.
    pub fn running(&self) -> bool {
        self.init_alive
    }

    /// It runs, but its monitor died: no log, no restart, no attach.
    pub fn orphaned(&self) -> bool {
        self.init_alive && !self.monitored
    }

    /// Its monitor waits to start it again.
    pub fn restarting(&self) -> bool {
        self.monitored && self.phase() == Some(Phase::Restarting)
    }

    /// The monitor is there, but nothing was started yet.
    pub fn starting(&self) -> bool {
        self.monitored && self.state.is_none()
    }

    /// Phase last written by the monitor.
    pub fn phase(&self) -> Option<Phase> {
        self.state.as_ref().map(|state| state.phase)
    }
}

/// The facts of `run_dir` in the boot `boot_id` (see [`boot_id`]). A missing directory is no error.
pub fn read(run_dir: &Path, boot_id: &str) -> Result<Facts, Error> {
    let monitored = lock_held(run_dir)?;
    let state = state(run_dir)?;
    let init_alive = match &state {
        Some(state) if state.phase == Phase::Running => {
            state.boot_id == boot_id && alive(state.pid, state.start_time)
        }
        _ => false,
    };
    Ok(Facts {
        monitored,
        state,
        init_alive,
    })
}

/// Whether a monitor lives in `run_dir`.
pub fn lock_held(run_dir: &Path) -> Result<bool, Error> {
    let path = run_dir.join(paths::LOCK);
    match File::open(&path) {
        Ok(lock) => hull_sys::lock::is_held(&lock).map_err(file("ask for the lock of", path)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(Error::File {
            step: "open",
            path,
            source,
        }),
    }
}

/// Waits until no monitor lives in `run_dir`: its exit record is written and its cgroups are gone.
pub fn wait_unmonitored(run_dir: &Path) -> Result<(), Error> {
    let path = run_dir.join(paths::LOCK);
    let lock = match OpenOptions::new().read(true).write(true).open(&path) {
        Ok(lock) => lock,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => {
            return Err(Error::File {
                step: "open",
                path,
                source,
            });
        }
    };
    hull_sys::lock::exclusive(&lock).map_err(file("wait for the lock of", path))
}

/// The state record of `run_dir`, `None` when nothing was started yet.
pub fn state(run_dir: &Path) -> Result<Option<StateRecord>, Error> {
    let path = run_dir.join(paths::STATE);
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(Error::File {
                step: "read",
                path,
                source,
            });
        }
    };
    serde_json::from_slice(&text)
        .map(Some)
        .map_err(|source| Error::Document { path, source })
}

/// Ids of the exec sessions of a container's run directory that a monitor looks after now.
pub fn execs(container_run_dir: &Path) -> Result<Vec<String>, Error> {
    let dir = container_run_dir.join(paths::EXECS);
    let entries = match std::fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => {
            return Err(Error::File {
                step: "list",
                path: dir,
                source,
            });
        }
    };
    let mut ids = Vec::new();
    for entry in entries.flatten() {
        if lock_held(&entry.path())? {
            ids.extend(entry.file_name().into_string().ok());
        }
    }
    ids.sort();
    Ok(ids)
}

/// Whether process `pid` is the one that started at `start_time`, and no zombie.
pub fn alive(pid: i32, start_time: u64) -> bool {
    process_stat(pid)
        .is_some_and(|(state, start)| start == start_time && !matches!(state, 'Z' | 'X'))
}

/// Start time of process `pid`, field 22 of its `stat`.
pub fn start_time(pid: i32) -> Option<u64> {
    process_stat(pid).map(|(_, start)| start)
}

/// State letter and start time of process `pid` (proc(5), `/proc/pid/stat`).
fn process_stat(pid: i32) -> Option<(char, u64)> {
    let text = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    // The name, field 2, may hold anything, brackets and spaces included; the last `)` ends it.
    let end = text.iter().rposition(|&byte| byte == b')')?;
    let rest = std::str::from_utf8(text.get(end + 1..)?).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let start = fields.nth(18)?.parse().ok()?;
    Some((state, start))
}

/// Id of the running boot.
pub fn boot_id() -> Result<String, Error> {
    let path = "/proc/sys/kernel/random/boot_id";
    let text = std::fs::read_to_string(path).map_err(file("read", path))?;
    Ok(text.trim().to_owned())
}
