//! `exit.json`, how a task ended, read by anybody and written by its monitor.
//!
//! Leaves what follows from it (restart, `--rm`) to others. Invariant: a reader sees the whole record
//! or none: it is written aside and renamed.

use std::io;
use std::path::Path;

use crate::error::{Error, file};
use crate::paths;
use crate::protocol::ExitRecord;

/// The record at `path`; `None` when there is none.
pub fn read(path: &Path) -> Result<Option<ExitRecord>, Error> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(Error::File {
                step: "read",
                path: path.to_owned(),
                source,
            });
        }
    };
    let record = serde_json::from_slice(&text);
    record.map(Some).map_err(|source| Error::Document {
        path: path.to_owned(),
        source,
    })
}

/// The newest record of a task: at `path`, or in its run directory, where its monitor puts it when the
/// disk of `path` is full or gone.
pub fn newest(path: &Path, run_dir: &Path) -> Result<Option<ExitRecord>, Error> {
    let beside = read(&run_dir.join(paths::EXEC_EXIT))?;
    let own = read(path)?;
    Ok(own
        .into_iter()
        .chain(beside)
        .max_by_key(|record| record.finished_at))
}

/// Puts `record` at `path`, replacing the previous one.
pub fn write(path: &Path, record: &ExitRecord) -> Result<(), Error> {
    let document = |source| Error::Document {
        path: path.to_owned(),
        source,
    };
    write_whole(path, &serde_json::to_vec(record).map_err(document)?)
}

/// Replaces the file at `path` by one holding `text`.
pub(crate) fn write_whole(path: &Path, text: &[u8]) -> Result<(), Error> {
    let aside = path.with_extension("new");
    std::fs::write(&aside, text).map_err(file("write", &aside))?;
    std::fs::rename(&aside, path).map_err(file("replace", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_record_is_found_where_the_disk_was_full() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data.json");
        assert_eq!(newest(&path, dir.path()).unwrap(), None);
        let at = |time: u64| -> ExitRecord {
            serde_json::from_str(&format!(r#"{{"version":1,"code":1,"finished_at":{time}}}"#))
                .unwrap()
        };
        write(&path, &at(5)).unwrap();
        assert_eq!(newest(&path, dir.path()).unwrap(), Some(at(5)));
        write(&dir.path().join(paths::EXEC_EXIT), &at(7)).unwrap();
        assert_eq!(newest(&path, dir.path()).unwrap(), Some(at(7)));
        write(&path, &at(9)).unwrap();
        assert_eq!(newest(&path, dir.path()).unwrap(), Some(at(9)));
    }
}
