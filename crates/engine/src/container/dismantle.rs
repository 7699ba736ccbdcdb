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

use crate::container::run_dir::{self, Hold};
use crate::container::{facts, record};
use crate::context::Context;
use crate::error::{Error, file};

/// Takes a container that does not run apart; its lock is held, and its run directory if it never ran.
pub(crate) fn dismantle(
    context: &Context,
    row: &ContainerRow,
    held: Option<Hold>,
) -> Result<(), Error> {
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
    run_dir::give_up(&context.paths.run(&row.id), held)?;
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
