//! What this machine and this process can do, found out once at start and passed down.
//!
//! Invariant: finding out costs a handful of system calls and changes nothing.

use hull_sys::capability::{self, Sets};

use crate::cgroup::CgroupMode;
use crate::{Error, Result};

/// The facts every container on this host depends on.
#[derive(Debug, Clone)]
pub struct Host {
    /// Whether we lack root's rights over the initial user namespace.
    pub rootless: bool,
    /// How cgroups are mounted.
    pub cgroup: CgroupMode,
    /// Which mount calls the kernel has.
    pub mounts: MountAbilities,
    /// The capabilities this process holds; no container can be given more.
    pub capabilities: Sets,
}

/// Which mount calls the kernel has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MountAbilities {
    /// fsopen, fsmount, open_tree, move_mount (Linux 5.2).
    pub by_descriptor: bool,
    /// mount_setattr (Linux 5.12): recursive read-only and idmapped mounts.
    pub attributes: bool,
}

impl Host {
    /// Looks at this process and kernel.
    pub fn detect() -> Result<Self> {
        let capabilities = capability::held().map_err(Error::Host)?;
        Ok(Self {
            rootless: !hull_sys::process::is_root(),
            cgroup: CgroupMode::detect()?,
            mounts: MountAbilities {
                by_descriptor: hull_sys::mount::has_descriptor_calls(),
                attributes: hull_sys::mount::has_attribute_calls(),
            },
            capabilities,
        })
    }
}
