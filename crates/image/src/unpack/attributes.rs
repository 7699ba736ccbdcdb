//! Owner, mode, extended attributes and times of what was just made.
//!
//! Invariant: attributes overlayfs reads its own marks from are never taken from an archive.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use rustix::fs::{AtFlags, Gid, Mode, Timespec, Timestamps, Uid, XattrFlags};
use rustix::io::Errno;

use super::parents::Parent;
use crate::error::{Error, Result};
use crate::tar::entry::{Entry, Kind, Time};

/// Something in a directory.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) parent: &'a Parent,
    pub(super) name: &'a [u8],
}

/// How attributes are set here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// Bits the kernel takes from new modes.
    pub(super) umask: u32,
    /// What may not be done is left undone.
    pub(super) rootless: bool,
    /// We own what we make as 0:0.
    pub(super) root: bool,
}

fn call(call: &'static str) -> impl Fn(Errno) -> Error {
    move |errno| Error::Call {
        call,
        source: errno.into(),
    }
}

impl Rules {
    /// A fresh entry belongs to whom it should already.
    fn owned(self, entry: &Entry, parent: &Parent) -> bool {
        self.root && entry.uid == 0 && entry.gid == 0 && !parent.setgid
    }

    /// A fresh entry has its mode already.
    fn has_mode(self, entry: &Entry, parent: &Parent) -> bool {
        let inherits = entry.kind == Kind::Directory && parent.setgid;
        entry.mode & self.umask == 0 && entry.mode & 0o7000 == 0 && !inherits
    }

    fn forgive(self, result: rustix::io::Result<()>) -> rustix::io::Result<()> {
        match result {
            Err(Errno::PERM | Errno::INVAL) if self.rootless => Ok(()),
            other => other,
        }
    }

    /// Sets the owner of something by name.
    pub(super) fn chown(self, place: Place<'_>, entry: &Entry) -> Result<()> {
        let (uid, gid) = ids(entry);
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        let done = rustix::fs::chownat(&place.parent.fd, place.name, uid, gid, flags);
        self.forgive(done).map_err(call("set the owner"))
    }

    /// Sets everything of a regular file just written.
    pub(super) fn file(self, fd: BorrowedFd<'_>, parent: &Parent, entry: &Entry) -> Result<()> {
        let owned = self.owned(entry, parent);
        if !owned {
            let (uid, gid) = ids(entry);
            self.forgive(rustix::fs::fchown(fd, uid, gid))
                .map_err(call("set the owner"))?;
        }
        for (name, value) in attributes(entry) {
            tolerate(rustix::fs::fsetxattr(fd, name, value, XattrFlags::empty()))?;
        }
        if !owned || !self.has_mode(entry, parent) {
            let mode = Mode::from_raw_mode(entry.mode);
            rustix::fs::fchmod(fd, mode).map_err(call("set the mode"))?;
        }
        rustix::fs::futimens(fd, &times(entry)).map_err(call("set the times"))
    }

    /// Sets everything of what was made by name; a directory's times come later.
    pub(super) fn named(self, place: Place<'_>, entry: &Entry, fresh: bool) -> Result<()> {
        let Place { parent, name } = place;
        let owned = fresh && self.owned(entry, parent);
        if !owned {
            self.chown(place, entry)?;
        }
        set_xattrs(place, entry)?;
        if entry.kind != Kind::Symlink && (!owned || !self.has_mode(entry, parent)) {
            let mode = Mode::from_raw_mode(entry.mode);
            let done = rustix::fs::chmodat(&parent.fd, name, mode, AtFlags::empty());
            done.map_err(call("set the mode"))?;
        }
        if entry.kind == Kind::Directory {
            return Ok(());
        }
        set_times(&parent.fd, name, &times(entry))
    }

    /// A second name: changes only what differs, since changing an owner drops capabilities.
    pub(super) fn linked(self, place: Place<'_>, entry: &Entry) -> Result<()> {
        let Place { parent, name } = place;
        let stat = rustix::fs::statat(&parent.fd, name, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(call("look at the link"))?;
        if (stat.st_uid, stat.st_gid) != (entry.uid, entry.gid) {
            self.chown(place, entry)?;
        }
        set_xattrs(place, entry)?;
        if stat.st_mode & 0o170_000 == 0o120_000 {
            return Ok(());
        }
        let mode = Mode::from_raw_mode(entry.mode);
        rustix::fs::chmodat(&parent.fd, name, mode, AtFlags::empty())
            .map_err(call("set the mode"))?;
        set_times(&parent.fd, name, &times(entry))
    }
}

/// Sets the times of something by name.
pub(super) fn set_times(dir: impl AsFd, name: &[u8], times: &Timestamps) -> Result<()> {
    let done = rustix::fs::utimensat(dir, name, times, AtFlags::SYMLINK_NOFOLLOW);
    done.map_err(call("set the times"))
}

fn ids(entry: &Entry) -> (Option<Uid>, Option<Gid>) {
    (
        Some(Uid::from_raw(entry.uid)),
        Some(Gid::from_raw(entry.gid)),
    )
}

/// Access and modification time as docker sets them: not before 1970, and never read before written.
pub(super) fn times(entry: &Entry) -> Timestamps {
    let bound = |time: Time| {
        if time.seconds < 0 {
            Time::default()
        } else {
            time
        }
    };
    let written = bound(entry.mtime);
    let read = entry
        .atime
        .map(bound)
        .filter(|read| *read >= written)
        .unwrap_or(written);
    let spec = |time: Time| Timespec {
        tv_sec: time.seconds,
        tv_nsec: i64::from(time.nanos),
    };
    Timestamps {
        last_access: spec(read),
        last_modification: spec(written),
    }
}

fn attributes(entry: &Entry) -> impl Iterator<Item = (&[u8], &[u8])> {
    let ours =
        |name: &[u8]| name.starts_with(b"trusted.overlay.") || name.starts_with(b"user.overlay.");
    entry
        .xattrs
        .iter()
        .filter(move |(name, _)| !ours(name) && !name.is_empty() && !name.contains(&0))
        .map(|(name, value)| (name.as_slice(), value.as_slice()))
}

fn set_xattrs(place: Place<'_>, entry: &Entry) -> Result<()> {
    for (name, value) in attributes(entry) {
        let path = proc_path(place);
        tolerate(rustix::fs::lsetxattr(
            path.as_slice(),
            name,
            value,
            XattrFlags::empty(),
        ))?;
    }
    Ok(())
}

/// There is no `lsetxattrat` everywhere; this path leads through the descriptor.
pub(super) fn proc_path(place: Place<'_>) -> Vec<u8> {
    let mut path = format!("/proc/self/fd/{}/", place.parent.fd.as_raw_fd()).into_bytes();
    path.extend_from_slice(place.name);
    path
}

/// A file system without attributes, or a user who may not set this one, goes without, as in docker.
fn tolerate(result: rustix::io::Result<()>) -> Result<()> {
    match result {
        Ok(()) | Err(Errno::NOTSUP | Errno::PERM) => Ok(()),
        Err(errno) => Err(call("set an extended attribute")(errno)),
    }
}
