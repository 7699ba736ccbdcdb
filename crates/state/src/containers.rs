//! Rows of containers: identity, wish, last exit.
//!
//! Leaves status to `engine` (it is derived from facts, never stored) and name rules to `model`.
//! Invariant: names are unique, and every lookup by prefix says when it is ambiguous.

use hull_model::container::config::ContainerConfig;
use hull_model::id::{ContainerId, ContainerName};
use hull_oci::Digest;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::db::Ledger;
use crate::document::Document;
use crate::error::{Error, Result};

/// One container.
#[derive(Debug, Clone)]
pub struct ContainerRow {
    /// Identity.
    pub id: ContainerId,
    /// Unique name.
    pub name: ContainerName,
    /// Nanoseconds since 1970.
    pub created: i64,
    /// The image's id (config digest).
    pub image_id: Option<Digest>,
    /// The image as the user wrote it.
    pub image_name: String,
    /// Path and arguments as resolved from wish and image.
    pub command: Vec<String>,
    /// Its writable layer, a directory below `snapshots/`.
    pub snapshot: String,
    /// Remove it when it exits.
    pub auto_remove: bool,
    /// It shall run: started and not stopped by hand.
    pub wanted: bool,
    /// A user stopped it last.
    pub stopped_by_hand: bool,
    /// Last start, nanoseconds since 1970.
    pub started_at: Option<i64>,
    /// Last exit, `None` when it never ran.
    pub exit: Option<Exit>,
    /// Why the last start failed; empty when it did not.
    pub error: String,
    /// Restarts by the restart policy.
    pub restart_count: u32,
    /// The wish, parsed on demand.
    pub config: Document<ContainerConfig>,
    /// The engine's own notes, JSON or empty.
    pub extra: String,
}

/// How a container ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    /// Nanoseconds since 1970.
    pub finished_at: i64,
    /// Exit status, 128+n for a signal.
    pub code: i32,
    /// The kernel's OOM killer was involved.
    pub oom_killed: bool,
}

/// What changes when a container is started or a restart was noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// Nanoseconds since 1970.
    pub started_at: i64,
    /// Restarts by policy so far.
    pub restart_count: u32,
}

const COLUMNS: &str = "id, name, created, image_id, image_name, command, snapshot, auto_remove, \
     wanted, stopped_by_hand, started_at, finished_at, exit_code, oom_killed, error, \
     restart_count, config, extra";

/// The table of containers.
#[derive(Clone, Copy)]
pub struct Containers<'l> {
    pub(crate) ledger: &'l Ledger,
}

impl Ledger {
    /// The containers.
    pub fn containers(&self) -> Containers<'_> {
        Containers { ledger: self }
    }
}

