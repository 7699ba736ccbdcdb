//! The process a monitor looks after, made by hull's own runtime or by a foreign one.
//!
//! Leaves streams and restarts to others. Invariant: whatever was made for the process (cgroups, the
//! hold on its mounts, a foreign runtime's state) is undone by [`Workload::tear_down`], once.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use hull_runtime::cgroup::{Cgroup, CgroupMode, Location, OomEvents};
use hull_runtime::{Bundle, Create, Exec, Host, Running, Stdio};
use hull_sys::pidfd;
use hull_sys::poll::Interest;

use crate::error::{Error, call};
use crate::facts;
use crate::foreign::{Foreign, Started};
use crate::plan;
use crate::protocol::{ContainerTask, ExecTask, Launch, Phase, Task};

/// A process that was started.
#[derive(Debug)]
pub(crate) struct Workload {
    /// Its number.
    pub(crate) pid: i32,
    /// The process.
    pub(crate) pidfd: OwnedFd,
    /// Field 22 of its `stat`.
    pub(crate) start_time: u64,
    /// Where the container's groups are; `None` for exec sessions, which make none.
    cgroup: Option<Cgroup>,
    /// Keeps the container's mounts until the exit was reported.
    hold: Option<OwnedFd>,
    foreign: Option<Foreign>,
    events: Option<OomEvents>,
    watched: bool,
    kills_seen: u64,
}

impl Workload {
    /// Starts the task of `launch`; the second is the master of its terminal, if it has one.
    pub(crate) fn start(
        launch: &Launch,
        run_dir: &Path,
        stdio: Stdio,
    ) -> Result<(Self, Option<OwnedFd>), Error> {
        match &launch.task {
            Task::Container(task) if task.oci_runtime.is_some() => {
                let bundle = Bundle::load(&task.bundle)?;
                let cgroup = groups(&bundle, &launch.id, task.systemd_cgroup)?;
                let started = Foreign::start(launch, task, run_dir, stdio)?;
                Self::of_foreign(started, Some(cgroup))
            }
            Task::Container(task) => container(launch, task, stdio),
            Task::Exec(task) => exec(task, run_dir, stdio),
        }
    }

    /// The process `running`.
    pub(crate) fn new(running: Running) -> (Self, Option<OwnedFd>) {
        let terminal = running.terminal;
        let workload = Self {
            pid: running.pid,
            pidfd: running.pidfd,
            start_time: running.start_time,
            cgroup: running.cgroup,
            hold: running.hold,
            foreign: None,
            events: None,
            watched: false,
            kills_seen: 0,
        };
        (workload, terminal)
    }

    /// As [`Self::new`], made by a foreign runtime.
    fn of_foreign(
        (foreign, pid, terminal): Started,
        cgroup: Option<Cgroup>,
    ) -> Result<(Self, Option<OwnedFd>), Error> {
        let pidfd = pidfd::open(pid).map_err(call("hold the container's first process"))?;
        let start_time = facts::start_time(pid).unwrap_or_default();
        let running = Running {
            pid,
            pidfd,
            start_time,
            terminal,
            cgroup,
            hold: None,
        };
        let (workload, terminal) = Self::new(running);
        Ok((
            Self {
                foreign: Some(foreign),
                ..workload
            },
            terminal,
        ))
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: i32) -> std::io::Result<()> {
        pidfd::signal(&self.pidfd, signal)
    }

    /// Starts watching for the out-of-memory killer; a host that cannot tell is looked at in the end.
    pub(crate) fn watch_memory(&mut self) {
        if !std::mem::replace(&mut self.watched, true)
            && let Some(cgroup) = &self.cgroup
        {
            self.events = cgroup.oom_events().ok().flatten();
        }
    }

    /// Whether [`Self::watch_memory`] was called.
    pub(crate) fn is_watched(&self) -> bool {
        self.watched
    }

