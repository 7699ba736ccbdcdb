//! Rows of images and of the names that point at them.
//!
//! Leaves to `image` what a name means and when a removal is allowed. Invariant: an image, its
//! layers and its names appear in one transaction, so an image in the ledger is always complete.

use hull_oci::Digest;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::db::Ledger;
use crate::error::{Error, Result};
use crate::layers::{LayerRow, signed, unsigned};

/// One image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageRow {
    /// Digest of its config: the image's id.
    pub id: Digest,
    /// Digest of its manifest.
    pub manifest: Digest,
    /// Media type of the manifest.
    pub manifest_type: String,
    /// Bytes of the manifest.
    pub manifest_size: u64,
    /// The index it was chosen from.
    pub index: Option<Digest>,
    /// Operating system.
    pub os: String,
    /// CPU architecture.
    pub architecture: String,
    /// CPU variant, often empty.
    pub variant: String,
    /// As the image says, nanoseconds since 1970; 0 unknown.
    pub created: i64,
    /// Bytes of the files of all layers.
    pub size: u64,
    /// When it came into this store.
    pub added: i64,
    /// When it was last given a name.
    pub tagged: i64,
    /// The image it was built on here.
    pub parent: Option<Digest>,
    /// The config's own bytes.
    pub config: Vec<u8>,
}

/// One name of an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReferenceRow {
    /// Full form: `docker.io/library/busybox:latest`, or `…@sha256:…`.
    pub name: String,
    /// The image it points at.
    pub image_id: Digest,
}

/// Everything a new image brings.
#[derive(Debug, Clone)]
pub struct NewImage<'a> {
    /// Its row.
    pub image: &'a ImageRow,
    /// Its layers, lowest first, each with its chain id.
    pub layers: &'a [(LayerRow, Digest)],
    /// Names to point at it, in full form.
    pub names: &'a [String],
}

const COLUMNS: &str = "id, manifest, manifest_type, manifest_size, image_index, os, architecture, \
     variant, created, size, added, tagged, parent, config";

/// The tables of images and references.
#[derive(Clone, Copy)]
pub struct Images<'l> {
    pub(crate) ledger: &'l Ledger,
}

impl Ledger {
    /// The images and their names.
    pub fn images(&self) -> Images<'_> {
        Images { ledger: self }
    }
}

