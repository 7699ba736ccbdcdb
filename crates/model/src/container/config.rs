//! [`ContainerConfig`], the whole wish for one container.
//!
//! Leaves to its siblings what has a grammar of its own (mounts, resources, restart policy,
//! namespaces). Invariant: a `None` means "as the image or the default says", never "empty".

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::device::{CdiDevice, Device};
use super::logging::LogConfig;
use super::mount::Mount;
use super::namespace::{CgroupnsMode, IpcMode, NetworkMode, PidMode, UsernsMode, UtsMode};
use super::resources::{Resources, Ulimit};
use super::restart::RestartPolicy;

/// What a user wishes a container to be: docker's `Config` and `HostConfig` in one document.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ContainerConfig {
    /// The image as the user wrote it (name, tag, digest or id).
    pub image: String,
    /// Platform asked for with `--platform`, as `os/arch[/variant]`.
    pub platform: Option<String>,
    /// Entrypoint override; `Some([])` clears the image's and its command.
    pub entrypoint: Option<Vec<String>>,
    /// Command and arguments override.
    pub cmd: Option<Vec<String>>,
    /// `NAME=value` pairs of the user, image environment not included, in order.
    pub env: Vec<String>,
    /// Labels of the user, image labels not included.
    pub labels: BTreeMap<String, String>,
    /// Annotations passed to the OCI runtime.
    pub annotations: BTreeMap<String, String>,
    /// `user[:group]`, names or numbers, resolved in the container's rootfs.
    pub user: Option<String>,
    /// Additional groups, names or numbers.
    pub group_add: Vec<String>,
    /// Working directory; created when missing.
    pub working_dir: Option<String>,
    /// Host name; default is the short id.
    pub hostname: Option<String>,
    /// NIS domain name.
    pub domainname: Option<String>,
    /// Keep standard input open (`-i`).
    pub open_stdin: bool,
    /// Close standard input when the first attached client goes away.
    pub stdin_once: bool,
    /// Allocate a pseudo-terminal (`-t`).
    pub tty: bool,
    /// Which streams the creating client attaches to; only shown in inspect.
    pub attach_stdin: bool,
    /// See [`Self::attach_stdin`].
    pub attach_stdout: bool,
    /// See [`Self::attach_stdin`].
    pub attach_stderr: bool,
    /// Signal name or number sent by `stop`; `None` is the image's, then SIGTERM.
    pub stop_signal: Option<String>,
    /// Seconds between the stop signal and SIGKILL; negative waits for ever; `None` is 10.
    pub stop_timeout: Option<i64>,
    /// Ports exposed by the user, `80/tcp`.
    pub exposed_ports: BTreeSet<String>,
    /// Run an init as PID 1 that reaps and forwards signals.
    pub init: bool,
    /// Remove the container when it exits (`--rm`).
    pub auto_remove: bool,
    /// When to start it again.
    pub restart: RestartPolicy,
    /// Where its output goes.
    pub log: LogConfig,
    /// Binds, tmpfs mounts and volumes, in the order given.
    pub mounts: Vec<Mount>,
    /// Bytes of /dev/shm; `None` is 64 MiB.
    pub shm_size: Option<u64>,
    /// Mount the root file system read-only.
    pub read_only: bool,
    /// Full access: all capabilities held, all devices, no masks, no seccomp.
    pub privileged: bool,
    /// Capabilities added, as typed and upper-cased, without or with `CAP_`, or `ALL`.
    pub cap_add: Vec<String>,
    /// Capabilities dropped, likewise.
    pub cap_drop: Vec<String>,
    /// `--security-opt` values, `key=value`; a seccomp profile's JSON is inlined by the CLI.
    pub security_opt: Vec<String>,
    /// Host devices given to the container.
    pub devices: Vec<Device>,
    /// Devices by CDI name (`vendor/class=name`), `--device` and `--gpus`.
    pub cdi_devices: Vec<CdiDevice>,
    /// Raw device cgroup rules, `c 1:3 rwm`.
    pub device_cgroup_rules: Vec<String>,
    /// Resource limits asked for.
    pub ulimits: Vec<Ulimit>,
    /// Namespaced kernel parameters.
    pub sysctls: BTreeMap<String, String>,
    /// cgroup limits.
    pub resources: Resources,
    /// OOM score adjustment, -1000 to 1000.
    pub oom_score_adj: Option<i32>,
    /// Parent cgroup.
    pub cgroup_parent: Option<String>,
    /// Network of the container.
    pub network: NetworkMode,
    /// PID namespace.
    pub pid: PidMode,
    /// IPC namespace.
    pub ipc: IpcMode,
    /// UTS namespace.
    pub uts: UtsMode,
    /// User namespace.
    pub userns: UsernsMode,
    /// cgroup namespace.
    pub cgroupns: CgroupnsMode,
    /// OCI runtime name or path; `None` is hull's own.
    pub runtime: Option<String>,
    /// Storage driver options, `size=10G`.
    pub storage_opt: BTreeMap<String, String>,
}
