//! `system note ID WHAT [DETAIL]`: what a monitor tells on the way: restarts, out of memory.
//!
//! Leaves deciding to the monitor. Invariant: writes history and counts, never a status.

use hull_model::id::ContainerId;
use hull_monitor::exit;
use hull_state::{Exit, Start};

use crate::container::record;
use crate::context::Context;
use crate::error::{ContainerError, Error};

pub(crate) fn note(
    context: &Context,
    id: &str,
    what: &str,
    detail: Option<&str>,
) -> Result<(), Error> {
    let id = ContainerId::parse(id).ok_or_else(|| ContainerError::NotFound {
        reference: id.to_owned(),
    })?;
    let Some(row) = context.ledger.containers().get(&id)? else {
        return Ok(());
    };
    match what {
        "restart" => died(context, &row),
        "start" => restarted(context, &row),
        "oom" => {
            record::note(context, &row, "oom", &[]);
            Ok(())
        }
        other => {
            let more: Vec<(&str, String)> = detail
                .map(|detail| ("detail", detail.to_owned()))
                .into_iter()
                .collect();
            record::note(context, &row, other, &more);
            Ok(())
        }
    }
}

/// It ended, and its monitor will start it again; a monitor that knows of an oom says so itself.
fn died(context: &Context, row: &hull_state::ContainerRow) -> Result<(), Error> {
    let path = context.paths.exit_record(&row.id, row.auto_remove);
    let Some(found) = exit::read(&path).map_err(Error::Monitor)? else {
        return Ok(());
    };
    record::note(context, row, "die", &[("exitCode", found.code.to_string())]);
    let time = |nanos: u64| i64::try_from(nanos).unwrap_or(i64::MAX);
    let exit = Exit {
        finished_at: time(found.finished_at),
        code: found.code,
        oom_killed: found.oom_killed,
    };
    Ok(context.ledger.containers().set_exit(&row.id, exit)?)
}

/// Its monitor has started it again.
fn restarted(context: &Context, row: &hull_state::ContainerRow) -> Result<(), Error> {
    let state = hull_monitor::facts::state(&context.paths.run(&row.id)).map_err(Error::Monitor)?;
    record::note(context, row, "start", &[]);
    let Some(state) = state else {
        return Ok(());
    };
    let started_at = i64::try_from(state.started_at).unwrap_or(i64::MAX);
    let start = Start {
        started_at,
        restart_count: state.restart_count,
    };
    Ok(context.ledger.containers().set_started(&row.id, start)?)
}
