//! `container prune`: removes every container that does not run.
//!
//! Leaves the question "are you sure" to the front rooms. Invariant: a container that was started
//! meanwhile stays; the removal itself looks again under its lock.

use hull_error::{Fault, Kind};
use hull_model::filter::Filters;
use hull_model::id::ContainerId;
use hull_model::time::Timestamp;

use crate::container::list::{ListRequest, list};
use crate::container::remove::{RemoveRequest, remove};
use crate::context::Context;
use crate::error::Error;

/// What prune did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Containers that are gone.
    pub removed: Vec<ContainerId>,
    /// Bytes of their writable layers.
    pub reclaimed: u64,
}

/// Removes stopped containers with these labels, created before `until`.
pub(crate) fn prune(
    context: &Context,
    filters: &Filters,
    until: Option<Timestamp>,
) -> Result<Pruned, Error> {
    if let Some(key) = filters.unknown(&["label", "label!"]) {
        return Err(Error::UnknownFilter {
            key: key.to_owned(),
        });
    }
    let mut stopped = Filters::default();
    for label in filters.get("label") {
        stopped.insert("label", label);
    }
    for status in ["created", "exited", "dead"] {
        stopped.insert("status", status);
    }
    let request = ListRequest {
        all: true,
        size: true,
        filters: stopped,
        ..ListRequest::default()
    };
    let mut pruned = Pruned::default();
    for container in list(context, &request)? {
        let late = until.is_some_and(|until| container.created >= until);
        let unwanted = filters.get("label!").iter().any(|wanted| {
            let (name, value) = wanted.split_once('=').unwrap_or((wanted, ""));
            let has = container.labels.get(name);
            has.is_some_and(|has| value.is_empty() || has == value)
        });
        if late || unwanted {
            continue;
        }
        match remove(context, container.id.as_str(), RemoveRequest::default()) {
            Ok(()) => {
                pruned.removed.push(container.id);
                pruned.reclaimed += container.size.map_or(0, |(own, _)| own);
            }
            // Started, or removed by somebody else, meanwhile.
            Err(error) if matches!(error.kind(), Kind::Conflict | Kind::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(pruned)
}
