//! `events`: the journal, read and followed.
//!
//! Leaves printing to `cli`. Invariant: no event is given twice or lost while the journal is begun
//! anew, and nobody polls.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use hull_model::event::{Event, EventType};
use hull_model::filter::Filters;
use hull_model::time::Timestamp;
use hull_sys::inotify::Watch;

use crate::context::Context;
use crate::error::{Error, file};

const KNOWN: &[&str] = &[
    "container",
    "daemon",
    "event",
    "id",
    "image",
    "label",
    "network",
    "node",
    "scope",
    "type",
    "volume",
];

/// Which events are read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventsRequest {
    /// From here on; `None` starts now.
    pub since: Option<Timestamp>,
    /// Up to here; `None` follows for ever.
    pub until: Option<Timestamp>,
    /// `container daemon event id image label network scope type volume`.
    pub filters: Filters,
}

/// Events being read.
pub struct Events<'a> {
    context: &'a Context,
    request: EventsRequest,
    watch: Watch,
    reader: Option<BufReader<File>>,
    /// A line whose end is not written yet.
    partial: String,
}

pub(crate) fn events(context: &Context, request: EventsRequest) -> Result<Events<'_>, Error> {
    if let Some(key) = request.filters.unknown(KNOWN) {
        return Err(Error::UnknownFilter {
            key: key.to_owned(),
        });
    }
    let dir = context.paths.run_root();
    std::fs::create_dir_all(dir).map_err(file("create", dir))?;
    let watch = Watch::new().map_err(file("watch", dir))?;
    watch.directory(dir).map_err(file("watch", dir))?;
    let mut events = Events {
        context,
        request,
        watch,
        reader: None,
        partial: String::new(),
    };
    if events.request.since.is_none() {
        events.request.since = Some(context.now());
    }
    events.open_oldest();
    Ok(events)
}

impl Events<'_> {
    /// The next event that matches; `None` when `until` has passed.
    pub fn next_event(&mut self) -> Result<Option<Event>, Error> {
        loop {
            let dir = self.context.paths.run_root();
            self.watch.clear().map_err(file("watch", dir))?;
            while let Some(event) = self.read()? {
                let at = Timestamp(event.time_nano);
                if self.request.until.is_some_and(|until| at > until) {
                    return Ok(None);
                }
                let wanted = self.request.since.is_none_or(|since| at >= since);
                if wanted && matches(&self.request.filters, &event) {
                    return Ok(Some(event));
                }
            }
            let patience = self.patience();
            if patience == Some(Duration::ZERO) {
                return Ok(None);
            }
            hull_sys::poll::readable(self.watch.as_fd(), patience).map_err(file("watch", dir))?;
        }
    }

    fn patience(&self) -> Option<Duration> {
        let left = self.request.until?.0.saturating_sub(self.context.now().0);
        Some(Duration::from_nanos(u64::try_from(left).unwrap_or(0)))
    }

    fn open_oldest(&mut self) {
        let journal = &self.context.journal;
        let old = File::open(journal.rotated()).or_else(|_| File::open(journal.path()));
        self.reader = old.ok().map(BufReader::new);
    }

    /// The next whole line, going on to the newer file at the end of the older.
    fn read(&mut self) -> Result<Option<Event>, Error> {
        loop {
            let path = self.context.journal.path();
            let Some(reader) = &mut self.reader else {
                self.reader = File::open(path).ok().map(BufReader::new);
                if self.reader.is_none() {
                    return Ok(None);
                }
                continue;
            };
            reader
                .read_line(&mut self.partial)
                .map_err(file("read", path))?;
            if self.partial.ends_with('\n') {
                let line = std::mem::take(&mut self.partial);
                // A damaged line is history lost, not a reason to stop.
                if let Ok(event) = serde_json::from_str(&line) {
                    return Ok(Some(event));
                }
                continue;
            }
            if is_same(reader.get_ref(), path) {
                return Ok(None);
            }
            self.partial.clear();
            self.reader = None;
        }
    }
}

fn is_same(open: &File, path: &std::path::Path) -> bool {
    match (open.metadata(), std::fs::metadata(path)) {
        (Ok(open), Ok(named)) => open.ino() == named.ino(),
        // No newer file yet.
        _ => true,
    }
}

