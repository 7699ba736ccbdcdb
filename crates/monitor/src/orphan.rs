//! What remains when a monitor was killed: a container nobody looks after.
//!
//! It runs on (its output is held back once 64 KiB wait), and can be signalled through `init.pid`. Leaves
//! deciding to end it to the engine. Invariant: [`clear`] may be called at any time on any run directory
//! without a monitor, as often as one likes, and leaves no process and no cgroup of the container.

use std::fs;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

use hull_runtime::Bundle;
use hull_sys::pidfd;
use hull_sys::signal::number::KILL;

use crate::error::{Error, call};
use crate::protocol::{ExitRecord, Launch, StateRecord, Task, VERSION};
use crate::workload::groups;
use crate::{clock, exit, facts, paths, plan};

/// How long killed processes may take to go.
const DEATH: Duration = Duration::from_secs(10);

/// Exit code of a task whose end nobody saw, containerd's.
const UNKNOWN: i32 = 255;

/// Ends what is left of the task of `run_dir`, whose monitor must be dead, and gives its exit record:
/// the one its monitor wrote, or one written here.
pub fn clear(run_dir: &Path) -> Result<ExitRecord, Error> {
    let launch = plan::read(run_dir)?;
    let state = facts::state(run_dir)?;
    let killed = end(run_dir, &launch, state.as_ref())?;
    record(&launch, state.as_ref(), killed, facts::boot_id()?)
}

/// Ends what is left of a task whose monitor died before it reported; there is nothing to record.
pub(crate) fn sweep(run_dir: &Path) -> Result<(), Error> {
    let launch = plan::read(run_dir)?;
    end(run_dir, &launch, facts::state(run_dir)?.as_ref()).map(drop)
}

/// Whether a process had to be killed.
fn end(run_dir: &Path, launch: &Launch, state: Option<&StateRecord>) -> Result<bool, Error> {
    if facts::lock_held(run_dir)? {
        return Err(Error::Taken {
            run_dir: run_dir.to_owned(),
        });
    }
    let boot_id = facts::boot_id()?;
    let killed = match state {
        Some(state) if state.boot_id == boot_id => kill(state)?,
        _ => false,
    };
    clear_groups(launch)?;
    for name in [paths::SOCKET, paths::STDOUT, paths::STDERR] {
        // Not there, or in the way of nobody.
        fs::remove_file(run_dir.join(name)).ok();
    }
    Ok(killed)
}

/// Kills the first process if it is alive, and waits until it is gone.
fn kill(state: &StateRecord) -> Result<bool, Error> {
    let Ok(process) = pidfd::open(state.pid) else {
        return Ok(false);
    };
    // Compared after it is held: from here on the number cannot come to mean another process.
    if !facts::alive(state.pid, state.start_time) {
        return Ok(false);
    }
    pidfd::signal(&process, KILL).map_err(call("kill the container's first process"))?;
    let step = "wait for the container's first process";
    pidfd::wait_gone(process.as_fd(), Some(DEATH)).map_err(call(step))
}

/// Kills what is in the container's groups and removes them. Also finds a container whose monitor
/// died between starting it and writing down who it is.
fn clear_groups(launch: &Launch) -> Result<(), Error> {
    let Task::Container(task) = &launch.task else {
        return Ok(());
    };
    let Ok(bundle) = Bundle::load(&task.bundle) else {
        return Ok(());
    };
    let cgroup = groups(&bundle, &launch.id, task.systemd_cgroup)?;
    if cgroup.exists() {
        cgroup.kill_all(KILL)?;
        cgroup.remove()?;
    }
    Ok(())
}

fn record(
    launch: &Launch,
    state: Option<&StateRecord>,
    killed: bool,
    boot_id: String,
) -> Result<ExitRecord, Error> {
    let started_at = state.map_or(0, |state| state.started_at);
    if let Some(record) = exit::read(&launch.exit_record)?
        && record.started_at >= started_at
        && !record.restarting
        && !killed
    {
        return Ok(record);
    }
    let record = ExitRecord {
        version: VERSION,
        code: if killed { 128 + KILL } else { UNKNOWN },
        signal: killed.then_some(KILL),
        oom_killed: false,
        started_at,
        finished_at: clock::now(),
        boot_id,
        restart_count: state.map_or(0, |state| state.restart_count),
        restarting: false,
        error: Some("its monitor was killed".to_owned()),
        log_dropped: 0,
    };
    exit::write(&launch.exit_record, &record)?;
    Ok(record)
}
