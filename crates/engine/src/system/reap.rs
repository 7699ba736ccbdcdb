//! `system reap ID`: called by a container's monitor when it has ended for good.
//!
//! Leaves what there is to do to `container::settle`. Invariant: may be called at any time, by
//! anybody, any number of times.

use hull_model::id::ContainerId;

use crate::container::settle;
use crate::context::Context;
use crate::error::{ContainerError, Error};
use crate::system::reconcile;

pub(crate) fn reap(context: &Context, id: &str) -> Result<(), Error> {
    let id = ContainerId::parse(id).ok_or_else(|| ContainerError::NotFound {
        reference: id.to_owned(),
    })?;
    settle::settle(context, &id)?;
    // Nobody waits for us, so we sweep, and the price of a large log is paid here.
    reconcile::sweep_strangers(context)?;
    context.ledger.truncate_wal_if_large()?;
    Ok(())
}