impl Images<'_> {
    /// Adds an image with layers and names. An image already there keeps its row.
    /// Returns the names that pointed elsewhere, with their old image.
    pub fn add(&self, new: &NewImage<'_>) -> Result<Vec<ReferenceRow>> {
        self.ledger
            .write("add the image to the ledger", |db| {
                for (layer, _) in new.layers {
                    crate::layers::insert(db, layer)?;
                }
                insert(db, new)?;
                let mut moved = Vec::new();
                for name in new.names {
                    moved.extend(point(db, name, &new.image.id)?);
                }
                Ok(moved)
            })?
            .into_iter()
            .map(|(name, id)| reference(name, &id))
            .collect()
    }

    /// Points `name` (full form) at an image. Returns where it pointed before, if elsewhere.
    pub fn tag(&self, name: &str, image: &Digest, now: i64) -> Result<Option<Digest>> {
        let old = self.ledger.write("tag the image", |db| {
            let sql = "UPDATE images SET tagged = ?2 WHERE id = ?1";
            if db.execute(sql, params![image.as_str(), now])? == 0 {
                return Ok(None);
            }
            point(db, name, image).map(Some)
        })?;
        match old {
            None => Err(Error::NotFound {
                what: "image",
                name: image.to_string(),
            }),
            Some(None) => Ok(None),
            Some(Some((name, id))) => reference(name, &id).map(|r| Some(r.image_id)),
        }
    }

    /// Removes a name; `false` when there was none.
    pub fn untag(&self, name: &str) -> Result<bool> {
        let gone = self.ledger.write("untag the image", |db| {
            db.execute("DELETE FROM refs WHERE name = ?1", [name])
        })?;
        Ok(gone > 0)
    }

    /// Removes an image with all its names, unless a container uses it. Returns the layers no image
    /// uses any more (their rows go too), or `None` when a container does use it.
    pub fn remove(&self, id: &Digest) -> Result<Option<Vec<LayerRow>>> {
        let layers = self.ledger.layers().of_image(id)?;
        let gone = self
            .ledger
            .write("remove the image from the ledger", |db| {
                let sql = "SELECT EXISTS (SELECT 1 FROM containers WHERE image_id = ?1)";
                if db.query_row(sql, [id.as_str()], |row| row.get(0))? {
                    return Ok(None);
                }
                db.execute("DELETE FROM refs WHERE image_id = ?1", [id.as_str()])?;
                db.execute(
                    "DELETE FROM image_layers WHERE image_id = ?1",
                    [id.as_str()],
                )?;
                db.execute("DELETE FROM images WHERE id = ?1", [id.as_str()])?;
                let sql = "DELETE FROM layers WHERE diff_id = ?1 \
                       AND diff_id NOT IN (SELECT diff_id FROM image_layers)";
                let mut statement = db.prepare(sql)?;
                let mut gone = Vec::new();
                for (at, layer) in layers.iter().enumerate() {
                    if statement.execute([layer.diff_id.as_str()])? > 0 {
                        gone.push(at);
                    }
                }
                Ok(Some(gone))
            })?;
        Ok(gone.map(|gone| {
            let mut layers: Vec<_> = layers.into_iter().map(Some).collect();
            gone.iter()
                .filter_map(|at| layers.get_mut(*at).and_then(Option::take))
                .collect()
        }))
    }

    /// The image with this id.
    pub fn get(&self, id: &Digest) -> Result<Option<ImageRow>> {
        let rows = self.select("WHERE id = ?1", [id.as_str()])?;
        Ok(rows.into_iter().next())
    }

    /// The image a name (full form) points at.
    pub fn by_name(&self, name: &str) -> Result<Option<ImageRow>> {
        let clause = "WHERE id = (SELECT image_id FROM refs WHERE name = ?1)";
        Ok(self.select(clause, [name])?.into_iter().next())
    }

    /// The images whose id begins with these hexadecimal digits.
    pub fn by_prefix(&self, hex: &str) -> Result<Vec<ImageRow>> {
        let clause = "WHERE id >= 'sha256:' || ?1 AND id < 'sha256:' || ?1 || 'g'";
        self.select(clause, [hex])
    }

    /// All images, newest first.
    pub fn list(&self) -> Result<Vec<ImageRow>> {
        self.select("ORDER BY created DESC, id", [])
    }

    /// All names, sorted.
    pub fn references(&self) -> Result<Vec<ReferenceRow>> {
        self.names("ORDER BY name", [])
    }

    /// The names of one image, sorted.
    pub fn references_of(&self, id: &Digest) -> Result<Vec<ReferenceRow>> {
        self.names("WHERE image_id = ?1 ORDER BY name", [id.as_str()])
    }

    fn names(&self, clause: &str, values: impl rusqlite::Params) -> Result<Vec<ReferenceRow>> {
        let Some(db) = self.ledger.reader()? else {
            return Ok(Vec::new());
        };
        let fail = |e| self.ledger.query("list the names of images", e);
        let sql = format!("SELECT name, image_id FROM refs {clause}");
        let mut statement = db.prepare(&sql).map_err(fail)?;
        let mut found = statement.query(values).map_err(fail)?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(fail)? {
            let id: String = row.get(1).map_err(fail)?;
            rows.push(reference(row.get(0).map_err(fail)?, &id)?);
        }
        Ok(rows)
    }

    fn select(&self, clause: &str, values: impl rusqlite::Params) -> Result<Vec<ImageRow>> {
        let Some(db) = self.ledger.reader()? else {
            return Ok(Vec::new());
        };
        let fail = |e| self.ledger.query("look up images", e);
        let sql = format!("SELECT {COLUMNS} FROM images {clause}");
        let mut statement = db.prepare(&sql).map_err(fail)?;
        let mut found = statement.query(values).map_err(fail)?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(fail)? {
            rows.push(read(row).map_err(fail)??);
        }
        Ok(rows)
    }
}

