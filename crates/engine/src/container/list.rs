//! `ps`: every container that a question matches, with its status derived from facts.
//!
//! Leaves tables to `cli`. Invariant: a thousand containers that do not run cost no look into their
//! wishes unless a filter asks for it.

use std::collections::BTreeMap;

use hull_model::duration::human_duration;
use hull_model::filter::Filters;
use hull_model::id::{ContainerId, ContainerName};
use hull_model::time::Timestamp;
use hull_state::ContainerRow;

use crate::container::facts::{self, Observed};
use crate::container::filter::Matcher;
use crate::container::status::Status;
use crate::container::view::{self, Images};
use crate::container::{settle, size};
use crate::context::Context;
use crate::error::Error;

/// Which containers are listed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListRequest {
    /// Also those that do not run.
    pub all: bool,
    /// Only the newest so many, whatever they do.
    pub last: Option<usize>,
    /// Measure the writable layer.
    pub size: bool,
    /// `ancestor before since exited id name label status health network volume publish expose`.
    pub filters: Filters,
}

/// A container as `ps` shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Its id.
    pub id: ContainerId,
    /// Its name.
    pub name: ContainerName,
    /// The image as the user wrote it, or its id when that name now means another image.
    pub image: String,
    /// `sha256:…` of the image.
    pub image_id: String,
    /// Program and arguments, joined by spaces.
    pub command: String,
    /// When it was created.
    pub created: Timestamp,
    /// What it is doing.
    pub state: Status,
    /// The same in words: `Up 3 minutes (Paused)`, `Exited (0) 2 hours ago`.
    pub status: String,
    /// Ports in docker's words, `80/tcp`.
    pub ports: String,
    /// Labels of image and user.
    pub labels: BTreeMap<String, String>,
    /// Sources of its mounts, volume names or host paths.
    pub mounts: Vec<String>,
    /// Names of its networks.
    pub networks: Vec<String>,
    /// Bytes of the writable layer, and of that and the image together, when asked for.
    pub size: Option<(u64, u64)>,
}

pub(crate) fn list(context: &Context, request: &ListRequest) -> Result<Vec<Summary>, Error> {
    let rows = context.ledger.containers().list()?;
    let matcher = Matcher::new(context, &request.filters)?;
    let everything = request.all || request.last.is_some() || matcher.asks_for_status();
    let limit = request.last.unwrap_or(usize::MAX);
    let mut images = Images::new(context);
    let mut found = Vec::new();
    for row in &rows {
        if found.len() >= limit {
            break;
        }
        let observed = facts::observe(context, row)?;
        if settle::is_half_gone(row, &observed) && end_now(context, row)? {
            continue;
        }
        let shown =
            everything || observed.status.is_alive() || observed.status == Status::Restarting;
        if shown && matcher.matches(row, &observed, &mut images)? {
            found.push(summary(context, row, &observed, &mut images, request.size)?);
        }
    }
    Ok(found)
}

/// Ends a removal or a `--rm` that was cut short, unless somebody is at it.
fn end_now(context: &Context, row: &ContainerRow) -> Result<bool, Error> {
    let lock = crate::lock::Lock::try_acquire(&context.paths.locks(), row.id.as_str())?;
    if lock.is_none() {
        return Ok(false);
    }
    drop(lock);
    settle::settle(context, &row.id)?;
    Ok(context.ledger.containers().get(&row.id)?.is_none())
}

fn summary(
    context: &Context,
    row: &ContainerRow,
    observed: &Observed,
    images: &mut Images<'_>,
    with_size: bool,
) -> Result<Summary, Error> {
    let config = row.config.get()?;
    let effective = images.effective(row)?;
    let ports: Vec<&str> = effective.exposed_ports.iter().map(String::as_str).collect();
    let running = observed.status.is_alive();
    Ok(Summary {
        id: row.id.clone(),
        name: row.name.clone(),
        image: images.shown_name(row)?,
        image_id: row
            .image_id
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        command: row.command.join(" "),
        created: Timestamp(row.created),
        state: observed.status,
        status: words(row, observed, context.now()),
        ports: if running {
            ports.join(", ")
        } else {
            String::new()
        },
        labels: effective.labels.clone(),
        mounts: view::mount_sources(context, row, &effective)?,
        networks: vec![view::network_name(&config.network)],
        size: if with_size {
            Some(size::of(context, row)?)
        } else {
            None
        },
    })
}

/// Docker's sentence about what a container is doing.
pub(crate) fn words(row: &ContainerRow, observed: &Observed, now: Timestamp) -> String {
    let life = view::Life::of(row, observed);
    let since = |nanos: i64| human_duration((now.0 - nanos) / 1_000_000_000);
    let (started, finished) = (life.started_at.unwrap_or(0), life.finished_at.unwrap_or(0));
    match observed.status {
        Status::Running => format!("Up {}", since(started)),
        Status::Paused => format!("Up {} (Paused)", since(started)),
        Status::Restarting => format!("Restarting ({}) {} ago", life.exit_code, since(finished)),
        Status::Removing => "Removal In Progress".into(),
        Status::Dead => "Dead".into(),
        Status::Created => "Created".into(),
        Status::Exited => format!("Exited ({}) {} ago", life.exit_code, since(finished)),
    }
}
