//! `start`: the lock, the bundle, the monitor, the journal.
//!
//! Leaves what a spec says to `bundle`, and everything after the first instruction to the monitor.
//! Invariant: while somebody holds the lock, nobody else starts, stops or removes the container.

use hull_model::id::ContainerId;
use hull_monitor::client::{Session, Streams};
use hull_monitor::launch::{How, Launched, launch as launch_monitor};
use hull_oci::image_config::ImageConfig;
use hull_state::{ContainerRow, Exit, Start};
use hull_sys::failpoint::failpoint;

use crate::container::bundle::{self, Subject};
use crate::container::find::{again, find, image_of};
use crate::container::status::Status;
use crate::container::{dismantle, facts, record, run_dir, settle};
use crate::context::Context;
use crate::error::{ContainerError, Error};

/// How `start` and `run` connect the caller.
#[derive(Debug, Clone, Copy, Default)]
pub struct StartRequest {
    /// Return a session on these streams that sees the first byte.
    pub attach: Option<Streams>,
    /// Rows and columns of the caller's terminal, for a container with a tty.
    pub console_size: Option<(u16, u16)>,
}

/// A container that now runs.
#[derive(Debug)]
pub struct Started {
    /// Its id.
    pub id: ContainerId,
    /// It has a terminal.
    pub tty: bool,
    /// It reads standard input.
    pub open_stdin: bool,
    /// It ran already; nothing was done and there is no session.
    pub already: bool,
    /// The session asked for.
    pub session: Option<Session>,
}

pub(crate) fn start(
    context: &Context,
    name: &str,
    request: StartRequest,
) -> Result<Started, Error> {
    let row = find(context, name)?;
    let lock = context.lock(&row.id)?;
    let row = again(context, &row)?;
    let observed = facts::observe_settled(context, &row)?;
    match observed.status {
        Status::Running | Status::Restarting => return already(&row),
        Status::Paused => return Err(ContainerError::StartPaused.into()),
        Status::Removing | Status::Dead => return Err(ContainerError::StartRemoving.into()),
        Status::Created | Status::Exited => {}
    }
    // The monitor of its last life may still be clearing up.
    hull_monitor::facts::wait_unmonitored(&context.paths.run(&row.id)).map_err(Error::Monitor)?;
    settle::note_exit(context, &row, &observed)?;
    let image = image_of(context, &row)?;
    let started = launch(context, &row, &image, request);
    if started.is_err() && row.auto_remove {
        // It is removed already, and its lock with it.
        lock.retire();
    }
    started
}

fn already(row: &ContainerRow) -> Result<Started, Error> {
    let config = row.config.get()?;
    Ok(Started {
        id: row.id.clone(),
        tty: config.tty,
        open_stdin: config.open_stdin,
        already: true,
        session: None,
    })
}

/// Starts `row`'s container, whose lock is held and which does not run.
pub(crate) fn launch(
    context: &Context,
    row: &ContainerRow,
    image: &ImageConfig,
    request: StartRequest,
) -> Result<Started, Error> {
    let config = row.config.get()?;
    let subject = Subject {
        row,
        image,
        console_size: request.console_size,
    };
    match attempt(context, &subject, request) {
        Ok(launched) => {
            record_start(context, row, &launched)?;
            Ok(Started {
                id: row.id.clone(),
                tty: config.tty,
                open_stdin: config.open_stdin,
                already: false,
                session: launched.session,
            })
        }
        Err(error) => {
            failed(context, row, &error)?;
            Err(error)
        }
    }
}

fn attempt(
    context: &Context,
    subject: &Subject<'_>,
    request: StartRequest,
) -> Result<Launched, Error> {
    bundle::write(context, subject)?;
    failpoint("start-after-bundle");
    let environment = environment(context);
    let how = How {
        program: &context.settings.hull,
        attach: request.attach,
        environment: &environment,
    };
    let run_dir = context.paths.run(&subject.row.id);
    launch_monitor(&run_dir, &how).map_err(Error::Monitor)
}

/// What a monitor inherits: PATH, for OCI runtimes and hooks.
pub(crate) fn environment(context: &Context) -> Vec<(String, String)> {
    let words: Vec<_> = context
        .settings
        .search_path
        .iter()
        .map(|p| p.to_string_lossy())
        .collect();
    vec![("PATH".into(), words.join(":"))]
}

/// A container that is removed at its end needs no row update: what it does is seen from facts.
fn record_start(context: &Context, row: &ContainerRow, launched: &Launched) -> Result<(), Error> {
    failpoint("start-before-record");
    record::note(context, row, "start", &[]);
    if !row.auto_remove || !row.wanted {
        let started_at = i64::try_from(launched.started.started_at).unwrap_or(i64::MAX);
        let start = Start {
            started_at,
            restart_count: 0,
        };
        context.ledger.containers().set_started(&row.id, start)?;
    }
    failpoint("start-after-record");
    Ok(())
}

/// Keeps why it could not be started; a container that is removed at its end has ended.
fn failed(context: &Context, row: &ContainerRow, error: &Error) -> Result<(), Error> {
    let run_dir = context.paths.run(&row.id);
    hull_monitor::facts::wait_unmonitored(&run_dir).map_err(Error::Monitor)?;
    if row.auto_remove {
        return dismantle::dismantle(context, row, None);
    }
    run_dir::abandon(&run_dir)?;
    let code = i32::from(error.exit_code());
    let exit = Exit {
        finished_at: context.now().0,
        code,
        oom_killed: false,
    };
    context
        .ledger
        .containers()
        .set_error(&row.id, &error.to_string(), exit)?;
    context
        .ledger
        .containers()
        .set_wanted(&row.id, false, row.stopped_by_hand)?;
    Ok(())
}