impl Containers<'_> {
    /// Adds a container; a taken name is [`Error::NameTaken`] with its holder. Its image must still be
    /// there: somebody may have removed it since it was looked up.
    pub fn insert(&self, row: &ContainerRow) -> Result<()> {
        self.ledger.write("add the container to the ledger", |db| {
            if let Some(holder) = holder_of(db, row.name.as_str())? {
                return Ok(Err(taken(row.name.as_str(), holder)));
            }
            if let Some(image) = &row.image_id {
                let sql = "SELECT EXISTS (SELECT 1 FROM images WHERE id = ?1)";
                if !db.query_row(sql, [image.as_str()], |row| row.get(0))? {
                    let name = row.image_name.clone();
                    return Ok(Err(Error::NotFound {
                        what: "image",
                        name,
                    }));
                }
            }
            insert(db, row)?;
            Ok(Ok(()))
        })?
    }

    /// The container with exactly this id.
    pub fn get(&self, id: &ContainerId) -> Result<Option<ContainerRow>> {
        const WHAT: &str = "look up the container";
        let Some(db) = self.ledger.reader()? else {
            return Ok(None);
        };
        one(db, "id = ?1", id.as_str())
            .map_err(|e| self.ledger.query(WHAT, e))?
            .transpose()
    }

    /// The container meant by a user: its id, its name, or a unique prefix of its id.
    pub fn find(&self, name: &str) -> Result<ContainerRow> {
        let bare = name.strip_prefix('/').unwrap_or(name);
        let missing = || Error::NotFound {
            what: "container",
            name: name.to_owned(),
        };
        let Some(db) = self.ledger.reader()? else {
            return Err(missing());
        };
        let fail = |e| self.ledger.query("look up the container", e);
        if let Some(row) = one(db, "id = ?1", name).map_err(fail)? {
            return row;
        }
        if let Some(row) = one(db, "name = ?1", bare).map_err(fail)? {
            return row;
        }
        let hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        if name.is_empty() || name.len() >= 64 || !name.bytes().all(hex) {
            return Err(missing());
        }
        let mut ids = by_prefix(db, name).map_err(fail)?;
        match ids.len() {
            0 => Err(missing()),
            1 => {
                let id = ids.pop().unwrap_or_default();
                one(db, "id = ?1", &id)
                    .map_err(fail)?
                    .unwrap_or_else(|| Err(missing()))
            }
            _ => Err(Error::Ambiguous {
                what: "container",
                prefix: name.to_owned(),
                matches: ids.iter().map(|id| id.chars().take(12).collect()).collect(),
            }),
        }
    }

    /// All containers, newest first.
    pub fn list(&self) -> Result<Vec<ContainerRow>> {
        self.select("ORDER BY created DESC, id")
    }

    /// The containers made from an image.
    pub fn of_image(&self, image: &Digest) -> Result<Vec<ContainerRow>> {
        let mut rows = self.list()?;
        rows.retain(|row| row.image_id.as_ref() == Some(image));
        Ok(rows)
    }

    fn select(&self, clause: &str) -> Result<Vec<ContainerRow>> {
        let Some(db) = self.ledger.reader()? else {
            return Ok(Vec::new());
        };
        let fail = |e| self.ledger.query("list the containers", e);
        let sql = format!("SELECT {COLUMNS} FROM containers {clause}");
        let mut statement = db.prepare(&sql).map_err(fail)?;
        let mut found = statement.query([]).map_err(fail)?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(fail)? {
            rows.push(read(row).map_err(fail)??);
        }
        Ok(rows)
    }

    /// Gives a container another name; a taken one is [`Error::NameTaken`].
    pub fn rename(&self, id: &ContainerId, name: &ContainerName) -> Result<()> {
        let changed = self.ledger.write("rename the container", |db| {
            match holder_of(db, name.as_str())? {
                Some(holder) if holder != id.as_str() => {
                    return Ok(Err(taken(name.as_str(), holder)));
                }
                _ => {}
            }
            let sql = "UPDATE containers SET name = ?2 WHERE id = ?1";
            Ok(Ok(db.execute(sql, params![id.as_str(), name.as_str()])?))
        })??;
        found(changed, id)
    }

    /// Records a start: wanted, not stopped by hand, no error, no exit.
    pub fn set_started(&self, id: &ContainerId, start: Start) -> Result<()> {
        self.update(
            id,
            "UPDATE containers SET wanted = 1, stopped_by_hand = 0, error = '', started_at = ?2, \
             restart_count = ?3, finished_at = NULL, exit_code = NULL, oom_killed = 0 WHERE id = ?1",
            params![id.as_str(), start.started_at, start.restart_count],
        )
    }

    /// Records the last exit.
    pub fn set_exit(&self, id: &ContainerId, exit: Exit) -> Result<()> {
        self.update(
            id,
            "UPDATE containers SET finished_at = ?2, exit_code = ?3, oom_killed = ?4 WHERE id = ?1",
            params![id.as_str(), exit.finished_at, exit.code, exit.oom_killed],
        )
    }

    /// Records why a start failed, and the exit status docker gives such a container.
    pub fn set_error(&self, id: &ContainerId, error: &str, exit: Exit) -> Result<()> {
        self.update(
            id,
            "UPDATE containers SET wanted = 0, error = ?2, finished_at = ?3, exit_code = ?4, \
             oom_killed = ?5 WHERE id = ?1",
            params![
                id.as_str(),
                error,
                exit.finished_at,
                exit.code,
                exit.oom_killed
            ],
        )
    }

    /// Records whether the container shall run, and whether a user stopped it.
    pub fn set_wanted(&self, id: &ContainerId, wanted: bool, stopped_by_hand: bool) -> Result<()> {
        self.update(
            id,
            "UPDATE containers SET wanted = ?2, stopped_by_hand = ?3 WHERE id = ?1",
            params![id.as_str(), wanted, stopped_by_hand],
        )
    }

    /// Replaces the wish (`update`).
    pub fn set_config(&self, id: &ContainerId, config: &Document<ContainerConfig>) -> Result<()> {
        let sql = "UPDATE containers SET config = ?2 WHERE id = ?1";
        self.update(id, sql, params![id.as_str(), config.json()])
    }

    /// Replaces the engine's notes.
    pub fn set_extra(&self, id: &ContainerId, extra: &str) -> Result<()> {
        let sql = "UPDATE containers SET extra = ?2 WHERE id = ?1";
        self.update(id, sql, params![id.as_str(), extra])
    }

    /// Removes a row; `false` when there was none.
    pub fn remove(&self, id: &ContainerId) -> Result<bool> {
        let removed = self
            .ledger
            .write("remove the container from the ledger", |db| {
                db.execute("DELETE FROM containers WHERE id = ?1", [id.as_str()])
            })?;
        Ok(removed > 0)
    }

    fn update(&self, id: &ContainerId, sql: &str, values: impl rusqlite::Params) -> Result<()> {
        let changed = self
            .ledger
            .write("update the container in the ledger", |db| {
                db.execute(sql, values)
            })?;
        found(changed, id)
    }
}

