//! Mounts a user asks for.

use serde::{Deserialize, Serialize};

/// What kind of thing is mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MountKind {
    /// A host path.
    Bind,
    /// A fresh in-memory file system.
    Tmpfs,
    /// A volume; anonymous while `source` is empty.
    Volume,
}

/// One mount, `-v`, `--mount` or `--tmpfs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// Kind.
    pub kind: MountKind,
    /// Host path (bind) or volume name; empty for tmpfs and anonymous volumes.
    #[serde(default)]
    pub source: String,
    /// Absolute path in the container.
    pub target: String,
    /// Read-only.
    #[serde(default)]
    pub read_only: bool,
    /// With `read_only`: submounts too. `None`: when the kernel can.
    #[serde(default)]
    pub recursive_read_only: Option<bool>,
    /// Bind without the submounts of the source.
    #[serde(default)]
    pub non_recursive: bool,
    /// Propagation: `rprivate` (default), `private`, `rshared`, `shared`, `rslave`, `slave`.
    #[serde(default)]
    pub propagation: Option<String>,
    /// `-v` creates a missing bind source; `--mount` does not.
    #[serde(default)]
    pub create_source: bool,
    /// tmpfs options as for mount(8), or the relabel and copy words of `-v`.
    #[serde(default)]
    pub options: Vec<String>,
    /// Size of a tmpfs in bytes.
    #[serde(default)]
    pub tmpfs_size: Option<u64>,
    /// Mode of a tmpfs' root.
    #[serde(default)]
    pub tmpfs_mode: Option<u32>,
    /// The user wrote it with `-v` (docker's `Binds`) rather than `--mount`.
    #[serde(default)]
    pub short_syntax: bool,
}