    /// What to poll to hear of the out-of-memory killer.
    pub(crate) fn out_of_memory(&self) -> Option<Interest<'_>> {
        Some(match self.events.as_ref()? {
            OomEvents::V1(fd) => Interest::read(fd.as_fd()),
            OomEvents::V2(fd) => Interest::urgent(fd.as_fd()),
        })
    }

    /// Takes an event of [`Self::out_of_memory`]; whether the killer struck since last asked.
    pub(crate) fn count_out_of_memory(&mut self) -> bool {
        if let Some(OomEvents::V1(fd) | OomEvents::V2(fd)) = &self.events {
            let mut buffer = [0; 4096];
            // Reading makes the descriptor quiet again; of the v2 file, reading from its start does.
            hull_sys::fifo::reread(fd, &mut buffer).ok();
        }
        let kills = self
            .cgroup
            .as_ref()
            .and_then(|cgroup| cgroup.oom_kills().ok())
            .unwrap_or_default();
        kills > std::mem::replace(&mut self.kills_seen, kills)
    }

    /// Whether the killer ever struck in its groups.
    pub(crate) fn was_out_of_memory(&self) -> bool {
        let kills = |cgroup: &Cgroup| cgroup.oom_kills().ok();
        self.kills_seen > 0
            || self
                .cgroup
                .as_ref()
                .and_then(kills)
                .is_some_and(|kills| kills > 0)
    }

    /// Kills what its end left over: processes of the container outside its pid namespace.
    pub(crate) fn kill_rest(&self) {
        if let Some(cgroup) = &self.cgroup {
            // What cannot be killed here makes the removal fail, which is told.
            cgroup.kill_all(hull_sys::signal::number::KILL).ok();
        }
    }

    /// Undoes everything that was made for it.
    pub(crate) fn tear_down(mut self) {
        self.events = None;
        drop(self.hold.take());
        if let Some(foreign) = self.foreign.take() {
            foreign.delete();
        }
        if let Some(cgroup) = &self.cgroup
            && cgroup.remove().is_err()
        {
            cgroup.kill_all(hull_sys::signal::number::KILL).ok();
            // Left behind when even that fails; `system reconcile` removes it.
            cgroup.remove().ok();
        }
    }
}

fn container(
    launch: &Launch,
    task: &ContainerTask,
    stdio: Stdio,
) -> Result<(Workload, Option<OwnedFd>), Error> {
    let host = Host::detect()?;
    let bundle = Bundle::load(&task.bundle)?;
    let running = hull_runtime::run(Create {
        id: &launch.id,
        bundle: &bundle,
        host: &host,
        rootfs_mounts: &task.rootfs_mounts,
        stdio,
        preserve_fds: 0,
        systemd_cgroup: task.systemd_cgroup,
        pivot: true,
        filter_cache: launch.filter_cache.as_deref(),
    })?;
    Ok(Workload::new(running))
}

/// The groups a bundle names, made or not.
pub(crate) fn groups(bundle: &Bundle, id: &str, systemd: bool) -> Result<Cgroup, Error> {
    let path = bundle
        .spec
        .linux
        .as_ref()
        .map(|linux| linux.cgroups_path.as_str());
    let location = Location::of(path.unwrap_or_default(), id, systemd).map_err(Error::Cgroup)?;
    let mode = CgroupMode::detect().map_err(Error::Cgroup)?;
    Ok(Cgroup::open(&mode, &location))
}

fn exec(
    task: &ExecTask,
    run_dir: &Path,
    stdio: Stdio,
) -> Result<(Workload, Option<OwnedFd>), Error> {
    let containers = &task.container_run_dir;
    let not_running = || Error::NotRunning {
        run_dir: containers.clone(),
    };
    let state = facts::state(containers)?.filter(|state| state.phase == Phase::Running);
    let state = state.ok_or_else(not_running)?;
    let target = pidfd::open(state.pid).map_err(|_| not_running())?;
    if !facts::alive(state.pid, state.start_time) {
        return Err(not_running());
    }
    let launch = plan::read(containers)?;
    let Task::Container(container) = &launch.task else {
        return Err(not_running());
    };
    if container.oci_runtime.is_some() {
        let started = Foreign::exec((&launch, container), task, run_dir, stdio)?;
        return Workload::of_foreign(started, None);
    }
    let host = Host::detect()?;
    let bundle = Bundle::load(&container.bundle)?;
    let cgroup = groups(&bundle, &launch.id, container.systemd_cgroup)?;
    let running = hull_runtime::exec(Exec {
        host: &host,
        target: target.as_fd(),
        pid: state.pid,
        spec: &bundle.spec,
        cgroup: &cgroup,
        state: None,
        process: &task.process,
        stdio,
        preserve_fds: 0,
        filter_cache: launch.filter_cache.as_deref(),
    })?;
    Ok(Workload::new(running))
}
