//! The journal: one JSON line per event, appended with one write each, read and followed by `events`.
//!
//! Leaves to each verb which events it writes. Invariant: a line is written whole or not at all
//! (O_APPEND, one write), and writing never fails a verb: history is not state.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use hull_model::event::{Actor, Event, EventType};
use hull_model::time::Timestamp;

/// A journal above this size is renamed to `.1` and begun anew.
const ROTATE_AT: u64 = 4 << 20;

/// The journal of one run root.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
}

/// What happened, before it has a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// Kind of object.
    pub kind: EventType,
    /// `create`, `die` …
    pub action: String,
    /// Full id of the object.
    pub id: String,
    /// Docker's attributes.
    pub attributes: BTreeMap<String, String>,
}

impl Journal {
    /// The journal in the file `path`.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file it was before it was begun anew.
    pub fn rotated(&self) -> PathBuf {
        self.path.with_extension("jsonl.1")
    }

    /// Writes what happened; a full or read-only disk loses the event, not the verb.
    pub fn write(&self, now: Timestamp, happening: Happening) {
        let Ok(mut line) = serde_json::to_vec(&event(now, happening)) else {
            return;
        };
        line.push(b'\n');
        self.append(&line).ok();
    }

    fn append(&self, line: &[u8]) -> io::Result<()> {
        let mut file = self.open()?;
        if file.metadata()?.len() > ROTATE_AT {
            fs::rename(&self.path, self.rotated())?;
            file = self.open()?;
        }
        file.write_all(line)
    }

    fn open(&self) -> io::Result<File> {
        let open = || File::options().create(true).append(true).open(&self.path);
        open().or_else(|error| match (error.kind(), self.path.parent()) {
            (io::ErrorKind::NotFound, Some(dir)) => fs::create_dir_all(dir).and_then(|()| open()),
            _ => Err(error),
        })
    }
}

fn event(now: Timestamp, happening: Happening) -> Event {
    let old = matches!(happening.kind, EventType::Container | EventType::Image);
    let from = match happening.kind {
        EventType::Container => happening.attributes.get("image").cloned(),
        _ => None,
    };
    Event {
        status: old.then(|| happening.action.clone()),
        id: old.then(|| happening.id.clone()),
        from,
        kind: happening.kind,
        action: happening.action,
        actor: Actor {
            id: happening.id,
            attributes: happening.attributes,
        },
        scope: "local".into(),
        time: now.seconds(),
        time_nano: now.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_lines_in_dockers_shape() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::new(dir.path().join("run/journal.jsonl"));
        journal.write(
            Timestamp(1_700_000_000_000_000_001),
            Happening {
                kind: EventType::Container,
                action: "start".into(),
                id: "abc".into(),
                attributes: [
                    ("image".into(), "busybox".into()),
                    ("name".into(), "x".into()),
                ]
                .into(),
            },
        );
        let text = fs::read_to_string(journal.path()).unwrap();
        let expected = "{\"status\":\"start\",\"id\":\"abc\",\"from\":\"busybox\",\
            \"Type\":\"container\",\"Action\":\"start\",\"Actor\":{\"ID\":\"abc\",\
            \"Attributes\":{\"image\":\"busybox\",\"name\":\"x\"}},\"scope\":\"local\",\
            \"time\":1700000000,\"timeNano\":1700000000000000001}\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_large_journal_is_begun_anew() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::new(dir.path().join("journal.jsonl"));
        fs::write(
            journal.path(),
            vec![b'x'; usize::try_from(ROTATE_AT).unwrap() + 1],
        )
        .unwrap();
        let happening = Happening {
            kind: EventType::Daemon,
            action: "reload".into(),
            id: String::new(),
            attributes: BTreeMap::new(),
        };
        journal.write(Timestamp(0), happening);
        assert!(fs::metadata(journal.path()).unwrap().len() < 1000);
        assert!(fs::metadata(journal.rotated()).unwrap().len() > ROTATE_AT);
    }
}