/// Whether `event` passes `filters`, docker's way: names and ids of an object by its kind.
fn matches(filters: &Filters, event: &Event) -> bool {
    let attribute = |key: &str| event.actor.attributes.get(key).map(String::as_str);
    let object = |key: &str, kind: EventType| {
        filters.any(key, |wanted| {
            event.kind == kind
                && (event.actor.id == wanted
                    || event.actor.id.starts_with(wanted)
                    || attribute("name") == Some(wanted))
        })
    };
    let image = |wanted: &str| {
        let name = match event.kind {
            EventType::Image => attribute("name"),
            _ => attribute("image"),
        };
        let bare = |name: &str| name.split(':').next().unwrap_or_default().to_owned();
        event.actor.id == wanted || name.is_some_and(|name| name == wanted || bare(name) == wanted)
    };
    let action =
        |wanted: &str| event.action == wanted || event.action.split(':').next() == Some(wanted);
    filters.any("event", action)
        && filters.exact("type", event.kind.as_str())
        && filters.exact("scope", &event.scope)
        && filters.any("id", |wanted| event.actor.id.starts_with(wanted))
        && filters.any("image", image)
        && filters.labels(&event.actor.attributes)
        && object("container", EventType::Container)
        && object("network", EventType::Network)
        && object("volume", EventType::Volume)
        && object("daemon", EventType::Daemon)
        && !filters.has("node")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Source;
    use crate::journal::Happening;
    use crate::settings::Settings;

    fn context(dir: &std::path::Path) -> Context {
        let settings = Settings {
            root: dir.join("root"),
            run_root: dir.join("run"),
            hull: "/bin/false".into(),
            version: "0",
            runtimes: std::collections::BTreeMap::new(),
            search_path: Vec::new(),
            embedded: &[],
        };
        Context::new(settings, Source::default())
    }

    fn happen(context: &Context, action: &str, name: &str, at: i64) {
        let happening = Happening {
            kind: EventType::Container,
            action: action.into(),
            id: format!("{name}0123"),
            attributes: [
                ("image".to_owned(), "busybox:latest".to_owned()),
                ("name".to_owned(), name.to_owned()),
                ("colour".to_owned(), "red".to_owned()),
            ]
            .into(),
        };
        context.journal.write(Timestamp(at), happening);
    }

    #[test]
    fn events_are_filtered_and_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let context = context(dir.path());
        for (at, (action, name)) in [
            ("create", "a"),
            ("exec_start: ls", "a"),
            ("die", "b"),
            ("start", "late"),
        ]
        .into_iter()
        .enumerate()
        {
            happen(&context, action, name, i64::try_from(at).unwrap() + 1);
        }
        let check = |filters: &[&str], expected: &[&str]| {
            let mut wanted = Filters::default();
            for text in filters {
                wanted.add(text).unwrap();
            }
            let request = EventsRequest {
                since: Some(Timestamp(1)),
                until: Some(Timestamp(3)),
                filters: wanted,
            };
            let mut events = events(&context, request).unwrap();
            let mut found = Vec::new();
            while let Some(event) = events.next_event().unwrap() {
                found.push(event.action);
            }
            assert_eq!(found, expected, "{filters:?}");
        };
        check(&[], &["create", "exec_start: ls", "die"]);
        check(&["container=a"], &["create", "exec_start: ls"]);
        check(&["container=b012"], &["die"]);
        check(&["event=exec_start"], &["exec_start: ls"]);
        check(&["image=busybox"], &["create", "exec_start: ls", "die"]);
        check(&["label=colour=red", "event=die"], &["die"]);
        check(&["type=image"], &[]);
    }

    #[test]
    fn following_goes_on_in_a_journal_begun_anew() {
        let dir = tempfile::tempdir().unwrap();
        let context = context(dir.path());
        happen(&context, "one", "a", 1);
        let request = EventsRequest {
            since: Some(Timestamp(0)),
            until: Some(Timestamp(i64::MAX)),
            filters: Filters::default(),
        };
        let mut following = events(&context, request).unwrap();
        assert_eq!(following.next_event().unwrap().unwrap().action, "one");
        std::fs::rename(context.journal.path(), context.journal.rotated()).unwrap();
        happen(&context, "two", "a", 2);
        assert_eq!(following.next_event().unwrap().unwrap().action, "two");
        assert!(following.read().unwrap().is_none());
    }

    #[test]
    fn unknown_filters_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let context = context(dir.path());
        let mut filters = Filters::default();
        filters.add("colour=red").unwrap();
        let request = EventsRequest {
            filters,
            ..EventsRequest::default()
        };
        assert!(matches!(
            events(&context, request),
            Err(Error::UnknownFilter { .. })
        ));
    }
}
