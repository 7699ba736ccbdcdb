//! [`Store`]: where images live on disk, and which ledger names them.
//!
//! ```text
//! <root>/content/oci-layout, index.json       an OCI image layout, readable by others
//! <root>/content/blobs/<algorithm>/<hex>      bytes by their digest, never changed
//! <root>/content/ingest/                      bytes in flight; swept when nobody works
//! <root>/content/lease                        locked shared by who adds, exclusively by who sweeps
//! <root>/snapshots/<id>/fs, layer.json        an unpacked layer, complete when it is there
//! <root>/snapshots/<id>/fs, work              the writable layer of a container
//! <root>/trash/                               renamed here first, deleted later
//! ```
//!
//! Leaves mounting to the monitor. Invariant: this file alone joins paths below the root.

use std::path::{Path, PathBuf};

use hull_oci::Digest;
use hull_state::Ledger;

use crate::error::{Error, Result};

/// The store's places on disk; unlike the ledger, worker threads may use them.
#[derive(Debug, Clone, Copy)]
pub struct Disk<'a> {
    root: &'a Path,
    pub(crate) rootless: bool,
}

/// A handle on the store; making one touches nothing.
#[derive(Debug, Clone, Copy)]
pub struct Store<'a> {
    pub(crate) ledger: &'a Ledger,
    disk: Disk<'a>,
}

impl<'a> Store<'a> {
    /// The store below `root`. A rootless one marks opaque directories in `user.` instead of
    /// `trusted.` attributes, keeps every owner it may not give, and skips device nodes.
    pub fn new(root: &'a Path, ledger: &'a Ledger, rootless: bool) -> Self {
        Self {
            ledger,
            disk: Disk { root, rootless },
        }
    }

    /// The ledger.
    pub fn ledger(&self) -> &'a Ledger {
        self.ledger
    }
}

impl<'a> std::ops::Deref for Store<'a> {
    type Target = Disk<'a>;

    fn deref(&self) -> &Self::Target {
        &self.disk
    }
}

impl Disk<'_> {
    /// The image layout.
    pub fn content(&self) -> PathBuf {
        self.root.join("content")
    }

    /// Where a blob is, or would be.
    pub fn blob(&self, digest: &Digest) -> PathBuf {
        let mut path = self.content();
        path.push("blobs");
        path.push(digest.algorithm().as_str());
        path.push(digest.hex());
        path
    }

    /// Bytes in flight.
    pub(crate) fn ingest(&self) -> PathBuf {
        self.content().join("ingest")
    }

    /// The file whose lock is the lease.
    pub(crate) fn lease(&self) -> PathBuf {
        self.content().join("lease")
    }

    /// All snapshots.
    pub fn snapshots(&self) -> PathBuf {
        self.root.join("snapshots")
    }

    /// One snapshot.
    pub fn snapshot(&self, id: &str) -> PathBuf {
        self.snapshots().join(id)
    }

    /// Where removed directories wait.
    pub fn trash(&self) -> PathBuf {
        self.root.join("trash")
    }

    /// The data root.
    pub(crate) fn root(&self) -> &Path {
        self.root
    }
}

/// Makes a directory of the store and what leads to it, closed to others: layers hold setuid programs
/// that no user of the host may run.
pub(crate) fn make_dir(path: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path);
    made.map_err(|source| Error::File {
        step: "create directory",
        path: path.to_owned(),
        source,
    })
}
