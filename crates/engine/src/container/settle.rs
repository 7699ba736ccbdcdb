//! What is left to do when a container has ended: the ledger, the journal, `--rm`, its run directory.
//!
//! Whoever comes first does it: the command that ran it, `system reap`, or the next verb that looks.
//! Invariant: doing it twice does nothing, and it is done under the container's lock.

use hull_model::id::ContainerId;
use hull_monitor::client::Session;
use hull_monitor::orphan;
use hull_monitor::protocol::ExitRecord;
use hull_state::{ContainerRow, Exit, Start};
use hull_sys::failpoint::failpoint;

use crate::container::facts::{self, Observed};
use crate::container::status::Status;
use crate::container::{dismantle, record, run_dir};
use crate::context::Context;
use crate::error::Error;
use crate::lock::Lock;

/// Exit code of a container whose end nobody saw.
const UNSEEN: i32 = 255;

/// After [`hull_monitor::client::Event::Exit`] on the session of a foreground run: does what the
/// monitor would call `system reap` for, and tells it so, unless the ledger's log wants a reaper.
pub(crate) fn finish(context: &Context, id: &ContainerId, session: Session) -> Result<(), Error> {
    settle(context, id)?;
    // Nobody waits for the reaper, which makes a large log small again; else it has nothing to do.
    if !context.ledger.wal_is_large() {
        // A monitor that has gone meanwhile needs no word.
        session.reaped().ok();
    }
    Ok(())
}

/// Settles the container `id`, if it has ended.
pub(crate) fn settle(context: &Context, id: &ContainerId) -> Result<(), Error> {
    let Some((lock, row)) = lock_row(context, id)? else {
        // Somebody removed it; its run directory may have waited for its monitor to go.
        return run_dir::abandon(&context.paths.run(id));
    };
    let observed = facts::observe(context, &row)?;
    if observed.status.is_alive() || observed.status == Status::Restarting {
        return Ok(());
    }
    // A command that was killed may have left a monitor that is about to begin: from here on none can.
    let dir = context.paths.run(id);
    let never_ran = observed.facts.state.is_none() && !observed.facts.monitored;
    let held = match never_ran {
        true => match run_dir::hold(&dir)? {
            Some(held) => Some(held),
            None => return Ok(()),
        },
        false => None,
    };
    failpoint("settle-before-exit");
    note_exit(context, &row, &observed)?;
    failpoint("settle-after-exit");
    if ends_with_removal(&row, &observed) {
        dismantle::dismantle(context, &row, held)?;
        lock.retire();
        return Ok(());
    }
    run_dir::give_up(&dir, held)
}

/// The lock and the row of a container; `None` when it is gone, so that no lock file comes back of
/// those who waited for its removal.
fn lock_row(context: &Context, id: &ContainerId) -> Result<Option<(Lock, ContainerRow)>, Error> {
    let containers = context.ledger.containers();
    loop {
        match Lock::wait(&context.paths.locks(), id.as_str())? {
            Some(lock) => match containers.get(id)? {
                Some(row) => return Ok(Some((lock, row))),
                None => lock.retire(),
            },
            None if containers.get(id)?.is_some() => continue,
            None => {}
        }
        return Ok(None);
    }
}

/// Whether nothing of the container shall remain: `--rm` after it ran or was to run, or a removal
/// that somebody began.
pub(crate) fn ends_with_removal(row: &ContainerRow, observed: &Observed) -> bool {
    let ran = observed.status == Status::Exited || row.wanted;
    observed.status == Status::Removing || (row.auto_remove && ran && !observed.facts.starting())
}

/// Whether a removal, or a `--rm`, was cut short: its facts say that nobody is left to end it.
pub(crate) fn is_half_gone(row: &ContainerRow, observed: &Observed) -> bool {
    !observed.facts.monitored && !observed.status.is_alive() && ends_with_removal(row, observed)
}

/// Writes an exit the ledger has not seen into ledger and journal, and clears away what a killed
/// monitor left behind.
pub(crate) fn note_exit(
    context: &Context,
    row: &ContainerRow,
    observed: &Observed,
) -> Result<(), Error> {
    if observed.status.is_alive() || observed.facts.monitored {
        return match &observed.record {
            Some(found) => write(context, row, found),
            None => Ok(()),
        };
    }
    let run_dir = context.paths.run(&row.id);
    let unseen = unseen(context, row, observed)?;
    let found = match (&observed.record, unseen) {
        (Some(found), _) => Some(found.clone()),
        (None, Some(_)) if observed.facts.state.is_some() => {
            Some(orphan::clear(&run_dir).map_err(Error::Monitor)?)
        }
        (None, made_up) => made_up,
    };
    // A monitor that was killed removed nothing, and may have died before it said who its child is.
    facts::remove_cgroup(context, row)?;
    match found {
        Some(found) => write(context, row, &found),
        None => Ok(()),
    }
}

fn write(context: &Context, row: &ContainerRow, found: &ExitRecord) -> Result<(), Error> {
    let time = |nanos: u64| i64::try_from(nanos).unwrap_or(i64::MAX);
    let ran = (found.finished_at.saturating_sub(found.started_at)) / 1_000_000_000;
    let more = [
        ("execDuration", ran.to_string()),
        ("exitCode", found.code.to_string()),
    ];
    record::note(context, row, "die", &more);
    if row.auto_remove {
        // The row goes next.
        return Ok(());
    }
    let containers = context.ledger.containers();
    if row.started_at != Some(time(found.started_at)) && found.started_at != 0 {
        let restart_count = found.restart_count;
        containers.set_started(
            &row.id,
            Start {
                started_at: time(found.started_at),
                restart_count,
            },
        )?;
    }
    let exit = Exit {
        finished_at: time(found.finished_at),
        code: found.code,
        oom_killed: found.oom_killed,
    };
    match &found.error {
        Some(error) => containers.set_error(&row.id, error, exit)?,
        None => containers.set_exit(&row.id, exit)?,
    }
    Ok(())
}

/// The record of a container that runs no more although nobody wrote down its end: its monitor was
/// killed, or the machine went down.
fn unseen(
    context: &Context,
    row: &ContainerRow,
    observed: &Observed,
) -> Result<Option<ExitRecord>, Error> {
    let state = observed.facts.state.as_ref();
    let started = state.map(|state| i64::try_from(state.started_at).unwrap_or(0));
    let Some(started) = started.or(row.started_at) else {
        return Ok(None);
    };
    let ended = row.exit.is_some_and(|exit| exit.finished_at >= started);
    if ended || observed.facts.monitored || observed.status != Status::Exited {
        return Ok(None);
    }
    Ok(Some(ExitRecord {
        version: hull_monitor::protocol::VERSION,
        code: UNSEEN,
        signal: None,
        oom_killed: false,
        started_at: u64::try_from(started).unwrap_or(0),
        finished_at: u64::try_from(context.now().0).unwrap_or(0),
        boot_id: context.boot_id()?.to_owned(),
        restart_count: state.map_or(row.restart_count, |state| state.restart_count),
        restarting: false,
        error: Some("its end was not seen: its monitor was killed or the machine went down".into()),
        log_dropped: 0,
    }))
}
