//! Leases: who has bytes in flight that no row names yet.
//!
//! Leaves to `image::sweep` what a lease protects (everything younger than the oldest live one).
//! Invariant: a lease whose holder is dead, or of another boot, protects nothing; who holds it is
//! told by pid, start time and boot id together.

use rusqlite::params;

use crate::db::Ledger;
use crate::error::Result;

/// A process, told apart from any other that had or will have its pid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Process id.
    pub pid: u32,
    /// Its start, clock ticks since boot.
    pub start_time: u64,
    /// The machine's boot.
    pub boot_id: String,
}

/// One lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Row number.
    pub id: i64,
    /// Who holds it.
    pub holder: Holder,
    /// `load`, `import` …
    pub purpose: String,
    /// Nanoseconds since 1970.
    pub created: i64,
}

/// The table of leases.
#[derive(Clone, Copy)]
pub struct Leases<'l> {
    pub(crate) ledger: &'l Ledger,
}

impl Leases<'_> {
    /// Takes a lease.
    pub fn take(&self, holder: &Holder, purpose: &str, created: i64) -> Result<i64> {
        self.ledger.write("take a lease", |db| {
            db.execute(
                "INSERT INTO leases (pid, start_time, boot_id, purpose, created) \
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    holder.pid,
                    crate::layers::signed(holder.start_time),
                    holder.boot_id,
                    purpose,
                    created
                ],
            )?;
            Ok(db.last_insert_rowid())
        })
    }

    /// Gives leases up; those already gone are ignored.
    pub fn release(&self, ids: &[i64]) -> Result<()> {
        self.ledger.write("release a lease", |db| {
            let mut statement = db.prepare("DELETE FROM leases WHERE id = ?1")?;
            ids.iter()
                .try_for_each(|id| statement.execute([id]).map(drop))
        })
    }

    /// All leases, dead ones included.
    pub fn list(&self) -> Result<Vec<Lease>> {
        let Some(db) = self.ledger.reader()? else {
            return Ok(Vec::new());
        };
        let fail = |e| self.ledger.query("list the leases", e);
        let sql = "SELECT id, pid, start_time, boot_id, purpose, created FROM leases";
        let mut statement = db.prepare(sql).map_err(fail)?;
        let rows = statement.query_map([], |row| {
            Ok(Lease {
                id: row.get(0)?,
                holder: Holder {
                    pid: row.get(1)?,
                    start_time: crate::layers::unsigned(row.get(2)?),
                    boot_id: row.get(3)?,
                },
                purpose: row.get(4)?,
                created: row.get(5)?,
            })
        });
        rows.and_then(Iterator::collect).map_err(fail)
    }
}
