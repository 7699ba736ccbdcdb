//! `rm`: refused while it runs, unless forced; then `dismantle`.
//!
//! Invariant: what is taken apart has been seen not to run, under its lock.

use crate::container::find::{again, find};
use crate::container::status::Status;
use crate::container::{dismantle, facts, run_dir, settle, stop};
use crate::context::Context;
use crate::error::{ContainerError, Error};

/// How `rm` goes about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RemoveRequest {
    /// Kill it if it runs.
    pub force: bool,
    /// Remove its anonymous volumes too. They lie in the container's directory, and go with it either
    /// way until volumes have an issue of their own.
    pub volumes: bool,
}

pub(crate) fn remove(context: &Context, name: &str, request: RemoveRequest) -> Result<(), Error> {
    let row = find(context, name)?;
    let lock = context.lock(&row.id)?;
    let row = again(context, &row)?;
    let observed = facts::observe_settled(context, &row)?;
    let refuse = |state, advice| {
        let name = row.name.to_string();
        Err(ContainerError::RemoveRunning {
            name,
            state,
            advice,
        }
        .into())
    };
    const STOP: &str = "stop the container before removing or force remove";
    match (observed.status, request.force) {
        (Status::Running, false) => return refuse("running", STOP),
        (Status::Restarting, false) => return refuse("restarting", STOP),
        (Status::Paused, false) => return refuse("paused", "must be unpaused first"),
        (Status::Running | Status::Restarting | Status::Paused, true) => {
            stop::kill_now(context, &row, &observed)?;
        }
        _ => {}
    }
    let ended = facts::observe(context, &row)?;
    settle::note_exit(context, &row, &ended)?;
    hull_monitor::facts::wait_unmonitored(&context.paths.run(&row.id)).map_err(Error::Monitor)?;
    // A command that was killed may have left a monitor that is about to begin: from here on none can.
    let dir = context.paths.run(&row.id);
    let held = run_dir::hold(&dir)?;
    let facts = hull_monitor::facts::read(&dir, context.boot_id()?).map_err(Error::Monitor)?;
    if held.is_none() || facts.init_alive {
        return refuse("running", STOP);
    }
    dismantle::dismantle(context, &row, held)?;
    lock.retire();
    Ok(())
}
