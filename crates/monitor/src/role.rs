//! `hull monitor <run dir>`: the process that is one container's (or exec session's) monitor.
//!
//! Leaves the loop to `supervise` and the task's life to `life`. Invariant: the starter is told within
//! this file, once: started, or why not.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use hull_sys::failpoint::failpoint;
use hull_sys::signal::{self, number};
use hull_sys::{daemon, lock, seqpacket};

use crate::error::{Error, call, file};
use crate::log::json_file::JsonFile;
use crate::log::rotate;
use crate::peer::Peer;
use crate::protocol::{Frame, Phase, RestartPlan, StateRecord, Task, VERSION};
use crate::restart::Restart;
use crate::stdio::Streams;
use crate::supervise::Monitor;
use crate::{facts, paths, plan, report};

/// The role's `main`; `arguments` are those after `monitor`: the run directory, in `/`-rooted form.
pub fn main(arguments: &[OsString]) -> ExitCode {
    match arguments {
        [run_dir] => look_after(Path::new(run_dir)),
        [verb, path] if verb == rotate::COMPRESS => match rotate::compress(Path::new(path)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        _ => ExitCode::from(2),
    }
}

fn look_after(run_dir: &Path) -> ExitCode {
    // Without descriptors or a session of its own nothing can be told to anybody.
    let Ok(input) = daemon::detach() else {
        return ExitCode::FAILURE;
    };
    let mut launcher = Peer::launcher(input);
    failpoint("monitor-begins");
    match Monitor::prepare(run_dir) {
        Ok(monitor) => monitor.begin(launcher),
        Err(error) => {
            if let Some(peer) = launcher.as_mut() {
                peer.send(&Frame::Failed(report::failure(&error)));
            }
            ExitCode::FAILURE
        }
    }
}

impl Monitor {
    /// Everything that can be had before the task exists.
    fn prepare(run_dir: &Path) -> Result<Self, Error> {
        let launch = plan::read(run_dir)?;
        let lock = take_lock(run_dir)?;
        failpoint("monitor-locked");
        clear(run_dir)?;
        let signals = signals()?;
        let listener = seqpacket::listen_at(run_dir, paths::SOCKET);
        let listener = listener.map_err(file("listen at", run_dir.join(paths::SOCKET)))?;
        let plan = match &launch.task {
            Task::Container(task) => task.restart,
            Task::Exec(_) => RestartPlan::default(),
        };
        Ok(Self {
            run_dir: run_dir.to_owned(),
            state: first_state(plan)?,
            restart: Restart::new(plan),
            log: JsonFile::new(&launch.log),
            launch,
            lock: Some(lock),
            listener: Some(listener),
            signals,
            peers: Vec::new(),
            streams: Streams::default(),
            workload: None,
            exit: None,
            reaped: false,
            settled: false,
            stdin_taken: false,
            buffer: Vec::new(),
        })
    }

    /// Starts the task, tells the launcher, and looks after it.
    fn begin(mut self, launcher: Option<Peer>) -> ExitCode {
        if let Some(peer) = launcher {
            let streams = peer.streams;
            self.peers.push(peer);
            if streams.stdin {
                self.attach(0, streams);
            }
        }
        match self.start_task() {
            Ok(()) => {
                self.tell_started();
                self.look_after()
            }
            Err(error) => self.give_up(&error),
        }
    }

    /// Undoes what was begun and tells the launcher why.
    fn give_up(mut self, error: &Error) -> ExitCode {
        if let Some(workload) = self.workload.take() {
            workload.signal(number::KILL).ok();
            workload.kill_rest();
            hull_sys::pidfd::wait_gone(&workload.pidfd, None).ok();
            workload.tear_down();
        }
        for name in [paths::SOCKET, paths::STATE, paths::STDOUT, paths::STDERR] {
            fs::remove_file(self.run_dir.join(name)).ok();
        }
        let frame = Frame::Failed(report::failure(error));
        self.peers.iter_mut().for_each(|peer| peer.send(&frame));
        if self.peers.iter().any(Peer::is_gone) && self.launch.hull.is_some() {
            // The launcher died: nobody else knows that this start came to nothing.
            return self.become_reaper();
        }
        ExitCode::FAILURE
    }
}

fn take_lock(run_dir: &Path) -> Result<fs::File, Error> {
    let path: PathBuf = run_dir.join(paths::LOCK);
    let options = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path);
    let file_ = options.map_err(file("open", &path))?;
    if lock::try_exclusive(&file_).map_err(file("lock", &path))? {
        Ok(file_)
    } else {
        Err(Error::Taken {
            run_dir: run_dir.to_owned(),
        })
    }
}

/// Removes what a previous life left in the run directory.
fn clear(run_dir: &Path) -> Result<(), Error> {
    for name in [paths::SOCKET, paths::STATE] {
        let path = run_dir.join(name);
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::File {
                    step: "remove",
                    path,
                    source: cause,
                });
            }
            _ => {}
        }
    }
    Ok(())
}

fn signals() -> Result<signal::Signals, Error> {
    let step = "set up signals";
    for ignored in [number::HUP, number::INT, number::QUIT, number::PIPE] {
        signal::ignore(ignored).map_err(call(step))?;
    }
    signal::descriptor(&[number::TERM, number::CHILD]).map_err(call(step))
}

fn first_state(plan: RestartPlan) -> Result<StateRecord, Error> {
    Ok(StateRecord {
        version: VERSION,
        phase: Phase::Running,
        pid: 0,
        start_time: 0,
        boot_id: facts::boot_id()?,
        started_at: 0,
        restart_count: plan.count,
        monitor_pid: hull_sys::process::id(),
        cgroups: Vec::new(),
    })
}
