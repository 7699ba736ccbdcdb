//! `kill`: a signal to a container's first process.
//!
//! Leaves what it does to the process. Invariant: a signal that is meant to end the container counts
//! as a stop by hand, and reaches a frozen one.

use crate::container::facts;
use crate::container::find::{again, find, image_of};
use crate::container::record;
use crate::container::status::Status;
use crate::container::stop::{End, by_hand, number, wait_for_monitor};
use crate::context::Context;
use crate::error::{ContainerError, Error};

const SIGKILL: i32 = 9;

pub(crate) fn kill(context: &Context, name: &str, signal: Option<&str>) -> Result<(), Error> {
    let signal = signal
        .filter(|word| !word.is_empty())
        .map_or(Ok(SIGKILL), number)?;
    let row = find(context, name)?;
    let lock = context.lock(&row.id)?;
    let row = again(context, &row)?;
    let observed = facts::observe_settled(context, &row)?;
    let refuse = || {
        let id = row.id.to_string();
        Error::from(ContainerError::KillNotRunning {
            reference: name.to_owned(),
            id,
        })
    };
    let ends = signal == SIGKILL || Some(signal) == stop_signal(context, &row)?;
    let alive = match observed.status {
        Status::Running | Status::Paused | Status::Restarting if ends => {
            End::of(&by_hand(context, &row)?)?
        }
        Status::Running | Status::Paused => End::of(&observed)?,
        _ => return Err(refuse()),
    };
    if alive.is_none() && !ends {
        return Err(refuse());
    }
    if let Some(end) = &alive {
        end.signal(&row.id, signal)?;
        record::note(context, &row, "kill", &[("signal", signal.to_string())]);
        if ends && observed.status == Status::Paused {
            facts::cgroup(context, &row)?
                .thaw()
                .map_err(Error::Cgroup)?;
        }
        if signal != SIGKILL {
            return Ok(());
        }
        end.wait(&row.id, None)?;
    }
    wait_for_monitor(context, &row)?;
    drop(lock);
    crate::container::settle::settle(context, &row.id)
}

fn stop_signal(context: &Context, row: &hull_state::ContainerRow) -> Result<Option<i32>, Error> {
    let image = image_of(context, row)
        .map(|image| image.config)
        .unwrap_or_default();
    let effective = crate::container::effective::Effective::new(row.config.get()?, &image);
    Ok(crate::container::bundle::stop_signal(&effective))
}
