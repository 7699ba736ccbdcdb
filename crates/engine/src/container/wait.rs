//! `wait`: until a container stops, and with which code.
//!
//! Leaves following the streams to `attach`. Invariant: a monitor, a lock or the journal wakes the
//! waiter; only the end of a monitor whose container is over is asked for again and again.

use std::os::fd::AsFd;
use std::time::Duration;

use hull_model::id::ContainerId;
use hull_monitor::client::{Client, Event};
use hull_state::ContainerRow;
use hull_sys::inotify::Watch;

use crate::container::facts::{self, Observed};
use crate::container::find::find;
use crate::container::settle;
use crate::container::status::Status;
use crate::container::stop::End;
use crate::context::Context;
use crate::error::{Error, file};

/// How soon a monitor whose container is over is asked about again.
const MONITOR_ENDS: Duration = Duration::from_millis(5);

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WaitCondition {
    /// It does not run, now or then.
    #[default]
    NotRunning,
    /// Its next exit.
    NextExit,
    /// It is gone.
    Removed,
}

/// How a container ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Waited {
    /// Its exit code.
    pub code: i32,
    /// Why it could not be looked after to its end.
    pub error: Option<String>,
}

pub(crate) fn wait(
    context: &Context,
    name: &str,
    condition: WaitCondition,
) -> Result<Waited, Error> {
    let row = find(context, name)?;
    match condition {
        WaitCondition::NotRunning => until_stopped(context, &row, false),
        WaitCondition::NextExit => until_stopped(context, &row, true),
        WaitCondition::Removed => until_removed(context, &row),
    }
}

/// Until it does not run; with `next`, at least one exit from now on is waited for.
fn until_stopped(context: &Context, row: &ContainerRow, next: bool) -> Result<Waited, Error> {
    let watch = watch(context)?;
    let mut seen = Waited::default();
    let mut exits = 0;
    let mut row = row.clone();
    loop {
        let observed = facts::observe(context, &row)?;
        let over = matches!(
            observed.status,
            Status::Created | Status::Exited | Status::Removing
        );
        match observed.status {
            _ if over && !observed.facts.monitored && (!next || exits > 0) => {
                return Ok(if exits > 0 {
                    seen
                } else {
                    last(&row, &observed)
                });
            }
            Status::Running | Status::Paused => {
                seen = this_exit(context, &row, &observed)?;
                exits += 1;
                if next {
                    return Ok(seen);
                }
            }
            // Over, but its monitor has not ended; nobody writes anything when it does.
            _ if over => changed(context, &watch, Some(MONITOR_ENDS))?,
            // Between two lives, or about to begin one: something will be written.
            _ => changed(context, &watch, None)?,
        }
        match context.ledger.containers().get(&row.id)? {
            Some(now) => row = now,
            None => return Ok(seen),
        }
    }
}

/// The end of the process that runs now.
fn this_exit(context: &Context, row: &ContainerRow, observed: &Observed) -> Result<Waited, Error> {
    let run_dir = context.paths.run(&row.id);
    if let Ok(client) = Client::connect(&run_dir)
        && let Ok(mut session) = client.wait()
    {
        loop {
            match session.next_event().map_err(Error::Monitor)? {
                Event::Exit(record) => {
                    return Ok(Waited {
                        code: record.code,
                        error: record.error,
                    });
                }
                Event::Lost => break,
                _ => {}
            }
        }
    }
    // No monitor: the process itself is watched, and its code is lost.
    if let Some(end) = End::of(observed)? {
        end.wait(&row.id, None)?;
    }
    settle::settle(context, &row.id)?;
    let row = context.ledger.containers().get(&row.id)?;
    Ok(row.map(|row| recorded(&row)).unwrap_or_default())
}

fn last(row: &ContainerRow, observed: &Observed) -> Waited {
    match &observed.record {
        Some(record) => Waited {
            code: record.code,
            error: record.error.clone(),
        },
        None => recorded(row),
    }
}

fn recorded(row: &ContainerRow) -> Waited {
    let error = Some(row.error.clone()).filter(|error| !error.is_empty());
    Waited {
        code: row.exit.map_or(0, |exit| exit.code),
        error,
    }
}

fn until_removed(context: &Context, row: &ContainerRow) -> Result<Waited, Error> {
    let watch = watch(context)?;
    let mut seen = Waited::default();
    while let Some(row) = still_there(context, &row.id)? {
        let observed = facts::observe(context, &row)?;
        if observed.status.is_alive() {
            seen = this_exit(context, &row, &observed)?;
        } else {
            seen = last(&row, &observed);
            changed(context, &watch, None)?;
        }
    }
    Ok(seen)
}

fn still_there(context: &Context, id: &ContainerId) -> Result<Option<ContainerRow>, Error> {
    Ok(context.ledger.containers().get(id)?)
}

/// Wakes when the journal is written: every verb that changes a container writes it.
fn watch(context: &Context) -> Result<Watch, Error> {
    let dir = context.paths.run_root();
    std::fs::create_dir_all(dir).map_err(file("create", dir))?;
    let watch = Watch::new().map_err(file("watch", dir))?;
    watch.directory(dir).map_err(file("watch", dir))?;
    Ok(watch)
}

/// Waits for a change, at most for `patience`.
fn changed(context: &Context, watch: &Watch, patience: Option<Duration>) -> Result<(), Error> {
    let dir = context.paths.run_root();
    hull_sys::poll::readable(watch.as_fd(), patience).map_err(file("watch", dir))?;
    watch.clear().map_err(file("watch", dir))
}
