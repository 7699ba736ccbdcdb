//! Keeping a log within `max-size` and `max-file`: `log`, `log.1`, `log.2` …, newest first.
//!
//! Compressing is done by a process of its own, so that neither the container waits for it nor the
//! monitor keeps its memory. Invariant: the current file is never compressed, and a rotated one is
//! complete under one of its two names at any time.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The bounds of a log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rotation {
    /// Bytes above which the current file is put aside; `None` never.
    pub(crate) max_size: Option<u64>,
    /// Files kept, the current one included.
    pub(crate) max_file: u32,
    /// Gzip those put aside.
    pub(crate) compress: bool,
}

/// The hidden argument of the monitor role that compresses one file.
pub(crate) const COMPRESS: &str = "compress-log";

impl Rotation {
    /// Puts the file at `path` aside; with one file to keep it is emptied, as docker does.
    pub(crate) fn rotate(self, path: &Path) -> io::Result<()> {
        if self.max_file < 2 {
            return ignore_missing(fs::remove_file(path));
        }
        let oldest = self.max_file - 1;
        for compressed in [false, true] {
            ignore_missing(fs::remove_file(numbered(path, oldest, compressed)))?;
            for number in (1..oldest).rev() {
                let (from, to) = (number, number + 1);
                let from = numbered(path, from, compressed);
                ignore_missing(fs::rename(from, numbered(path, to, compressed)))?;
            }
        }
        let first = numbered(path, 1, false);
        ignore_missing(fs::rename(path, &first))?;
        if self.compress {
            start_compressing(&first)?;
        }
        Ok(())
    }
}

fn ignore_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// `path.number`, with `.gz` when compressed.
pub(crate) fn numbered(path: &Path, number: u32, compressed: bool) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}{}", if compressed { ".gz" } else { "" }));
    PathBuf::from(name)
}

/// Starts this very program as the compressor of `path`.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the compressor is started"
)]
fn start_compressing(path: &Path) -> io::Result<()> {
    let mut command = Command::new("/proc/self/exe");
    command.arg("monitor").arg(COMPRESS).arg(path);
    command
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    hull_sys::signal::reset_for(&mut command);
    // Its exit is taken by the loop's SIGCHLD; a file it did not compress is as good a log.
    command.spawn().map(drop)
}

/// Replaces `path` by `path.gz`: written aside, renamed, then the plain file removed.
pub(crate) fn compress(path: &Path) -> io::Result<()> {
    let mut target = path.as_os_str().to_owned();
    target.push(".gz");
    let mut aside = target.clone();
    aside.push(".new");
    let mut input = File::open(path)?;
    let mut encoder =
        flate2::write::GzEncoder::new(File::create(&aside)?, flate2::Compression::default());
    io::copy(&mut input, &mut encoder)?;
    encoder.finish()?;
    fs::rename(&aside, &target)?;
    fs::remove_file(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap().flatten();
        let mut names: Vec<_> = entries
            .map(|e| e.file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn files_move_up_by_one_and_the_oldest_goes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let rotation = Rotation {
            max_size: Some(1),
            max_file: 3,
            compress: false,
        };
        for number in 0..5 {
            fs::write(&path, number.to_string()).unwrap();
            rotation.rotate(&path).unwrap();
        }
        assert_eq!(names(dir.path()), ["log.1", "log.2"]);
        assert_eq!(fs::read_to_string(dir.path().join("log.1")).unwrap(), "4");
        assert_eq!(fs::read_to_string(dir.path().join("log.2")).unwrap(), "3");
    }

    #[test]
    fn compressed_files_move_up_too_and_no_number_is_kept_twice() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let rotation = Rotation {
            max_size: Some(1),
            max_file: 4,
            compress: false,
        };
        for number in 0..6 {
            fs::write(&path, number.to_string()).unwrap();
            rotation.rotate(&path).unwrap();
            if number % 2 == 0 {
                compress(&dir.path().join("log.1")).unwrap();
            }
        }
        assert_eq!(names(dir.path()), ["log.1", "log.2.gz", "log.3"]);
    }

    #[test]
    fn one_file_to_keep_means_starting_afresh() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        fs::write(&path, "x").unwrap();
        Rotation {
            max_size: Some(1),
            max_file: 1,
            compress: true,
        }
        .rotate(&path)
        .unwrap();
        assert!(names(dir.path()).is_empty());
    }
}
