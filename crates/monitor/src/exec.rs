//! A further process in a running container: a second, short-lived monitor with a run directory of
//! its own, `exec/<id>/` in the container's.
//!
//! Leaves the process document (user, environment, working directory) to the engine. Invariant: an
//! exec session depends on nothing of the container's own monitor, neither its age nor its life.

use std::path::{Path, PathBuf};

use hull_oci::runtime_spec::Process;

use crate::error::{Error, file};
use crate::launch::{self, How, Launched};
use crate::paths;
use crate::protocol::{ExecTask, Launch, LogPlan, Size, Task, VERSION};

/// An exec session to start.
#[derive(Debug, Clone)]
pub struct Exec {
    /// Its id, unique among the container's sessions.
    pub id: String,
    /// The process.
    pub process: Process,
    /// Allocate a pseudo-terminal.
    pub tty: bool,
    /// Keep standard input open.
    pub open_stdin: bool,
    /// First size of the terminal.
    pub size: Option<Size>,
}

/// Run directory of exec session `id`.
pub fn run_dir(container_run_dir: &Path, id: &str) -> PathBuf {
    container_run_dir.join(paths::EXECS).join(id)
}

/// Starts a session and waits until its process runs. When it fails, its run directory is gone.
pub fn launch(container_run_dir: &Path, exec: Exec, how: &How<'_>) -> Result<Launched, Error> {
    let dir = run_dir(container_run_dir, &exec.id);
    std::fs::create_dir_all(&dir).map_err(file("create", &dir))?;
    let task = ExecTask {
        container_run_dir: container_run_dir.to_owned(),
        process: exec.process,
    };
    let plan = Launch {
        version: VERSION,
        id: exec.id,
        task: Task::Exec(Box::new(task)),
        tty: exec.tty,
        open_stdin: exec.open_stdin,
        stdin_once: true,
        size: exec.size,
        log: LogPlan::None,
        exit_record: dir.join(paths::EXEC_EXIT),
        hull: None,
        state_dir: dir.clone(),
        filter_cache: None,
        ephemeral: how.attach.is_some(),
    };
    let launched = launch::write(&dir, &plan).and_then(|()| launch::launch(&dir, how));
    if launched.is_err() {
        std::fs::remove_dir_all(&dir).ok();
    }
    launched
}
