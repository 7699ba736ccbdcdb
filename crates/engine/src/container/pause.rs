//! `pause` and `unpause`: the frozen cgroup *is* the paused state.
//!
//! Invariant: no row changes; whoever asks for the status looks at the cgroup.

use crate::container::find::{again, find};
use crate::container::status::Status;
use crate::container::{facts, record};
use crate::context::Context;
use crate::error::{ContainerError, Error};

pub(crate) fn pause(context: &Context, name: &str) -> Result<(), Error> {
    let row = find(context, name)?;
    let _lock = context.lock(&row.id)?;
    let row = again(context, &row)?;
    let id = row.id.to_string();
    match facts::observe_settled(context, &row)?.status {
        Status::Running => {}
        Status::Paused => return Err(ContainerError::AlreadyPaused { id }.into()),
        Status::Restarting => return Err(ContainerError::Restarting { id }.into()),
        _ => return Err(ContainerError::NotRunning { id }.into()),
    }
    facts::cgroup(context, &row)?
        .freeze()
        .map_err(Error::Cgroup)?;
    record::note(context, &row, "pause", &[]);
    Ok(())
}

pub(crate) fn unpause(context: &Context, name: &str) -> Result<(), Error> {
    let row = find(context, name)?;
    let _lock = context.lock(&row.id)?;
    let row = again(context, &row)?;
    match facts::observe_settled(context, &row)?.status {
        Status::Paused => {}
        _ => {
            return Err(ContainerError::NotPaused {
                id: row.id.to_string(),
            }
            .into());
        }
    }
    facts::cgroup(context, &row)?
        .thaw()
        .map_err(Error::Cgroup)?;
    record::note(context, &row, "unpause", &[]);
    Ok(())
}
