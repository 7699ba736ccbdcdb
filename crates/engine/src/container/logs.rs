//! `logs`: what a container wrote, read from its log file, also while it runs and after it ended.
//!
//! Leaves reading the files to `monitor::log`. Invariant: following ends when the container has ended
//! and every line it wrote was given.

use std::time::Duration;

use hull_model::id::ContainerId;
use hull_model::time::Timestamp;
use hull_monitor::log::read::{Changes, Entry, Range, Reader};

use crate::container::facts;
use crate::container::find::find;
use crate::container::status::Status;
use crate::context::Context;
use crate::error::{ContainerError, Error, file};

/// Which part of a log is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogsRequest {
    /// Go on until the container ends.
    pub follow: bool,
    /// Only the last so many lines.
    pub tail: Option<u64>,
    /// Only lines from here on.
    pub since: Option<Timestamp>,
    /// Only lines up to here.
    pub until: Option<Timestamp>,
}

/// A log being read.
pub struct Logs<'a> {
    context: &'a Context,
    id: ContainerId,
    /// It has a terminal: everything is standard output.
    pub tty: bool,
    reader: Reader,
    changes: Option<Changes>,
    until: Option<Timestamp>,
    ended: bool,
}

pub(crate) fn logs<'a>(
    context: &'a Context,
    name: &str,
    request: LogsRequest,
) -> Result<Logs<'a>, Error> {
    let row = find(context, name)?;
    let config = row.config.get()?;
    if config.log.driver == "none" {
        return Err(ContainerError::LogsUnreadable.into());
    }
    let nanos = |time: Timestamp| u64::try_from(time.0).unwrap_or(0);
    let range = Range {
        tail: request
            .tail
            .map(|lines| usize::try_from(lines).unwrap_or(usize::MAX)),
        since: request.since.map(nanos),
        until: request.until.map(nanos),
    };
    let path = context.paths.log(&row.id);
    if request.follow {
        // A container that never ran has no directory to watch yet.
        let dir = context.paths.container(&row.id);
        std::fs::create_dir_all(&dir).map_err(file("create", &dir))?;
    }
    let reader = Reader::open(&path, range).map_err(Error::Monitor)?;
    let changes = request
        .follow
        .then(|| reader.watch())
        .transpose()
        .map_err(Error::Monitor)?;
    if let Some(changes) = &changes {
        let dir = context.paths.run_root();
        std::fs::create_dir_all(dir).map_err(file("create", dir))?;
        // The journal tells of the end, whoever notes it.
        changes.also(dir).map_err(Error::Monitor)?;
    }
    Ok(Logs {
        context,
        id: row.id.clone(),
        tty: config.tty,
        reader,
        changes,
        until: request.until,
        ended: false,
    })
}

impl Logs<'_> {
    /// The next line; `None` at the end, which for a followed log is the end of the container.
    pub fn next_line(&mut self) -> Result<Option<Entry>, Error> {
        loop {
            if let Some(entry) = self.reader.next_entry().map_err(Error::Monitor)? {
                return Ok(Some(entry));
            }
            let Some(changes) = &self.changes else {
                return Ok(None);
            };
            if self.reader.is_done() || self.ended {
                return Ok(None);
            }
            changes.clear().map_err(Error::Monitor)?;
            self.ended = self.has_ended()?;
            if self.ended {
                // What was written before it ended comes first.
                continue;
            }
            if let Some(entry) = self.reader.next_entry().map_err(Error::Monitor)? {
                return Ok(Some(entry));
            }
            let patience = self.patience();
            if patience == Some(Duration::ZERO) {
                return Ok(None);
            }
            changes.wait(patience).map_err(Error::Monitor)?;
        }
    }

    fn patience(&self) -> Option<Duration> {
        let left = self.until?.0.saturating_sub(self.context.now().0);
        Some(Duration::from_nanos(u64::try_from(left).unwrap_or(0)))
    }

    fn has_ended(&self) -> Result<bool, Error> {
        let Some(row) = self.context.ledger.containers().get(&self.id)? else {
            return Ok(true);
        };
        let observed = facts::observe(self.context, &row)?;
        let over = matches!(
            observed.status,
            Status::Exited | Status::Created | Status::Removing
        );
        Ok(over && !observed.facts.monitored)
    }
}
