//! What is asked of the runtime, and what it gives back.

use std::os::fd::OwnedFd;
use std::path::Path;

use hull_oci::runtime_spec::Mount;

use crate::bundle::Bundle;
use crate::cgroup::Cgroup;
use crate::host::Host;
use crate::stdio::Stdio;

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
    /// Whether the root is changed by pivot_root; a root on the initial RAM disk can't be.
    pub pivot: bool,
    /// Where compiled system call filters are kept.
    pub filter_cache: Option<&'a Path>,
}

/// A process that was made: a container's first, or a further one.
#[derive(Debug)]
pub struct Running {
    /// Its number in our pid namespace.
    pub pid: i32,
    /// The same, as a descriptor that can't be taken over by another process.
    pub pidfd: OwnedFd,
    /// Field 22 of its `/proc/<pid>/stat`: tells it from a later process of the same number.
    pub start_time: u64,
    /// Master of its terminal, with [`Stdio::Terminal`].
    pub terminal: Option<OwnedFd>,
    /// The cgroups made for it; none for a further program.
    pub cgroup: Option<Cgroup>,
    /// A container's mount namespace: while this is open its mounts stay, so that unmounting can wait until
    /// the exit was reported.
    pub hold: Option<OwnedFd>,
}
