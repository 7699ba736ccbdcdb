//! `attach`: a session on a running container's streams.
//!
//! Leaves the terminal and the detach keys to `cli`. Invariant: attaching changes nothing of the
//! container.

use hull_model::id::ContainerId;
use hull_monitor::client::{Client, Session, Streams};

use crate::container::find::find;
use crate::container::status::Status;
use crate::container::{facts, record};
use crate::context::Context;
use crate::error::{ContainerError, Error};

/// A session and what kind of container it is on.
#[derive(Debug)]
pub struct Attached {
    /// The container.
    pub id: ContainerId,
    /// It has a terminal.
    pub tty: bool,
    /// It reads standard input.
    pub open_stdin: bool,
    /// The session.
    pub session: Session,
}

pub(crate) fn attach(context: &Context, name: &str, streams: Streams) -> Result<Attached, Error> {
    let row = find(context, name)?;
    let observed = facts::observe(context, &row)?;
    match observed.status {
        Status::Running => {}
        Status::Paused => return Err(ContainerError::AttachPaused.into()),
        Status::Restarting => return Err(ContainerError::AttachRestarting.into()),
        _ => return Err(ContainerError::AttachStopped.into()),
    }
    let config = row.config.get()?;
    let client = Client::connect(&context.paths.run(&row.id)).map_err(Error::Monitor)?;
    let wanted = Streams {
        stdin: streams.stdin && config.open_stdin,
        ..streams
    };
    let session = client.attach(wanted).map_err(Error::Monitor)?;
    record::note(context, &row, "attach", &[]);
    Ok(Attached {
        id: row.id.clone(),
        tty: config.tty,
        open_stdin: config.open_stdin,
        session,
    })
}

/// Sets the size of a container's terminal.
pub(crate) fn resize(context: &Context, name: &str, rows: u16, columns: u16) -> Result<(), Error> {
    let row = find(context, name)?;
    let size = hull_monitor::protocol::Size { rows, columns };
    let mut client = Client::connect(&context.paths.run(&row.id)).map_err(Error::Monitor)?;
    client.resize(size).map_err(Error::Monitor)?;
    let more = [("height", rows.to_string()), ("width", columns.to_string())];
    record::note(context, &row, "resize", &more);
    Ok(())
}
