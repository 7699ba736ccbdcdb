//! Limits a container runs under.

use serde::{Deserialize, Serialize};

use super::is_default;

/// cgroup limits; every `None` leaves the kernel's default.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Resources {
    /// Hard limit in bytes.
    #[serde(skip_serializing_if = "is_default")]
    pub memory: Option<i64>,
    /// Soft limit in bytes.
    #[serde(skip_serializing_if = "is_default")]
    pub memory_reservation: Option<i64>,
    /// Memory plus swap in bytes; -1 is unlimited.
    #[serde(skip_serializing_if = "is_default")]
    pub memory_swap: Option<i64>,
    /// 0 to 100; cgroup v1 only.
    #[serde(skip_serializing_if = "is_default")]
    pub memory_swappiness: Option<i64>,
    /// Do not kill on OOM; cgroup v1 only.
    #[serde(skip_serializing_if = "is_default")]
    pub oom_kill_disable: bool,
    /// CPUs in billionths, `--cpus`.
    #[serde(skip_serializing_if = "is_default")]
    pub nano_cpus: Option<i64>,
    /// Relative weight.
    #[serde(skip_serializing_if = "is_default")]
    pub cpu_shares: Option<i64>,
    /// CFS period in microseconds.
    #[serde(skip_serializing_if = "is_default")]
    pub cpu_period: Option<i64>,
    /// CFS quota in microseconds.
    #[serde(skip_serializing_if = "is_default")]
    pub cpu_quota: Option<i64>,
    /// Real-time period in microseconds.
    #[serde(skip_serializing_if = "is_default")]
    pub cpu_rt_period: Option<i64>,
    /// Real-time runtime in microseconds.
    #[serde(skip_serializing_if = "is_default")]
    pub cpu_rt_runtime: Option<i64>,
    /// CPUs, `0-2,4`.
    #[serde(skip_serializing_if = "is_default")]
    pub cpuset_cpus: Option<String>,
    /// Memory nodes.
    #[serde(skip_serializing_if = "is_default")]
    pub cpuset_mems: Option<String>,
    /// Tasks; 0 and -1 are unlimited.
    #[serde(skip_serializing_if = "is_default")]
    pub pids_limit: Option<i64>,
    /// 10 to 1000.
    #[serde(skip_serializing_if = "is_default")]
    pub blkio_weight: Option<u16>,
    /// Per device weight.
    #[serde(skip_serializing_if = "is_default")]
    pub blkio_weight_device: Vec<DeviceValue>,
    /// Bytes per second.
    #[serde(skip_serializing_if = "is_default")]
    pub device_read_bps: Vec<DeviceValue>,
    /// Bytes per second.
    #[serde(skip_serializing_if = "is_default")]
    pub device_write_bps: Vec<DeviceValue>,
    /// Operations per second.
    #[serde(skip_serializing_if = "is_default")]
    pub device_read_iops: Vec<DeviceValue>,
    /// Operations per second.
    #[serde(skip_serializing_if = "is_default")]
    pub device_write_iops: Vec<DeviceValue>,
}

/// A value for one block device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceValue {
    /// Device path on the host.
    pub path: String,
    /// Weight, bytes per second or operations per second.
    pub value: u64,
}

/// One `--ulimit name=soft[:hard]`; -1 is unlimited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ulimit {
    /// Name without `RLIMIT_`, lower case.
    pub name: String,
    /// Soft limit.
    pub soft: i64,
    /// Hard limit.
    pub hard: i64,
}
