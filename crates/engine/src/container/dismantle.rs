//! Taking a container apart: the writable layer, the directories, and last the row.
//!
//! Leaves deciding that it may go to `remove` and `settle`. Invariant: the row goes last, so that a
//! removal cut short is seen and ended by the next command.

use std::fs;
use std::io;

use hull_image::snapshot;
use hull_model::id::ContainerId;
use hull_state::ContainerRow;
use hull_sys::failpoint::failpoint;

use crate::container::{facts, record};
use crate::context::Context;
use crate::error::{Error, file};

/// Takes a container that does not run apart; its lock is held.
pub(crate) fn dismantle(context: &Context, row: &ContainerRow) -> Result<(), Error> {
    if !row.auto_remove && !facts::is_removing(row) {
        context
            .ledger
            .containers()
            .set_extra(&row.id, facts::REMOVING)?;
    }
    failpoint("remove-after-mark");
    snapshot::remove(&context.store(), &row.snapshot)?;
    failpoint("remove-after-snapshot");
    discard(context, &row.id)?;
    abandon(context, &row.id)?;
    failpoint("remove-before-row");
    context.ledger.containers().remove(&row.id)?;
    failpoint("remove-after-row");
    record::note(context, row, "destroy", &[]);
    snapshot::empty_trash(&context.store())?;
    Ok(())
}

/// Moves a container's own directory to the trash.
fn discard(context: &Context, id: &ContainerId) -> Result<(), Error> {
    let dir = context.paths.container(id);
    let trash = context.paths.trash();
    let target = trash.join(format!("{id}.dir.{}", std::process::id()));
    let rename = || fs::rename(&dir, &target);
    let done = rename().or_else(|error| match error.kind() {
        io::ErrorKind::NotFound if dir.exists() => {
            fs::create_dir_all(&trash).and_then(|()| rename())
        }
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    });
    done.map_err(file("remove", dir))
}

/// Removes a container's run directory, unless a monitor is still clearing up: then the directory is the
/// trace of what it has yet to do, and goes last, by its hand or by `system reap` or `reconcile`.
pub(crate) fn abandon(context: &Context, id: &ContainerId) -> Result<(), Error> {
    let dir = context.paths.run(id);
    if hull_monitor::facts::lock_held(&dir).map_err(Error::Monitor)? {
        return Ok(());
    }
    run_dir(context, id)
}

/// Removes a container's run directory.
pub(crate) fn run_dir(context: &Context, id: &ContainerId) -> Result<(), Error> {
    let dir = context.paths.run(id);
    match fs::remove_dir_all(&dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file("remove", dir)(error)),
        _ => Ok(()),
    }
}
