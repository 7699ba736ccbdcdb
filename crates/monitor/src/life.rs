//! The life of a task: started, ended, started again, and what is left behind in the end.
//!
//! Leaves waiting for events to `supervise`. Invariant: the exit record is on disk before anybody is
//! told of the exit, and before the lock is released.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use hull_sys::failpoint::failpoint;
use hull_sys::pidfd::Exit;

use crate::clock;
use crate::error::Error;
use crate::exit;
use crate::log::json_file::JsonFile;
use crate::paths;
use crate::peer::Peer;
use crate::protocol::{ExitRecord, Frame, Phase, Started, Task, VERSION};
use crate::remount;
use crate::stdio::Streams;
use crate::supervise::Monitor;
use crate::workload::Workload;

/// How long output is waited for once the first process is gone and the rest was killed.
const DRAIN: Duration = Duration::from_secs(2);
/// How long the launching client may take to say that it reaps, or to go.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a task must run before what can wait is set up.
const SETTLING: Duration = Duration::from_millis(50);
/// How long nothing must happen before the memory of what happened is given back.
const QUIET: Duration = Duration::from_secs(2);

impl Monitor {
    /// Starts the task's process and writes down who it is.
    pub(crate) fn start_task(&mut self) -> Result<(), Error> {
        let stdio = if self.launch.tty {
            hull_runtime::Stdio::Terminal
        } else {
            let (streams, stdio) = Streams::pipes(&self.run_dir, &self.launch)?;
            self.streams = streams;
            stdio
        };
        failpoint("monitor-before-run");
        let (workload, terminal) = Workload::start(&self.launch, &self.run_dir, stdio)?;
        failpoint("monitor-after-run");
        self.state.pid = workload.pid;
        self.state.start_time = workload.start_time;
        self.state.started_at = clock::now();
        self.workload = Some(workload);
        if let Some(master) = terminal {
            self.streams = Streams::terminal(master, self.launch.size)?;
        }
        self.exit = None;
        self.settled = false;
        self.write_state(Phase::Running)?;
        failpoint("monitor-after-state");
        Ok(())
    }

    /// Tells the launching client that the task runs.
    pub(crate) fn tell_started(&mut self) {
        let (pid, started_at) = (self.state.pid, self.state.started_at);
        let started = Started {
            version: VERSION,
            pid,
            started_at,
        };
        for peer in self.peers.iter_mut().filter(|peer| peer.launched_us) {
            peer.send(&Frame::Started(started.clone()));
            if !peer.told_exit {
                peer.close();
            }
        }
        failpoint("monitor-after-report");
    }

    /// Looks after the task until it has ended for good.
    pub(crate) fn look_after(mut self) -> ExitCode {
        loop {
            let trouble = self.until_exit();
            let lived = Duration::from_nanos(clock::now().saturating_sub(self.state.started_at));
            self.drain();
            let mut record = self.record(trouble);
            let delay = self.restart.after(record.code, lived);
            record.restarting = delay.is_some();
            record.restart_count = self.restart.count();
            failpoint("monitor-exit-seen");
            self.conclude(&record);
            let Some(delay) = delay else {
                return self.finish();
            };
            if !self.start_again(delay, &record) {
                return self.finish();
            }
        }
    }

    /// Turns until the process has ended. A fault of the monitor itself does not end the task: what
    /// is not needed to see its exit is given up, and the fault is told in the exit record.
    fn until_exit(&mut self) -> Option<String> {
        let mut trouble = None;
        while self.exit.is_none() {
            let quiet = if self.workload.as_ref().is_some_and(Workload::is_watched) {
                QUIET
            } else {
                SETTLING
            };
            let limit = (!self.settled).then_some(quiet);
            let turned = catch_unwind(AssertUnwindSafe(|| self.guarded_turn(limit)));
            let fault = match turned {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => error.to_string(),
                Err(panic) => format!("the monitor panicked: {}", text_of(panic.as_ref())),
            };
            if trouble.replace(fault).is_some() {
                // The second fault: nothing but the process itself is left to wait for.
                self.streams = Streams::default();
            }
            self.shed();
            if trouble.is_some() && self.streams.outputs.is_empty() {
                self.wait_bare();
            }
        }
        trouble
    }

