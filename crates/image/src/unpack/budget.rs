//! How much one layer may write: what the disk has free when it begins.
//!
//! Invariant: an archive bomb ends in a clear error before the disk is full.

use std::os::fd::AsFd;

use crate::error::{Error, Result};

/// No honest layer has more entries.
const MAX_ENTRIES: u64 = 16 << 20;

/// Left free for everybody else, on a disk that is not small.
const RESERVE: u64 = 64 << 20;

/// What is left to spend.
#[derive(Debug)]
pub(super) struct Budget {
    bytes: (u64, u64),
    entries: (u64, u64),
}

impl Budget {
    /// What the file system of `directory` can take.
    pub(super) fn of(directory: impl AsFd) -> Result<Self> {
        let vfs = rustix::fs::fstatvfs(directory).map_err(|errno| Error::Call {
            call: "ask for free space",
            source: errno.into(),
        })?;
        let size = |blocks: u64| blocks.saturating_mul(vfs.f_frsize);
        let reserve = RESERVE.min(size(vfs.f_blocks) / 16);
        let bytes = size(vfs.f_bavail).saturating_sub(reserve);
        // File systems without a fixed number of inodes say 0.
        let inodes = if vfs.f_files == 0 {
            MAX_ENTRIES
        } else {
            vfs.f_favail
        };
        Ok(Self {
            bytes: (0, bytes),
            entries: (0, inodes.min(MAX_ENTRIES)),
        })
    }

    /// Accounts for bytes about to be written.
    pub(super) fn bytes(&mut self, count: usize) -> Result<()> {
        let what = "the layer's content (free disk space)";
        spend(
            &mut self.bytes,
            u64::try_from(count).unwrap_or(u64::MAX),
            what,
        )
    }

    /// Accounts for one more entry.
    pub(super) fn entry(&mut self) -> Result<()> {
        spend(&mut self.entries, 1, "the number of entries of the layer")
    }
}

fn spend((spent, limit): &mut (u64, u64), count: u64, what: &str) -> Result<()> {
    *spent = spent.saturating_add(count);
    if *spent > *limit {
        return Err(Error::Limit {
            what: what.to_owned(),
            limit: *limit,
        });
    }
    Ok(())
}
