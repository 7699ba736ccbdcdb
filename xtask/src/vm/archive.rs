//! A cpio archive in the form the kernel unpacks at boot ("newc").
//!
//! Invariant: a directory comes before what is in it, once.

use std::collections::BTreeSet;
use std::path::Path;

use crate::Outcome;

/// An archive being put together.
#[derive(Default)]
pub(super) struct Archive {
    bytes: Vec<u8>,
    directories: BTreeSet<String>,
    entries: usize,
}

impl Archive {
    /// Adds a file; its directories are made.
    pub(super) fn file(&mut self, name: &str, mode: u32, content: Vec<u8>) {
        self.parents(name);
        self.entry(name, 0o100_000 | mode, &content);
    }

    /// Adds an executable copy of a file of the host.
    pub(super) fn copy(&mut self, name: &str, from: &Path) -> Outcome {
        let content = std::fs::read(from)
            .map_err(|error| format!("cannot read {}: {error}", from.display()))?;
        self.file(name, 0o755, content);
        Ok(())
    }

    /// Adds everything below a directory of the host.
    pub(super) fn tree(&mut self, prefix: &str, from: &Path) -> Outcome {
        let failed = |error: std::io::Error| format!("cannot read {}: {error}", from.display());
        for entry in std::fs::read_dir(from).map_err(failed)?.flatten() {
            let Some(name) = entry
                .file_name()
                .to_str()
                .map(|name| format!("{prefix}{name}"))
            else {
                continue;
            };
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() {
                self.directory(&name);
                self.tree(&format!("{name}/"), &entry.path())?;
            } else if kind.is_symlink() {
                let target = std::fs::read_link(entry.path()).map_err(failed)?;
                self.link(&name, &target.to_string_lossy());
            } else {
                self.copy(&name, &entry.path())?;
            }
        }
        Ok(())
    }

    /// Adds a symbolic link.
    pub(super) fn link(&mut self, name: &str, target: &str) {
        self.parents(name);
        self.entry(name, 0o120_777, target.as_bytes());
    }

    /// Adds a directory.
    pub(super) fn directory(&mut self, name: &str) {
        self.parents(name);
        if self.directories.insert(name.to_owned()) {
            self.entry(name, 0o040_755, &[]);
        }
    }

    /// Writes the archive to `path`.
    pub(super) fn write(mut self, path: &Path) -> Outcome {
        self.entry("TRAILER!!!", 0, &[]);
        std::fs::write(path, self.bytes)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))
    }

    fn parents(&mut self, name: &str) {
        if let Some((parent, _)) = name.rsplit_once('/') {
            self.directory(parent);
        }
    }

    fn entry(&mut self, name: &str, mode: u32, content: &[u8]) {
        self.entries += 1;
        let links = 1;
        let fields = [
            self.entries,
            usize::try_from(mode).unwrap_or(0),
            0,
            0,
            links,
            0,
            content.len(),
            0,
            0,
            0,
            0,
            name.len() + 1,
            0,
        ];
        self.bytes.extend(b"070701");
        for field in fields {
            self.bytes.extend(format!("{field:08x}").bytes());
        }
        self.bytes.extend(name.bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend(content);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}
