//! `system reconcile`: ends what was cut short by a crash, and sweeps what belongs to nobody.
//!
//! Leaves each container to `container::settle`. Invariant: touches only what has no row, or a row
//! whose lock is free; running it twice does nothing the second time.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use hull_image::snapshot;
use hull_model::id::ContainerId;
use hull_runtime::cgroup::{Cgroup, Location};

use crate::container::facts;
use crate::container::{run_dir, settle};
use crate::context::Context;
use crate::error::{Error, file};
use crate::lock::Lock;

/// What was found and put right.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reconciled {
    /// Containers that had ended, or half gone, unnoticed.
    pub settled: Vec<String>,
    /// Directories and groups that belonged to nobody.
    pub swept: Vec<String>,
}

pub(crate) fn reconcile(context: &Context) -> Result<Reconciled, Error> {
    let mut done = Reconciled::default();
    settle_all(context, &mut done)?;
    let known = known(context)?;
    sweep_runs(context, &known, &mut done)?;
    sweep_directories(context, &known, &mut done)?;
    sweep_locks(context, &known)?;
    sweep_trash(context)?;
    context.ledger.truncate_wal_if_large()?;
    Ok(done)
}

/// Containers nobody works on now whose row does not say what the facts say.
fn settle_all(context: &Context, done: &mut Reconciled) -> Result<(), Error> {
    for row in context.ledger.containers().list()? {
        let Some(lock) = Lock::try_acquire(&context.paths.locks(), row.id.as_str())? else {
            continue;
        };
        drop(lock);
        let observed = facts::observe(context, &row)?;
        let over = !observed.status.is_alive() && !observed.facts.monitored;
        let left = context.paths.run(&row.id).exists();
        if over && (left || observed.record.is_some() || settle::ends_with_removal(&row, &observed))
        {
            settle::settle(context, &row.id)?;
            done.settled.push(row.id.to_string());
        }
    }
    Ok(())
}

/// The quick part of [`reconcile`], for verbs that clear up anyway: run directories nobody looks after
/// and no row names, as a monitor leaves them that is killed while it tears down.
pub(crate) fn sweep_strangers(context: &Context) -> Result<(), Error> {
    run_dir::sweep(&context.paths.runs())?;
    for (id, path) in entries(&context.paths.runs())? {
        let held = hull_monitor::facts::lock_held(&path).map_err(Error::Monitor)?;
        if !held && context.ledger.containers().get(&id)?.is_none() {
            return sweep_runs(context, &known(context)?, &mut Reconciled::default());
        }
    }
    Ok(())
}

fn known(context: &Context) -> Result<BTreeSet<ContainerId>, Error> {
    let rows = context.ledger.containers().list()?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Run directories without a row: their monitor, if any, is told to go; processes are killed.
fn sweep_runs(
    context: &Context,
    known: &BTreeSet<ContainerId>,
    done: &mut Reconciled,
) -> Result<(), Error> {
    run_dir::sweep(&context.paths.runs())?;
    for (id, path) in entries(&context.paths.runs())? {
        if known.contains(&id) {
            continue;
        }
        if let Some(lock) = stranger(context, &id)? {
            sweep_run(context, &id, &path)?;
            lock.retire();
            done.swept.push(path.display().to_string());
        }
    }
    Ok(())
}

fn sweep_run(context: &Context, id: &ContainerId, path: &Path) -> Result<(), Error> {
    const SIGKILL: i32 = 9;
    let found = hull_monitor::facts::read(path, context.boot_id()?).map_err(Error::Monitor)?;
    let wait = || hull_monitor::facts::wait_unmonitored(path).map_err(Error::Monitor);
    if found.monitored && !found.init_alive {
        // It is clearing up; two at the same groups would be in each other's way.
        wait()?;
    }
    let location = Location::of(&format!("/hull/{id}"), id.as_str(), false);
    let group = Cgroup::open(context.cgroups()?, &location.map_err(Error::Cgroup)?);
    if group.exists() {
        group.kill_all(SIGKILL).map_err(Error::Cgroup)?;
    }
    wait()?;
    if group.exists() {
        group.remove().map_err(Error::Cgroup)?;
    }
    run_dir::abandon(path)
}

/// Lasting directories and writable layers without a row.
fn sweep_directories(
    context: &Context,
    known: &BTreeSet<ContainerId>,
    done: &mut Reconciled,
) -> Result<(), Error> {
    for (id, path) in entries(&context.paths.containers())? {
        if known.contains(&id) {
            continue;
        }
        if let Some(lock) = stranger(context, &id)? {
            fs::remove_dir_all(&path)
                .or_else(missing)
                .map_err(file("remove", &path))?;
            lock.retire();
            done.swept.push(path.display().to_string());
        }
    }
    let store = context.store();
    for (id, path) in entries(&store.snapshots())? {
        if known.contains(&id) {
            continue;
        }
        if let Some(lock) = stranger(context, &id)? {
            snapshot::remove(&store, id.as_str())?;
            lock.retire();
            done.swept.push(path.display().to_string());
        }
    }
    Ok(())
}

fn sweep_locks(context: &Context, known: &BTreeSet<ContainerId>) -> Result<(), Error> {
    for (id, _) in entries(&context.paths.locks())? {
        if !known.contains(&id)
            && let Some(lock) = Lock::try_acquire(&context.paths.locks(), id.as_str())?
        {
            lock.retire();
        }
    }
    Ok(())
}

/// What was thrown away, and what a load that was killed left behind; left alone while somebody loads.
fn sweep_trash(context: &Context) -> Result<(), Error> {
    let store = context.store();
    snapshot::empty_trash(&store)?;
    hull_image::sweep::sweep(&store)?;
    Ok(())
}

/// The lock of an id that no row names and nobody works on; a container being created or removed right
/// now is no stranger, and one that was just created has a row by the time its lock is had.
fn stranger(context: &Context, id: &ContainerId) -> Result<Option<Lock>, Error> {
    let Some(lock) = Lock::try_acquire(&context.paths.locks(), id.as_str())? else {
        return Ok(None);
    };
    Ok(context
        .ledger
        .containers()
        .get(id)?
        .is_none()
        .then_some(lock))
}

/// Entries of `dir` that are named by a container id.
fn entries(dir: &Path) -> Result<Vec<(ContainerId, std::path::PathBuf)>, Error> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(file("list", dir)(error)),
    };
    let named = |entry: fs::DirEntry| {
        let id = ContainerId::parse(entry.file_name().to_str()?)?;
        Some((id, entry.path()))
    };
    Ok(entries.flatten().filter_map(named).collect())
}

fn missing(error: std::io::Error) -> std::io::Result<()> {
    match error.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    }
}