fn found(changed: usize, id: &ContainerId) -> Result<()> {
    match changed {
        0 => Err(Error::NotFound {
            what: "container",
            name: id.to_string(),
        }),
        _ => Ok(()),
    }
}

fn taken(name: &str, holder: String) -> Error {
    Error::NameTaken {
        name: name.to_owned(),
        holder,
    }
}

fn holder_of(db: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    db.query_row("SELECT id FROM containers WHERE name = ?1", [name], |row| {
        row.get(0)
    })
    .optional()
}

fn by_prefix(db: &Connection, prefix: &str) -> rusqlite::Result<Vec<String>> {
    // 'g' sorts after every hexadecimal digit, so this is a range on the primary key.
    let mut statement =
        db.prepare("SELECT id FROM containers WHERE id >= ?1 AND id < ?1 || 'g'")?;
    statement.query_map([prefix], |row| row.get(0))?.collect()
}

fn insert(db: &Connection, row: &ContainerRow) -> rusqlite::Result<()> {
    let command = serde_json::to_string(&row.command)
        .map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
    let sql = format!(
        "INSERT INTO containers ({COLUMNS}) VALUES \
         (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)"
    );
    db.execute(
        &sql,
        params![
            row.id.as_str(),
            row.name.as_str(),
            row.created,
            row.image_id.as_ref().map(Digest::as_str),
            row.image_name,
            command,
            row.snapshot,
            row.auto_remove,
            row.wanted,
            row.stopped_by_hand,
            row.started_at,
            row.exit.map(|e| e.finished_at),
            row.exit.map(|e| e.code),
            row.exit.is_some_and(|e| e.oom_killed),
            row.error,
            row.restart_count,
            row.config.json(),
            row.extra,
        ],
    )?;
    Ok(())
}

fn one(db: &Connection, test: &str, value: &str) -> rusqlite::Result<Option<Result<ContainerRow>>> {
    let sql = format!("SELECT {COLUMNS} FROM containers WHERE {test}");
    db.query_row(&sql, [value], read).optional()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Result<ContainerRow>> {
    let (id, name): (String, String) = (row.get(0)?, row.get(1)?);
    let image: Option<String> = row.get(3)?;
    let command: String = row.get(5)?;
    let exit = match (
        row.get::<_, Option<i64>>(11)?,
        row.get::<_, Option<i32>>(12)?,
    ) {
        (Some(finished_at), Some(code)) => Some(Exit {
            finished_at,
            code,
            oom_killed: row.get(13)?,
        }),
        _ => None,
    };
    let malformed = |what, text: &str| Error::Malformed {
        what,
        text: text.to_owned(),
    };
    let Some(container) = ContainerId::parse(&id) else {
        return Ok(Err(malformed("container id", &id)));
    };
    let Some(name) = ContainerName::parse(&name) else {
        return Ok(Err(malformed("container name", &name)));
    };
    let image_id = match image.as_deref().map(Digest::parse).transpose() {
        Ok(image) => image,
        Err(_) => {
            return Ok(Err(malformed(
                "image id",
                image.as_deref().unwrap_or_default(),
            )));
        }
    };
    let command = match serde_json::from_str(&command) {
        Ok(command) => command,
        Err(source) => {
            return Ok(Err(Error::Row {
                what: "the command",
                subject: id,
                source,
            }));
        }
    };
    Ok(Ok(ContainerRow {
        id: container,
        name,
        created: row.get(2)?,
        image_id,
        image_name: row.get(4)?,
        command,
        snapshot: row.get(6)?,
        auto_remove: row.get(7)?,
        wanted: row.get(8)?,
        stopped_by_hand: row.get(9)?,
        started_at: row.get(10)?,
        exit,
        error: row.get(14)?,
        restart_count: row.get(15)?,
        config: Document::from_json(row.get(16)?),
        extra: row.get(17)?,
    }))
}
