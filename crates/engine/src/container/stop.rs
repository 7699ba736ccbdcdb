//! `stop`: the stop signal, a grace period, SIGKILL.
//!
//! Leaves the exit record to the monitor. Invariant: the ledger knows that it was a user before the
//! first signal is sent, so that `unless-stopped` is right whatever dies in between.

use std::time::Duration;

use hull_model::grammar::signal::signal as parse_signal;
use hull_monitor::Error as MonitorError;
use hull_monitor::client::Client;
use hull_state::ContainerRow;
use hull_sys::failpoint::failpoint;
use hull_sys::pidfd;

use crate::container::effective::Effective;
use crate::container::facts::{self, Observed};
use crate::container::find::{again, find, image_of};
use crate::container::status::Status;
use crate::container::{record, settle};
use crate::context::Context;
use crate::error::{ContainerError, Error};

const SIGKILL: i32 = 9;
const SIGTERM: i32 = 15;
/// Docker's grace period.
const GRACE: i64 = 10;
/// How long a process may take to die of SIGKILL before we say so.
const DEADLINE: Duration = Duration::from_secs(30);

/// How `stop` and `restart` go about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StopRequest {
    /// Signal name or number; `None` is the container's, then its image's, then SIGTERM.
    pub signal: Option<String>,
    /// Seconds to wait before SIGKILL; negative waits for ever; `None` is the container's, then 10.
    pub timeout: Option<i64>,
}

pub(crate) fn stop(context: &Context, name: &str, request: &StopRequest) -> Result<(), Error> {
    let row = find(context, name)?;
    let lock = context.lock(&row.id)?;
    let row = again(context, &row)?;
    stop_locked(context, &row, request)?;
    drop(lock);
    settle::settle(context, &row.id)
}

/// Stops `row`'s container, whose lock is held; nothing to do when it does not run.
pub(crate) fn stop_locked(
    context: &Context,
    row: &ContainerRow,
    request: &StopRequest,
) -> Result<(), Error> {
    let observed = facts::observe_settled(context, row)?;
    match observed.status {
        Status::Running | Status::Paused | Status::Restarting => {}
        _ => return Ok(()),
    }
    let (signal, timeout) = plan(context, row, request)?;
    let observed = by_hand(context, row)?;
    failpoint("stop-before-signal");
    if let Some(end) = End::of(&observed)? {
        end.signal(&row.id, signal)?;
        if observed.status == Status::Paused {
            facts::cgroup(context, row)?.thaw().map_err(Error::Cgroup)?;
        }
        failpoint("stop-after-signal");
        let patience = u64::try_from(timeout).ok().map(Duration::from_secs);
        if !end.wait(&row.id, patience)? {
            end.signal(&row.id, SIGKILL)?;
            end.must_end(&row.id)?;
        }
    }
    wait_for_monitor(context, row)?;
    record::note(context, row, "stop", &[]);
    Ok(())
}

fn plan(context: &Context, row: &ContainerRow, request: &StopRequest) -> Result<(i32, i64), Error> {
    let config = row.config.get()?;
    let image = image_of(context, row)
        .map(|image| image.config)
        .unwrap_or_default();
    let effective = Effective::new(config, &image);
    let word = request.signal.clone().or(effective.stop_signal);
    let signal = match word {
        Some(word) => number(&word)?,
        None => SIGTERM,
    };
    Ok((
        signal,
        request.timeout.or(effective.stop_timeout).unwrap_or(GRACE),
    ))
}

/// The number of the signal `word`.
pub(crate) fn number(word: &str) -> Result<i32, Error> {
    parse_signal(word).map_err(|_| {
        ContainerError::InvalidSignal {
            signal: word.to_owned(),
        }
        .into()
    })
}

/// A user wants it down: the ledger and the monitor hear of it first.
///
/// What is observed afterwards is what there is to stop: until the monitor heard of it, it may have
/// started the container once more.
pub(crate) fn by_hand(context: &Context, row: &ContainerRow) -> Result<Observed, Error> {
    if !row.auto_remove {
        context
            .ledger
            .containers()
            .set_wanted(&row.id, false, true)?;
    }
    let run_dir = context.paths.run(&row.id);
    // Without a monitor, or with one that is about to go, nobody restarts it.
    if let Ok(mut client) = Client::connect(&run_dir) {
        match client.stop_restarting() {
            Ok(()) | Err(MonitorError::Gone { .. } | MonitorError::Call { .. }) => {}
            Err(error) => return Err(Error::Monitor(error)),
        }
    }
    facts::observe(context, row)
}

/// SIGKILL at once, and the wait until nothing is left.
pub(crate) fn kill_now(
    context: &Context,
    row: &ContainerRow,
    before: &Observed,
) -> Result<(), Error> {
    let observed = by_hand(context, row)?;
    if let Some(end) = End::of(&observed)? {
        end.signal(&row.id, SIGKILL)?;
        record::note(context, row, "kill", &[("signal", SIGKILL.to_string())]);
        if before.status == Status::Paused {
            facts::cgroup(context, row)?.thaw().map_err(Error::Cgroup)?;
        }
        end.must_end(&row.id)?;
    }
    wait_for_monitor(context, row)
}

/// The monitor has written the exit record and is gone.
pub(crate) fn wait_for_monitor(context: &Context, row: &ContainerRow) -> Result<(), Error> {
    let run_dir = context.paths.run(&row.id);
    hull_monitor::facts::wait_unmonitored(&run_dir).map_err(Error::Monitor)
}

/// A container's first process, held so that its number cannot come to mean another.
#[derive(Debug)]
pub(crate) struct End {
    pid: i32,
    pidfd: std::os::fd::OwnedFd,
}

impl End {
    /// The process that was observed, unless it has gone since.
    pub(crate) fn of(observed: &Observed) -> Result<Option<Self>, Error> {
        let Some(state) = observed
            .facts
            .state
            .as_ref()
            .filter(|_| observed.facts.init_alive)
        else {
            return Ok(None);
        };
        let Ok(pidfd) = pidfd::open(state.pid) else {
            return Ok(None);
        };
        // Opened a moment after it was looked at: make sure that it is still the same one.
        let same = hull_monitor::facts::alive(state.pid, state.start_time);
        Ok(same.then_some(Self {
            pid: state.pid,
            pidfd,
        }))
    }

    /// Sends a signal; a process that has ended needs none.
    pub(crate) fn signal(
        &self,
        id: &hull_model::id::ContainerId,
        signal: i32,
    ) -> Result<(), Error> {
        const ESRCH: i32 = 3;
        match pidfd::signal(&self.pidfd, signal) {
            Err(source) if source.raw_os_error() != Some(ESRCH) => Err(Error::Process {
                step: "signal",
                pid: self.pid,
                id: id.to_string(),
                source,
            }),
            _ => Ok(()),
        }
    }

    /// Waits for its end at most `patience`; whether it ended.
    pub(crate) fn wait(
        &self,
        id: &hull_model::id::ContainerId,
        patience: Option<Duration>,
    ) -> Result<bool, Error> {
        pidfd::wait_gone(&self.pidfd, patience).map_err(|source| Error::Process {
            step: "wait for",
            pid: self.pid,
            id: id.to_string(),
            source,
        })
    }

    /// Waits for the end that SIGKILL brings.
    fn must_end(&self, id: &hull_model::id::ContainerId) -> Result<(), Error> {
        match self.wait(id, Some(DEADLINE))? {
            true => Ok(()),
            false => Err(ContainerError::WouldNotDie { id: id.to_string() }.into()),
        }
    }
}
