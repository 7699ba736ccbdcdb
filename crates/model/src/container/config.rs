//! [`ContainerConfig`], the whole wish for one container.
//!
//! Leaves to its siblings what has a grammar of its own (mounts, resources, restart policy,
//! namespaces). Invariant: a `None` means "as the image or the default says", never "empty".

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::device::{CdiDevice, Device};
use super::is_default;
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
    #[serde(skip_serializing_if = "is_default")]
    pub image: String,
    /// Platform asked for with `--platform`, as `os/arch[/variant]`.
    #[serde(skip_serializing_if = "is_default")]
    pub platform: Option<String>,
    /// Entrypoint override; `Some([])` clears the image's and its command.
    #[serde(skip_serializing_if = "is_default")]
    pub entrypoint: Option<Vec<String>>,
    /// Command and arguments override.
    #[serde(skip_serializing_if = "is_default")]
    pub cmd: Option<Vec<String>>,
    /// `NAME=value` pairs of the user, image environment not included, in order.
    #[serde(skip_serializing_if = "is_default")]
    pub env: Vec<String>,
    /// Labels of the user, image labels not included.
    #[serde(skip_serializing_if = "is_default")]
    pub labels: BTreeMap<String, String>,
    /// Annotations passed to the OCI runtime.
    #[serde(skip_serializing_if = "is_default")]
    pub annotations: BTreeMap<String, String>,
    /// `user[:group]`, names or numbers, resolved in the container's rootfs.
    #[serde(skip_serializing_if = "is_default")]
    pub user: Option<String>,
    /// Additional groups, names or numbers.
    #[serde(skip_serializing_if = "is_default")]
    pub group_add: Vec<String>,
    /// Working directory; created when missing.
    #[serde(skip_serializing_if = "is_default")]
    pub working_dir: Option<String>,
    /// Host name; default is the short id.
    #[serde(skip_serializing_if = "is_default")]
    pub hostname: Option<String>,
    /// NIS domain name.
    #[serde(skip_serializing_if = "is_default")]
    pub domainname: Option<String>,
    /// Keep standard input open (`-i`).
    #[serde(skip_serializing_if = "is_default")]
    pub open_stdin: bool,
    /// Close standard input when the first attached client goes away.
    #[serde(skip_serializing_if = "is_default")]
    pub stdin_once: bool,
    /// Allocate a pseudo-terminal (`-t`).
    #[serde(skip_serializing_if = "is_default")]
    pub tty: bool,
    /// Which streams the creating client attaches to; only shown in inspect.
    #[serde(skip_serializing_if = "is_default")]
    pub attach_stdin: bool,
    /// See [`Self::attach_stdin`].
    #[serde(skip_serializing_if = "is_default")]
    pub attach_stdout: bool,
    /// See [`Self::attach_stdin`].
    #[serde(skip_serializing_if = "is_default")]
    pub attach_stderr: bool,
    /// Signal name or number sent by `stop`; `None` is the image's, then SIGTERM.
    #[serde(skip_serializing_if = "is_default")]
    pub stop_signal: Option<String>,
    /// Seconds between the stop signal and SIGKILL; negative waits for ever; `None` is 10.
    #[serde(skip_serializing_if = "is_default")]
    pub stop_timeout: Option<i64>,
    /// Ports exposed by the user, `80/tcp`.
    #[serde(skip_serializing_if = "is_default")]
    pub exposed_ports: BTreeSet<String>,
    /// Run an init as PID 1 that reaps and forwards signals.
    #[serde(skip_serializing_if = "is_default")]
    pub init: bool,
    /// Remove the container when it exits (`--rm`).
    #[serde(skip_serializing_if = "is_default")]
    pub auto_remove: bool,
    /// When to start it again.
    #[serde(skip_serializing_if = "is_default")]
    pub restart: RestartPolicy,
    /// Where its output goes.
    #[serde(skip_serializing_if = "is_default")]
    pub log: LogConfig,
    /// Binds, tmpfs mounts and volumes, in the order given.
    #[serde(skip_serializing_if = "is_default")]
    pub mounts: Vec<Mount>,
    /// Bytes of /dev/shm; `None` is 64 MiB.
    #[serde(skip_serializing_if = "is_default")]
    pub shm_size: Option<u64>,
    /// Mount the root file system read-only.
    #[serde(skip_serializing_if = "is_default")]
    pub read_only: bool,
    /// Full access: all capabilities held, all devices, no masks, no seccomp.
    #[serde(skip_serializing_if = "is_default")]
    pub privileged: bool,
    /// Capabilities added, as typed and upper-cased, without or with `CAP_`, or `ALL`.
    #[serde(skip_serializing_if = "is_default")]
    pub cap_add: Vec<String>,
    /// Capabilities dropped, likewise.
    #[serde(skip_serializing_if = "is_default")]
    pub cap_drop: Vec<String>,
    /// `--security-opt` values, `key=value`; a seccomp profile's JSON is inlined by the CLI.
    #[serde(skip_serializing_if = "is_default")]
    pub security_opt: Vec<String>,
    /// Host devices given to the container.
    #[serde(skip_serializing_if = "is_default")]
    pub devices: Vec<Device>,
    /// Devices by CDI name (`vendor/class=name`), `--device` and `--gpus`.
    #[serde(skip_serializing_if = "is_default")]
    pub cdi_devices: Vec<CdiDevice>,
    /// Raw device cgroup rules, `c 1:3 rwm`.
    #[serde(skip_serializing_if = "is_default")]
    pub device_cgroup_rules: Vec<String>,
    /// Resource limits asked for.
    #[serde(skip_serializing_if = "is_default")]
    pub ulimits: Vec<Ulimit>,
    /// Namespaced kernel parameters.
    #[serde(skip_serializing_if = "is_default")]
    pub sysctls: BTreeMap<String, String>,
    /// cgroup limits.
    #[serde(skip_serializing_if = "is_default")]
    pub resources: Resources,
    /// OOM score adjustment, -1000 to 1000.
    #[serde(skip_serializing_if = "is_default")]
    pub oom_score_adj: Option<i32>,
    /// Parent cgroup.
    #[serde(skip_serializing_if = "is_default")]
    pub cgroup_parent: Option<String>,
    /// Network of the container.
    #[serde(skip_serializing_if = "is_default")]
    pub network: NetworkMode,
    /// PID namespace.
    #[serde(skip_serializing_if = "is_default")]
    pub pid: PidMode,
    /// IPC namespace.
    #[serde(skip_serializing_if = "is_default")]
    pub ipc: IpcMode,
    /// UTS namespace.
    #[serde(skip_serializing_if = "is_default")]
    pub uts: UtsMode,
    /// User namespace.
    #[serde(skip_serializing_if = "is_default")]
    pub userns: UsernsMode,
    /// cgroup namespace.
    #[serde(skip_serializing_if = "is_default")]
    pub cgroupns: CgroupnsMode,
    /// OCI runtime name or path; `None` is hull's own.
    #[serde(skip_serializing_if = "is_default")]
    pub runtime: Option<String>,
    /// Storage driver options, `size=10G`.
    #[serde(skip_serializing_if = "is_default")]
    pub storage_opt: BTreeMap<String, String>,
}
