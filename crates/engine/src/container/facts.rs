//! What is true of one container now, gathered from its run directory, its cgroup and its record.
//!
//! Leaves the word for it to `status`. Invariant: reads only; takes no lock, so it may run beside
//! anything, and never trusts the ledger for what the kernel knows.

use hull_monitor::client::Client;
use hull_monitor::facts::{self, Facts};
use hull_monitor::protocol::{ExitRecord, Phase};
use hull_runtime::cgroup::{Cgroup, Location};
use hull_state::ContainerRow;

use crate::container::status::{Known, Status};
use crate::context::Context;
use crate::error::Error;

/// Facts of one container.
#[derive(Debug, Clone)]
pub struct Observed {
    /// From the run directory and the kernel.
    pub facts: Facts,
    /// The last exit its monitor wrote down, if the ledger does not have it yet.
    pub record: Option<ExitRecord>,
    /// Its status.
    pub status: Status,
}

/// Looks at `row`'s container.
pub fn observe(context: &Context, row: &ContainerRow) -> Result<Observed, Error> {
    let run_dir = context.paths.run(&row.id);
    let facts = facts::read(&run_dir, context.boot_id()?).map_err(Error::Monitor)?;
    let frozen = facts.init_alive && is_frozen(context, row)?;
    // A record matters only when nothing runs and the ledger has not seen it.
    let record = match facts.init_alive {
        true => None,
        false => newest_record(context, row)?,
    };
    let ending = facts.monitored && !is_concluded(row, &facts, record.as_ref());
    let known = Known {
        init_alive: facts.init_alive || ending,
        restarting: facts.restarting(),
        starting: facts.starting(),
        frozen,
        removing: is_removing(row),
        ever_started: row.started_at.is_some() || facts.state.is_some() || record.is_some(),
    };
    Ok(Observed {
        status: Status::of(&known),
        facts,
        record,
    })
}

/// Whether the end of the process that ran last is written down. Until its monitor has done that,
/// nobody knows what follows.
fn is_concluded(row: &ContainerRow, facts: &Facts, record: Option<&ExitRecord>) -> bool {
    let Some(state) = facts
        .state
        .as_ref()
        .filter(|state| state.phase == Phase::Running)
    else {
        return true;
    };
    let written =
        record.is_some_and(|found| found.started_at >= state.started_at && !found.restarting);
    let settled = row.exit.is_some_and(|exit| {
        u64::try_from(exit.finished_at).is_ok_and(|finished| finished >= state.started_at)
    });
    written || settled
}

/// As [`observe`], for whoever holds the lock: a monitor whose starter died half-way is waited for
/// until it either runs the container or has given up.
pub fn observe_settled(context: &Context, row: &ContainerRow) -> Result<Observed, Error> {
    let observed = observe(context, row)?;
    if !observed.facts.starting() {
        return Ok(observed);
    }
    if let Ok(mut client) = Client::connect(&context.paths.run(&row.id)) {
        // It answers when it has something to say, or hangs up when it has failed.
        client.status().ok();
    }
    observe(context, row)
}

/// The exit record, unless the ledger has it already.
pub fn newest_record(context: &Context, row: &ContainerRow) -> Result<Option<ExitRecord>, Error> {
    let path = context.paths.exit_record(&row.id, row.auto_remove);
    let run_dir = context.paths.run(&row.id);
    let record = hull_monitor::exit::newest(&path, &run_dir).map_err(Error::Monitor)?;
    let seen = row.exit.map(|exit| exit.finished_at);
    let finished = |record: &ExitRecord| i64::try_from(record.finished_at).ok();
    Ok(record.filter(|record| finished(record) != seen))
}

/// Whether it runs; what cannot be looked at is taken to run.
pub fn is_running(context: &Context, row: &ContainerRow) -> bool {
    observe(context, row).map_or(true, |observed| observed.status.is_alive())
}

/// The cgroup of a container.
pub fn cgroup(context: &Context, row: &ContainerRow) -> Result<Cgroup, Error> {
    let config = row.config.get()?;
    let path = crate::container::spec::compile::cgroup_path(config, &row.id);
    let location = Location::of(&path, row.id.as_str(), false).map_err(Error::Cgroup)?;
    Ok(Cgroup::open(context.cgroups()?, &location))
}

/// Removes what a killed monitor left of the cgroup, with whatever still runs in it.
pub fn remove_cgroup(context: &Context, row: &ContainerRow) -> Result<(), Error> {
    const SIGKILL: i32 = 9;
    let group = cgroup(context, row)?;
    if group.exists() {
        group.kill_all(SIGKILL).map_err(Error::Cgroup)?;
        group.remove().map_err(Error::Cgroup)?;
    }
    Ok(())
}

fn is_frozen(context: &Context, row: &ContainerRow) -> Result<bool, Error> {
    cgroup(context, row)?.frozen().map_err(Error::Cgroup)
}

/// The engine's note on a row: its removal has begun.
pub const REMOVING: &str = "{\"removing\":true}";

/// Whether the removal of `row` has begun.
pub fn is_removing(row: &ContainerRow) -> bool {
    row.extra == REMOVING
}
