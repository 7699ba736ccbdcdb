//! `run`: create and start in one, over one open ledger.
//!
//! Leaves attaching and the exit code to the caller. Invariant: whatever happens after the row was
//! written, the row says that the container was to run, so that a crash in between is seen.

use crate::container::create::{self, CreateRequest, Created};
use crate::container::start::{self, StartRequest, Started};
use crate::context::Context;
use crate::error::Error;

/// Runs a container. `created` hears of it before it starts; what it returns ends the run.
pub(crate) fn run(
    context: &Context,
    request: CreateRequest,
    connect: StartRequest,
    created: &mut dyn FnMut(&Created),
) -> Result<Started, Error> {
    let fresh = create::fresh(context, request, true)?;
    created(&Created {
        id: fresh.row.id.clone(),
        name: fresh.row.name.clone(),
        warnings: fresh.warnings,
    });
    let started = start::launch(context, &fresh.row, &fresh.image, connect);
    match &started {
        // It is removed already, and its lock with it.
        Err(_) if fresh.row.auto_remove => fresh.lock.retire(),
        _ => drop(fresh.lock),
    }
    started
}
