//! Rows of unpacked layers: which blob, which directory, how large.
//!
//! Leaves the directories to `image::snapshot`. Invariant: a row appears only after its directory
//! is complete, in the transaction that adds the first image using it.

use hull_oci::Digest;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::db::Ledger;
use crate::error::{Error, Result};

/// One unpacked layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerRow {
    /// Digest of its plain tar.
    pub diff_id: Digest,
    /// Digest of the blob kept, which may be compressed.
    pub blob: Digest,
    /// Media type of that blob.
    pub media_type: String,
    /// Bytes of that blob.
    pub blob_size: u64,
    /// Directory below `snapshots/`.
    pub snapshot: String,
    /// Bytes of its regular files.
    pub size: u64,
    /// `/etc`, `/dev`, `/proc` and `/sys` are directories or absent, so the shared init layer may
    /// lie on top.
    pub flat: bool,
    /// Nanoseconds since 1970.
    pub added: i64,
}

pub(crate) const COLUMNS: &str =
    "diff_id, blob, media_type, blob_size, snapshot, size, flat, added";

/// The table of layers.
#[derive(Clone, Copy)]
pub struct Layers<'l> {
    pub(crate) ledger: &'l Ledger,
}

impl Ledger {
    /// The unpacked layers.
    pub fn layers(&self) -> Layers<'_> {
        Layers { ledger: self }
    }
}

impl Layers<'_> {
    /// The layer with this diff id.
    pub fn get(&self, diff_id: &Digest) -> Result<Option<LayerRow>> {
        let Some(db) = self.ledger.reader()? else {
            return Ok(None);
        };
        let sql = format!("SELECT {COLUMNS} FROM layers WHERE diff_id = ?1");
        let row = db.query_row(&sql, [diff_id.as_str()], read).optional();
        row.map_err(|e| self.ledger.query("look up the layer", e))?
            .transpose()
    }

    /// All layers.
    pub fn list(&self) -> Result<Vec<LayerRow>> {
        self.select("", [])
    }

    /// The layers of an image, lowest first.
    pub fn of_image(&self, image: &Digest) -> Result<Vec<LayerRow>> {
        self.select(
            "JOIN image_layers USING (diff_id) WHERE image_id = ?1 ORDER BY position",
            [image.as_str()],
        )
    }

    /// Layers no image uses.
    pub fn unused(&self) -> Result<Vec<LayerRow>> {
        let clause = "WHERE diff_id NOT IN (SELECT diff_id FROM image_layers)";
        self.select(clause, [])
    }

    /// Removes rows of layers that no image uses; others stay. Returns those removed.
    pub fn remove_unused(&self, diff_ids: &[Digest]) -> Result<Vec<Digest>> {
        self.ledger.write("remove layers from the ledger", |db| {
            let sql = "DELETE FROM layers WHERE diff_id = ?1 \
                       AND diff_id NOT IN (SELECT diff_id FROM image_layers)";
            let mut statement = db.prepare(sql)?;
            let mut removed = Vec::new();
            for diff_id in diff_ids {
                if statement.execute([diff_id.as_str()])? > 0 {
                    removed.push(diff_id.clone());
                }
            }
            Ok(removed)
        })
    }

    fn select(&self, clause: &str, values: impl rusqlite::Params) -> Result<Vec<LayerRow>> {
        let Some(db) = self.ledger.reader()? else {
            return Ok(Vec::new());
        };
        let fail = |e| self.ledger.query("list the layers", e);
        let columns = COLUMNS.replace("diff_id,", "layers.diff_id,");
        let sql = format!("SELECT {columns} FROM layers {clause}");
        let mut statement = db.prepare(&sql).map_err(fail)?;
        let mut found = statement.query(values).map_err(fail)?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(fail)? {
            rows.push(read(row).map_err(fail)??);
        }
        Ok(rows)
    }
}

/// Adds a layer unless it is there.
pub(crate) fn insert(db: &Connection, row: &LayerRow) -> rusqlite::Result<()> {
    let sql = format!(
        "INSERT INTO layers ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
         ON CONFLICT (diff_id) DO NOTHING"
    );
    db.execute(
        &sql,
        params![
            row.diff_id.as_str(),
            row.blob.as_str(),
            row.media_type,
            signed(row.blob_size),
            row.snapshot,
            signed(row.size),
            row.flat,
            row.added
        ],
    )?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Result<LayerRow>> {
    let (diff_id, blob): (String, String) = (row.get(0)?, row.get(1)?);
    let (Ok(diff_id), Ok(blob)) = (Digest::parse(&diff_id), Digest::parse(&blob)) else {
        return Ok(Err(Error::Malformed {
            what: "layer digest",
            text: diff_id,
        }));
    };
    Ok(Ok(LayerRow {
        diff_id,
        blob,
        media_type: row.get(2)?,
        blob_size: unsigned(row.get(3)?),
        snapshot: row.get(4)?,
        size: unsigned(row.get(5)?),
        flat: row.get(6)?,
        added: row.get(7)?,
    }))
}

/// SQLite's integers are signed; sizes beyond 8 EiB do not occur.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
