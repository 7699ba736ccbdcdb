//! Making a container out of a bundle.

use std::os::fd::OwnedFd;

use hull_oci::runtime_spec::Mount;

use crate::{Bundle, Error, Host, Result, Stdio};

/// A wish for a container.
#[derive(Debug)]
pub struct Create<'a> {
    /// The container's id.
    pub id: &'a str,
    /// Its bundle.
    pub bundle: &'a Bundle,
    /// The facts of this host.
    pub host: &'a Host,
    /// Mounts performed at the root's path inside the container's own mount namespace before all
    /// others, as an overlay with `lowerdir=`, `upperdir=`, `workdir=`; empty when the root is a
    /// plain directory.
    pub rootfs_mounts: &'a [Mount],
    /// Descriptors 0, 1 and 2.
    pub stdio: Stdio,
    /// How many descriptors from 3 on the program inherits.
    pub preserve_fds: u32,
    /// Whether `cgroupsPath` is systemd's `slice:prefix:name`.
    pub systemd_cgroup: bool,
}

/// A container whose program was executed.
#[derive(Debug)]
pub struct Running {
    /// Its first process, in our pid namespace.
    pub pid: i32,
    /// The same, as a descriptor that can't be taken over by another process.
    pub pidfd: OwnedFd,
    /// Field 22 of its `/proc/<pid>/stat`: tells it from a later process of the same number.
    pub start_time: u64,
    /// Master of its terminal, with [`Stdio::Terminal`].
    pub terminal: Option<OwnedFd>,
    /// Its mount namespace: while this is open its mounts stay, so that unmounting can wait until
    /// the exit was reported.
    pub hold: Option<OwnedFd>,
}

/// Makes a container and executes its program; the caller stays its parent.
pub fn run(create: Create<'_>) -> Result<Running> {
    Err(Error::Unfinished {
        what: create.id.to_owned(),
    })
}
