//! `restart`: stop and start under one lock.
//!
//! Invariant: a `--rm` container survives its own restart.

use crate::container::find::{again, find, image_of};
use crate::container::start::{self, StartRequest};
use crate::container::stop::{self, StopRequest};
use crate::container::{facts, record, settle};
use crate::context::Context;
use crate::error::Error;

pub(crate) fn restart(context: &Context, name: &str, request: &StopRequest) -> Result<(), Error> {
    let row = find(context, name)?;
    let _lock = context.lock(&row.id)?;
    let row = again(context, &row)?;
    stop::stop_locked(context, &row, request)?;
    // The monitor's own call of `system reap` waits for our lock and then finds it running again.
    let row = again(context, &row)?;
    let observed = facts::observe(context, &row)?;
    settle::note_exit(context, &row, &observed)?;
    let row = again(context, &row)?;
    let image = image_of(context, &row)?;
    start::launch(context, &row, &image, StartRequest::default())?;
    record::note(context, &row, "restart", &[]);
    Ok(())
}
