//! Tar archives written byte by byte, good and evil ones alike.
//!
//! Invariant: nothing is checked, so a test can write what an honest tool never would.

use sha2::{Digest, Sha256};

/// What an entry is, by ustar's type byte.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A regular file.
    File,
    /// A hard link to the entry's link name.
    Hardlink,
    /// A symbolic link.
    Symlink,
    /// A character device with its numbers.
    Char(u32, u32),
    /// A directory.
    Dir,
    /// A named pipe.
    Fifo,
    /// PAX records for the next entry.
    Pax,
}

/// One entry.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// Path, as written.
    pub path: &'a str,
    /// Kind.
    pub kind: Kind,
    /// Permission bits.
    pub mode: u32,
    /// Owner and group.
    pub owner: (u32, u32),
    /// Target of a link.
    pub link: &'a str,
    /// Content of a file.
    pub content: &'a [u8],
}

impl<'a> Entry<'a> {
    /// A file of root's with mode 644.
    pub fn file(path: &'a str, content: &'a [u8]) -> Self {
        Self {
            path,
            kind: Kind::File,
            mode: 0o644,
            owner: (0, 0),
            link: "",
            content,
        }
    }

    /// A directory of root's with mode 755.
    pub fn dir(path: &'a str) -> Self {
        Self {
            kind: Kind::Dir,
            mode: 0o755,
            ..Self::file(path, b"")
        }
    }

    /// A symbolic link.
    pub fn symlink(path: &'a str, link: &'a str) -> Self {
        Self {
            kind: Kind::Symlink,
            mode: 0o777,
            link,
            ..Self::file(path, b"")
        }
    }

    /// A hard link.
    pub fn hardlink(path: &'a str, link: &'a str) -> Self {
        Self {
            kind: Kind::Hardlink,
            link,
            ..Self::file(path, b"")
        }
    }

    /// The same with other permission bits.
    #[must_use]
    pub fn mode(self, mode: u32) -> Self {
        Self { mode, ..self }
    }
}

/// An archive of these entries.
pub fn tar(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut archive = Vec::new();
    for entry in entries {
        archive.extend(header(entry));
        archive.extend_from_slice(entry.content);
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

/// PAX records, each with its own length in front.
pub fn pax(records: &[(&str, &[u8])]) -> Vec<u8> {
    let mut all = Vec::new();
    for (key, value) in records {
        let body = key.len() + value.len() + 3;
        let mut length = body + 1;
        while length != body + length.to_string().len() {
            length = body + length.to_string().len();
        }
        all.extend(format!("{length} {key}=").bytes());
        all.extend_from_slice(value);
        all.push(b'\n');
    }
    all
}

fn header(entry: &Entry<'_>) -> Vec<u8> {
    let (kind, major, minor) = match entry.kind {
        Kind::File => (b'0', 0, 0),
        Kind::Hardlink => (b'1', 0, 0),
        Kind::Symlink => (b'2', 0, 0),
        Kind::Char(major, minor) => (b'3', major, minor),
        Kind::Dir => (b'5', 0, 0),
        Kind::Fifo => (b'6', 0, 0),
        Kind::Pax => (b'x', 0, 0),
    };
    let mut header = vec![0; 512];
    let mut put =
        |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, &entry.path[..entry.path.len().min(100)]);
    put(100, &format!("{:07o}", entry.mode));
    put(108, &format!("{:07o}", entry.owner.0));
    put(116, &format!("{:07o}", entry.owner.1));
    put(124, &format!("{:011o}", entry.content.len()));
    put(136, "00000000000");
    put(148, "        ");
    put(157, &entry.link[..entry.link.len().min(100)]);
    put(257, "ustar\x0000");
    put(329, &format!("{major:07o}"));
    put(337, &format!("{minor:07o}"));
    header[156] = kind;
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

/// The digest of `bytes` in hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// An image as `docker save` writes it: `config` is the `config` object of the image's
/// configuration, layers are tar archives from the lowest up.
pub fn docker_archive(tag: &str, config: &serde_json::Value, layers: &[Vec<u8>]) -> Vec<u8> {
    let diffs: Vec<String> = layers.iter().map(|layer| digest(layer)).collect();
    let ids: Vec<String> = diffs.iter().map(|diff| format!("sha256:{diff}")).collect();
    let history: Vec<_> = diffs
        .iter()
        .map(|_| serde_json::json!({"created": "2026-01-01T00:00:00Z", "created_by": "a test"}))
        .collect();
    let config = serde_json::json!({
        "architecture": "amd64",
        "os": "linux",
        "created": "2026-01-01T00:00:00Z",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": ids},
        "history": history,
    })
    .to_string();
    let name = format!("{}.json", digest(config.as_bytes()));
    let paths: Vec<String> = diffs
        .iter()
        .map(|diff| format!("{diff}/layer.tar"))
        .collect();
    let manifest =
        serde_json::json!([{"Config": name, "RepoTags": [tag], "Layers": paths}]).to_string();
    let mut entries = Vec::new();
    for (path, layer) in paths.iter().zip(layers) {
        if !entries.iter().any(|entry: &Entry<'_>| entry.path == path) {
            entries.push(Entry::file(path, layer));
        }
    }
    entries.push(Entry::file(&name, config.as_bytes()));
    entries.push(Entry::file("manifest.json", manifest.as_bytes()));
    tar(&entries)
}
