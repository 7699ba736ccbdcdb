//! [`Ledger`]: the one place that opens the database.
//!
//! WAL, `synchronous=NORMAL`, no checkpoint on the way of a command (neither automatic nor at
//! close): whoever works after the report calls [`Ledger::truncate_wal_if_large`]. Opened on first
//! use; a reader of a ledger that does not exist sees nothing and creates nothing. Invariant:
//! nobody else opens the file, since closing any second descriptor drops SQLite's locks; and no
//! transaction spans anything but SQL.

use std::cell::OnceCell;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use crate::error::{Error, Result};
use crate::migrate;

/// A WAL above this many bytes makes every open dearer than truncating it once.
pub const WAL_LIMIT: u64 = 512 << 10;

/// The ledger of one data root.
pub struct Ledger {
    path: PathBuf,
    connection: OnceCell<Connection>,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Ledger {
    /// The ledger in the file `path`; nothing is touched before the first use.
    pub fn open(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            connection: OnceCell::new(),
        }
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the WAL has grown beyond [`WAL_LIMIT`] and somebody should make it small again.
    pub fn wal_is_large(&self) -> bool {
        let mut wal = self.path.clone().into_os_string();
        wal.push("-wal");
        std::fs::metadata(&wal).is_ok_and(|meta| meta.len() > WAL_LIMIT)
    }

    /// Makes the WAL small again when it has grown beyond [`WAL_LIMIT`]; never waits for others.
    /// Returns whether it did.
    pub fn truncate_wal_if_large(&self) -> Result<bool> {
        if !self.wal_is_large() {
            return Ok(false);
        }
        // A connection of its own, whose busy handler gives up at once.
        let fail = |e| self.query("truncate the ledger's log", e);
        let db = self.attach()?;
        db.busy_timeout(Duration::ZERO).map_err(fail)?;
        match db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
            row.get::<_, i64>(0)
        }) {
            Ok(busy) => Ok(busy == 0),
            Err(e) if is_busy(&e) => Ok(false),
            Err(e) => Err(fail(e)),
        }
    }

    /// A connection for reading, `None` while the ledger does not exist.
    pub(crate) fn reader(&self) -> Result<Option<&Connection>> {
        if let Some(db) = self.connection.get() {
            return Ok(Some(db));
        }
        match std::fs::metadata(&self.path) {
            Ok(meta) if meta.len() > 0 => self.writer().map(Some),
            Ok(_) => Ok(None),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::Lock {
                path: self.path.clone(),
                source,
            }),
        }
    }

    /// The connection, made (and the database with it) when there is none yet.
    pub(crate) fn writer(&self) -> Result<&Connection> {
        if let Some(db) = self.connection.get() {
            return Ok(db);
        }
        let db = self.connect()?;
        Ok(self.connection.get_or_init(|| db))
    }

    /// Runs `work` in one short write transaction.
    pub(crate) fn write<T>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let db = self.writer()?;
        let run = || {
            let behavior = TransactionBehavior::Immediate;
            let transaction = rusqlite::Transaction::new_unchecked(db, behavior)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        run().map_err(|e| self.query(what, e))
    }

    /// An error of a query, told apart from damage.
    pub(crate) fn query(&self, what: &'static str, source: rusqlite::Error) -> Error {
        if is_damage(&source) {
            return Error::Damaged {
                path: self.path.clone(),
                source,
            };
        }
        Error::Query { what, source }
    }

    fn connect(&self) -> Result<Connection> {
        let fresh = !std::fs::metadata(&self.path).is_ok_and(|meta| meta.len() > 0);
        if fresh {
            return self.connect_locked();
        }
        let db = self.attach()?;
        match migrate::version(&db).map_err(|e| self.opening(e))? {
            migrate::CURRENT => Ok(db),
            found if found > migrate::CURRENT => Err(Error::TooNew {
                path: self.path.clone(),
                found,
                known: migrate::CURRENT,
            }),
            _ => {
                drop(db);
                self.connect_locked()
            }
        }
    }

    /// Creates or migrates: one process at a time, under a lock of its own.
    fn connect_locked(&self) -> Result<Connection> {
        if let Some(dir) = self.path.parent() {
            std::fs::create_dir_all(dir).map_err(|source| Error::Directory {
                path: dir.to_owned(),
                source,
            })?;
        }
        let mut path = self.path.clone().into_os_string();
        path.push(".lock");
        let path = PathBuf::from(path);
        let lock = |source| Error::Lock {
            path: path.clone(),
            source,
        };
        let guard = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(lock)?;
        guard.lock().map_err(lock)?;
        self.create_private();
        let db = self.attach()?;
        migrate::bring_up_to_date(&db, &self.path)?;
        Ok(db)
    }

    /// Wishes hold secrets, so the file is nobody else's; SQLite gives its log the same mode. Only
    /// while there is no file, so no descriptor of a database in use is ever closed.
    fn create_private(&self) {
        use std::os::unix::fs::OpenOptionsExt;
        let mut options = File::options();
        options.write(true).create_new(true).mode(0o600);
        // What goes wrong here, opening the database tells better.
        drop(options.open(&self.path));
    }

    fn attach(&self) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_EXRESCODE;
        let open = || {
            let mut db = Connection::open_with_flags(&self.path, flags)?;
            db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
            db.busy_handler(Some(wait))?;
            db.execute_batch("PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0")?;
            Ok(db)
        };
        open().map_err(|e| self.opening(e))
    }

    fn opening(&self, source: rusqlite::Error) -> Error {
        let path = self.path.clone();
        if is_damage(&source) {
            return Error::Damaged { path, source };
        }
        Error::Open { path, source }
    }
}

/// SQLite cannot be waited for, only asked again: quickly at first, up to about half a minute.
fn wait(tries: i32) -> bool {
    let micros = match tries {
        0..8 => 100,
        8..40 => 500,
        40..200 => 2_000,
        _ => 10_000,
    };
    std::thread::sleep(Duration::from_micros(micros));
    tries < 3_000
}

fn is_busy(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(
        code,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

fn is_damage(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(
        code,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}
