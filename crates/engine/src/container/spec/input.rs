//! [`Input`]: everything a runtime spec is computed from.
//!
//! Invariant: plain data; whoever fills it has already asked the host, so that a spec can be
//! computed in a test for a host that does not exist.

use std::collections::BTreeMap;
use std::path::PathBuf;

use hull_model::container::config::ContainerConfig;
use hull_model::id::ContainerId;
use hull_oci::runtime_spec::Hooks;

use crate::container::effective::Effective;
use crate::container::spec::user::ResolvedUser;

/// Facts about this host that change a spec.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HostFacts {
    /// All controllers are on the unified hierarchy.
    pub cgroup_v2: bool,
    /// AppArmor is there, and the profile `docker-default` or `hull-default` that is loaded.
    pub apparmor: Option<String>,
    /// Capabilities this process holds.
    pub capabilities: u64,
    /// The host's name.
    pub hostname: String,
    /// Number of CPUs.
    pub cpus: u32,
    /// CPUs that may be used, `0-1`.
    pub cpuset: String,
    /// Memory nodes that may be used.
    pub memory_nodes: String,
    /// Paths to mask besides the usual, that exist on this host only.
    pub masks: Vec<String>,
    /// Our own `oom_score_adj`.
    pub oom_score_adj: i32,
    /// Recursive read-only mounts work.
    pub recursive_read_only: bool,
}

/// A device node of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceNode {
    /// Path in the container.
    pub path: String,
    /// `c` or `b`.
    pub kind: char,
    /// Major number.
    pub major: u32,
    /// Minor number.
    pub minor: u32,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Letters out of `rwm`.
    pub permissions: String,
}

/// A host path that is mounted: binds, volumes, and what CDI adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindMount {
    /// Path on the host.
    pub source: String,
    /// Path in the container.
    pub target: String,
    /// Options as for the runtime spec.
    pub options: Vec<String>,
}

/// A tmpfs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TmpfsMount {
    /// Path in the container.
    pub target: String,
    /// Options as for the runtime spec.
    pub options: Vec<String>,
}

/// Namespaces of other containers to join, by file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Joins {
    /// `/proc/PID/ns/pid`.
    pub pid: Option<String>,
    /// `/proc/PID/ns/ipc`.
    pub ipc: Option<String>,
    /// `/proc/PID/ns/net`.
    pub network: Option<String>,
}

/// Files made for this container and mounted over the image's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EtcFiles {
    /// Mounted on `/etc/hosts`.
    pub hosts: PathBuf,
    /// Mounted on `/etc/hostname`.
    pub hostname: PathBuf,
    /// Mounted on `/etc/resolv.conf`.
    pub resolv_conf: PathBuf,
}

/// What CDI specifications add.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CdiEdits {
    /// `NAME=value`.
    pub env: Vec<String>,
    /// Device nodes.
    pub devices: Vec<DeviceNode>,
    /// Mounts.
    pub mounts: Vec<BindMount>,
    /// Hooks.
    pub hooks: Hooks,
    /// Additional groups.
    pub gids: Vec<u32>,
}

/// Block devices by path, as `major:minor`.
pub type BlockNumbers = BTreeMap<String, (u32, u32)>;

/// Everything a runtime spec is computed from.
#[derive(Debug, Clone)]
pub struct Input<'a> {
    /// The container.
    pub id: &'a ContainerId,
    /// The wish.
    pub config: &'a ContainerConfig,
    /// The wish laid over the image.
    pub effective: &'a Effective,
    /// Whom the program runs as.
    pub user: ResolvedUser,
    /// The host.
    pub host: &'a HostFacts,
    /// Host name inside.
    pub hostname: String,
    /// Files for /etc.
    pub etc: EtcFiles,
    /// Directory shared as /dev/shm, with a shareable or joined IPC namespace.
    pub shm: Option<PathBuf>,
    /// The hull binary, mounted as PID 1 with `--init`.
    pub init: PathBuf,
    /// Namespaces of others.
    pub joins: Joins,
    /// Binds and volumes, sources checked.
    pub binds: Vec<BindMount>,
    /// Devices asked for by path.
    pub devices: Vec<DeviceNode>,
    /// Every device of the host, for `--privileged`.
    pub host_devices: Vec<DeviceNode>,
    /// Block devices named in limits.
    pub block_numbers: BlockNumbers,
    /// What CDI adds.
    pub cdi: CdiEdits,
    /// Directory on which the root file system is mounted.
    pub rootfs: PathBuf,
}