fn insert(db: &Connection, new: &NewImage<'_>) -> rusqlite::Result<()> {
    let image = new.image;
    let sql = format!(
        "INSERT INTO images ({COLUMNS}) VALUES \
         (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) ON CONFLICT (id) DO UPDATE \
         SET tagged = excluded.tagged, image_index = coalesce(excluded.image_index, image_index)"
    );
    db.execute(
        &sql,
        params![
            image.id.as_str(),
            image.manifest.as_str(),
            image.manifest_type,
            signed(image.manifest_size),
            image.index.as_ref().map(Digest::as_str),
            image.os,
            image.architecture,
            image.variant,
            image.created,
            signed(image.size),
            image.added,
            image.tagged,
            image.parent.as_ref().map(Digest::as_str),
            image.config
        ],
    )?;
    let sql = "INSERT INTO image_layers (image_id, position, diff_id, chain_id) \
               VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
    let mut statement = db.prepare(sql)?;
    for ((layer, chain), position) in new.layers.iter().zip(0_i64..) {
        let (image, diff, chain) = (image.id.as_str(), layer.diff_id.as_str(), chain.as_str());
        statement.execute(params![image, position, diff, chain])?;
    }
    Ok(())
}

/// Points a name; returns name and old image when it pointed elsewhere.
fn point(
    db: &Connection,
    name: &str,
    image: &Digest,
) -> rusqlite::Result<Option<(String, String)>> {
    let sql = "SELECT image_id FROM refs WHERE name = ?1";
    let old: Option<String> = db.query_row(sql, [name], |row| row.get(0)).optional()?;
    let sql = "INSERT INTO refs (name, image_id) VALUES (?1, ?2) \
               ON CONFLICT (name) DO UPDATE SET image_id = excluded.image_id";
    db.execute(sql, params![name, image.as_str()])?;
    Ok(old
        .filter(|old| old != image.as_str())
        .map(|old| (name.to_owned(), old)))
}

fn reference(name: String, id: &str) -> Result<ReferenceRow> {
    Ok(ReferenceRow {
        name,
        image_id: digest("image id", id)?,
    })
}

fn digest(what: &'static str, text: &str) -> Result<Digest> {
    Digest::parse(text).map_err(|_| Error::Malformed {
        what,
        text: text.to_owned(),
    })
}

fn read(row: &Row<'_>) -> rusqlite::Result<Result<ImageRow>> {
    let (id, manifest): (String, String) = (row.get(0)?, row.get(1)?);
    let (index, parent): (Option<String>, Option<String>) = (row.get(4)?, row.get(12)?);
    let digests = || {
        let optional = |text: &Option<String>| {
            text.as_deref()
                .map(|t| digest("image digest", t))
                .transpose()
        };
        let manifest = digest("manifest digest", &manifest)?;
        Ok((
            digest("image id", &id)?,
            manifest,
            optional(&index)?,
            optional(&parent)?,
        ))
    };
    let (id, manifest, index, parent) = match digests() {
        Ok(digests) => digests,
        Err(e) => return Ok(Err(e)),
    };
    Ok(Ok(ImageRow {
        id,
        manifest,
        manifest_type: row.get(2)?,
        manifest_size: unsigned(row.get(3)?),
        index,
        os: row.get(5)?,
        architecture: row.get(6)?,
        variant: row.get(7)?,
        created: row.get(8)?,
        size: unsigned(row.get(9)?),
        added: row.get(10)?,
        tagged: row.get(11)?,
        parent,
        config: row.get(13)?,
    }))
}
