//! Creating the ledger and bringing an older one up to date.
//!
//! Leaves locking to `db`. Invariant: before the first step of a migration the old ledger has
//! passed an integrity check and lies beside the new one as a copy; each step is one transaction.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use crate::error::{Error, Result};

/// Each step takes the schema from its position to the next.
const STEPS: &[&str] = &[include_str!("schema/0001_initial.sql")];

/// The schema this hull writes; always the number of steps.
pub(crate) const CURRENT: i64 = 1;

/// The schema a database has, 0 when it is new.
pub(crate) fn version(db: &Connection) -> rusqlite::Result<i64> {
    db.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Creates the schema or migrates it.
pub(crate) fn bring_up_to_date(db: &Connection, path: &Path) -> Result<()> {
    let open = |source| Error::Open {
        path: path.to_owned(),
        source,
    };
    let found = version(db).map_err(open)?;
    if found > CURRENT {
        return Err(Error::TooNew {
            path: path.to_owned(),
            found,
            known: CURRENT,
        });
    }
    if found == CURRENT {
        return Ok(());
    }
    if found == 0 {
        db.pragma_update(None, "journal_mode", "WAL")
            .map_err(open)?;
    } else {
        check(db, path)?;
        back_up(db, path, found)?;
    }
    for (step, version) in STEPS
        .iter()
        .zip(1..)
        .filter(|(_, version)| *version > found)
    {
        apply(db, step, version).map_err(|source| Error::Migrate { version, source })?;
    }
    Ok(())
}

fn apply(db: &Connection, step: &str, version: i64) -> rusqlite::Result<()> {
    let transaction = rusqlite::Transaction::new_unchecked(db, TransactionBehavior::Immediate)?;
    transaction.execute_batch(step)?;
    transaction.pragma_update(None, "user_version", version)?;
    transaction.commit()
}

fn check(db: &Connection, path: &Path) -> Result<()> {
    let finding: String = db
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(|source| Error::Damaged {
            path: path.to_owned(),
            source,
        })?;
    if finding != "ok" {
        return Err(Error::Integrity {
            path: path.to_owned(),
            finding,
        });
    }
    Ok(())
}

/// `<ledger>.before-<version>`; a copy left by an interrupted migration is replaced.
fn back_up(db: &Connection, path: &Path, found: i64) -> Result<()> {
    let mut copy = path.to_owned().into_os_string();
    copy.push(format!(".before-{}", found + 1));
    let copy = PathBuf::from(copy);
    std::fs::remove_file(&copy).ok();
    let text = copy.to_string_lossy().into_owned();
    db.execute("VACUUM INTO ?1", [text])
        .map_err(|source| Error::Backup { path: copy, source })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_current_schema_is_the_last_step() {
        assert_eq!(i64::try_from(STEPS.len()).unwrap(), CURRENT);
    }

    #[test]
    fn a_copy_is_made_and_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.db");
        let db = Connection::open(&path).unwrap();
        bring_up_to_date(&db, &path).unwrap();
        check(&db, &path).unwrap();
        for _ in 0..2 {
            back_up(&db, &path, CURRENT).unwrap();
        }
        let copy = Connection::open(dir.path().join("state.db.before-2")).unwrap();
        assert_eq!(version(&copy).unwrap(), CURRENT);
        check(&copy, &path).unwrap();
    }

    #[test]
    fn a_failing_step_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let db = Connection::open(dir.path().join("state.db")).unwrap();
        assert!(apply(&db, "CREATE TABLE a (b); CREATE TABLE a (b);", 7).is_err());
        assert_eq!(version(&db).unwrap(), 0);
        let tables: i64 = db
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .unwrap();
        assert_eq!(tables, 0);
    }
}