    fn guarded_turn(&mut self, limit: Option<Duration>) -> Result<(), Error> {
        let begun = Instant::now();
        self.turn(limit)?;
        if limit.is_some_and(|limit| begun.elapsed() >= limit) {
            self.settle();
            #[expect(
                clippy::panic,
                reason = "a test asks for it by name, to see it survived"
            )]
            if hull_sys::failpoint::armed() == Some("monitor-panics") {
                panic!("asked to");
            }
        }
        Ok(())
    }

    /// Does what waits for a quiet moment: the watch for the out-of-memory killer, and giving memory back.
    fn settle(&mut self) {
        self.settled = true;
        self.buffer = Vec::new();
        if let Some(workload) = self.workload.as_mut() {
            workload.watch_memory();
        }
        hull_sys::memory::shrink();
    }

    /// Gives up clients and log.
    fn shed(&mut self) {
        self.peers.clear();
        self.listener = None;
        self.log = None;
        self.buffer = Vec::new();
    }

    /// Waits for the process alone.
    fn wait_bare(&mut self) {
        let Some(workload) = &self.workload else {
            return;
        };
        hull_sys::pidfd::wait_gone(&workload.pidfd, None).ok();
        let exit = hull_sys::pidfd::try_wait(&workload.pidfd).ok().flatten();
        self.exit = Some(exit.unwrap_or(Exit::Code(255)));
    }

    /// Takes what output is left. Whoever can still write it is killed: the container is over.
    fn drain(&mut self) {
        let end = Instant::now() + DRAIN;
        let mut killed = false;
        loop {
            for at in 0..self.streams.outputs.len() {
                self.relay_all(at);
            }
            let left = end.saturating_duration_since(Instant::now());
            if self.streams.ended() || (left.is_zero() && !self.held_back()) {
                break;
            }
            if !killed && let Some(workload) = &self.workload {
                workload.kill_rest();
                killed = true;
            }
            let limit = if self.held_back() { None } else { Some(left) };
            if self.turn(limit).is_err() {
                break;
            }
        }
        if let Some(log) = self.log.as_mut() {
            log.finish(clock::now());
        }
    }

    fn held_back(&self) -> bool {
        self.peers.iter().any(Peer::holds_back)
    }

    fn relay_all(&mut self, at: usize) {
        // A stream is at its end, or empty, or a lossless client is behind.
        while !self.held_back() && self.relay(at) {}
    }

    fn record(&mut self, trouble: Option<String>) -> ExitRecord {
        let (code, signal) = match self.exit {
            Some(Exit::Code(code)) => (code, None),
            Some(Exit::Signal(signal)) => (128 + signal, Some(signal)),
            None => (255, None),
        };
        ExitRecord {
            version: VERSION,
            code,
            signal,
            oom_killed: self
                .workload
                .as_ref()
                .is_some_and(Workload::was_out_of_memory),
            started_at: self.state.started_at,
            finished_at: clock::now(),
            boot_id: self.state.boot_id.clone(),
            restart_count: self.restart.count(),
            restarting: false,
            error: trouble,
            log_dropped: self.log.as_ref().map_or(0, JsonFile::dropped),
        }
    }

    /// Writes the record down, then tells everybody who waits for it.
    fn conclude(&mut self, record: &ExitRecord) {
        let path = &self.launch.exit_record;
        if exit::write(path, record).is_err() {
            // The disk is full or gone: the run directory, in memory, has room for a hundred bytes.
            exit::write(&self.run_dir.join(paths::EXEC_EXIT), record).ok();
        }
        self.state.restart_count = record.restart_count;
        if record.restarting {
            // Nobody told of an exit shall find the container neither running nor restarting.
            self.write_state(Phase::Restarting).ok();
        }
        failpoint("monitor-after-record");
        for peer in self.peers.iter_mut().filter(|peer| peer.told_exit) {
            peer.send(&Frame::Exit(record.clone()));
            if !peer.launched_us || record.restarting {
                peer.close();
            }
        }
        if !record.restarting {
            self.write_state(Phase::Exited).ok();
        }
        failpoint("monitor-exit-told");
    }

    /// Waits out the delay and starts the task again; `false` when it is over instead.
    fn start_again(&mut self, delay: Duration, last: &ExitRecord) -> bool {
        if let Some(workload) = self.workload.take() {
            workload.tear_down();
        }
        self.note("restart", Some(last.code));
        let end = Instant::now() + delay;
        while !self.restart.is_stopped() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || self.turn(Some(left)).is_err() {
                break;
            }
        }
        let mut last = ExitRecord {
            restarting: false,
            ..last.clone()
        };
        if !self.restart.is_stopped() {
            if let Task::Container(task) = &self.launch.task {
                remount::prepare(&task.rootfs_mounts);
            }
            match self.start_task() {
                Ok(()) => {
                    self.note("start", None);
                    return true;
                }
                Err(error) => {
                    let failure = crate::report::failure(&error);
                    last.code = i32::from(failure.kind.exit_code());
                    last.error = Some([vec![failure.text], failure.causes].concat().join(": "));
                }
            }
        }
        self.conclude(&last);
        false
    }

    /// The end: everybody told, everything undone, and whoever reaps called.
    fn finish(mut self) -> ExitCode {
        self.listener = None;
        std::fs::remove_file(self.run_dir.join(paths::SOCKET)).ok();
        self.wait_for_clients();
        if let Some(workload) = self.workload.take() {
            workload.tear_down();
        }
        failpoint("monitor-before-reap");
        self.tidy_up();
        if self.reaped || self.launch.hull.is_none() {
            return ExitCode::SUCCESS;
        }
        if self.peers.iter().any(Peer::is_behind) {
            return self.linger();
        }
        self.become_reaper()
    }

    /// Removes what no one needs any more. The run directory is the trace by which an interrupted end
    /// is found, so it goes when all else is done; where `system reap` follows, that removes it.
    fn tidy_up(&self) {
        if self.launch.ephemeral || self.reaped {
            self.remove_run_dir();
            return;
        }
        let both = [paths::STDOUT, paths::STDERR];
        let session = matches!(self.launch.task, Task::Exec(_)).then_some(paths::LAUNCH);
        for name in both.into_iter().chain(session) {
            std::fs::remove_file(self.run_dir.join(name)).ok();
        }
    }

    /// Removes the run directory, the lock's file last: whoever waits for the lock waits for all of it.
    fn remove_run_dir(&self) {
        for entry in std::fs::read_dir(&self.run_dir)
            .into_iter()
            .flatten()
            .flatten()
        {
            if entry.file_name() == paths::LOCK {
                continue;
            }
            let path = entry.path();
            // Sessions of the container that end later find nothing to remove.
            std::fs::remove_file(&path)
                .or_else(|_| std::fs::remove_dir_all(&path))
                .ok();
        }
        std::fs::remove_file(self.run_dir.join(paths::LOCK)).ok();
        // Not empty when somebody starts the container again already.
        std::fs::remove_dir(&self.run_dir).ok();
    }

    /// Gives the launching client the time to take what was sent and to say that it reaps.
    fn wait_for_clients(&mut self) {
        let end = Instant::now() + PATIENCE;
        let waiting = |monitor: &Self| {
            let launcher = |peer: &Peer| peer.launched_us && !monitor.reaped;
            monitor
                .peers
                .iter()
                .any(|peer| launcher(peer) || peer.is_behind())
        };
        while waiting(self) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || self.turn(Some(left)).is_err() {
                return;
            }
        }
    }

    /// A client still reads: somebody else reaps now, and the monitor stays for that client alone.
    fn linger(mut self) -> ExitCode {
        self.start_reaper();
        self.lock = None;
        self.peers.retain(Peer::is_behind);
        self.peers.iter_mut().for_each(Peer::close);
        while !self.peers.is_empty() && self.turn(None).is_ok() {}
        ExitCode::SUCCESS
    }

    pub(crate) fn write_state(&mut self, phase: Phase) -> Result<(), Error> {
        self.state.phase = phase;
        if phase != Phase::Running {
            (self.state.pid, self.state.start_time) = (0, 0);
        }
        let path = self.run_dir.join(paths::STATE);
        let document = |source| Error::Document {
            path: path.clone(),
            source,
        };
        let text = serde_json::to_vec(&self.state).map_err(document)?;
        exit::write_whole(&path, &text)
    }
}

fn text_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a word")
}
