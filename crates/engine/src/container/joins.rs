//! Namespaces of other containers that a container joins: `--network`, `--pid`, `--ipc
//! container:NAME`.
//!
//! Invariant: only a running container is joined, and only an IPC namespace that was made to be
//! shared.

use std::path::PathBuf;

use hull_model::container::config::ContainerConfig;
use hull_model::container::namespace::{IpcMode, NetworkMode, PidMode};
use hull_model::id::ContainerId;
use hull_state::ContainerRow;

use crate::container::facts;
use crate::container::find::find;
use crate::container::spec::input::Joins;
use crate::context::Context;
use crate::error::{Error, SpecError};

/// What joining gives.
#[derive(Debug, Clone, Default)]
pub struct Joined {
    /// Namespace files.
    pub joins: Joins,
    /// The shared /dev/shm, made here for a shareable container.
    pub shm: Option<PathBuf>,
    /// The host name of the container whose network is joined.
    pub hostname: Option<String>,
}

/// Name of the directory shared as /dev/shm, in a run directory.
pub const SHM: &str = "shm";

/// Looks up everything `config` joins.
pub fn joined(
    context: &Context,
    id: &ContainerId,
    config: &ContainerConfig,
) -> Result<Joined, Error> {
    let mut joined = Joined::default();
    if let NetworkMode::Container(name) = &config.network {
        let (row, pid) = running(context, name, "network")?;
        joined.joins.network = Some(format!("/proc/{pid}/ns/net"));
        let hostname = row.config.get()?.hostname.clone();
        joined.hostname = Some(hostname.unwrap_or_else(|| row.id.short().to_owned()));
    }
    if let PidMode::Container(name) = &config.pid {
        let (_, pid) = running(context, name, "PID")?;
        joined.joins.pid = Some(format!("/proc/{pid}/ns/pid"));
    }
    match &config.ipc {
        IpcMode::Shareable => joined.shm = Some(context.paths.run(id).join(SHM)),
        IpcMode::Container(name) => {
            let (row, pid) = running(context, name, "IPC")?;
            if row.config.get()?.ipc != IpcMode::Shareable {
                return Err(SpecError::invalid(format!(
                    "can't join IPC of container {}: non-shareable IPC \
                     (hint: use IpcMode:shareable for the donor container)",
                    row.id
                ))
                .into());
            }
            joined.joins.ipc = Some(format!("/proc/{pid}/ns/ipc"));
            joined.shm = Some(context.paths.run(&row.id).join(SHM));
        }
        _ => {}
    }
    Ok(joined)
}

fn running(
    context: &Context,
    name: &str,
    namespace: &'static str,
) -> Result<(ContainerRow, i32), Error> {
    let row = find(context, name)?;
    let observed = facts::observe(context, &row)?;
    let pid = observed
        .facts
        .state
        .as_ref()
        .filter(|_| observed.facts.init_alive)
        .map(|s| s.pid);
    match pid {
        Some(pid) => Ok((row, pid)),
        None => Err(SpecError::JoinStopped {
            namespace,
            id: row.id.to_string(),
        }
        .into()),
    }
}
