//! The OCI runtime specification's documents (1.2.x, Linux) as plain data: `config.json`, the state
//! that hooks and callers read, and the features document.
//!
//! Leaves to others: judging whether a document makes sense (`runtime::validate`) and reading files.
//! Invariant: everything an older or newer writer may emit is accepted (unknown fields, `null` for an
//! empty list), and what is read and written again means the same.

mod features;
mod hooks;
mod lenient;
mod linux;
mod mounts;
mod process;
mod resources;
mod seccomp;
mod state;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use features::{
    AppArmorFeature, CgroupFeature, Feature, Features, IdmapFeature, IntelRdtFeature,
    LinuxFeatures, MountExtensions, SeccompFeature, SelinuxFeature,
};
pub use hooks::{Hook, Hooks};
pub use linux::{
    Device, IdMapping, IntelRdt, Linux, Namespace, NamespaceType, Personality, RootfsPropagation,
    TimeOffset,
};
pub use mounts::{Mount, Root};
pub use process::{
    Capabilities, ConsoleSize, CpuAffinity, IoPriority, IoPriorityClass, Process, Rlimit,
    Scheduler, User,
};
pub use resources::{
    BlockIo, Cpu, DeviceCgroup, HugepageLimit, InterfacePriority, Memory, Network, Pids, Rdma,
    Resources, ThrottleDevice, WeightDevice,
};
pub use seccomp::{Action, Arg, CompareOp, Seccomp, SyscallRule};
pub use state::{ContainerProcessState, State, Status};

/// The version of the specification that hull writes.
pub const VERSION: &str = "1.2.1";

/// A container's `config.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Spec {
    /// Version of the specification this document follows.
    #[serde(default)]
    pub oci_version: String,
    /// The program to run; may be absent for a container that is created and never started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<Process>,
    /// The root file system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<Root>,
    /// Host name inside the container's UTS namespace.
    #[serde(
        default,
        deserialize_with = "lenient::null",
        skip_serializing_if = "String::is_empty"
    )]
    pub hostname: String,
    /// NIS domain name inside the container's UTS namespace.
    #[serde(
        default,
        deserialize_with = "lenient::null",
        skip_serializing_if = "String::is_empty"
    )]
    pub domainname: String,
    /// Mounts beyond the root, in the order in which they are made.
    #[serde(
        default,
        deserialize_with = "lenient::null",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub mounts: Vec<Mount>,
    /// Programs to run at points of the container's life.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hooks: Option<Hooks>,
    /// Free key-value pairs, carried into the state.
    #[serde(
        default,
        deserialize_with = "lenient::null",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub annotations: BTreeMap<String, String>,
    /// What is special to Linux.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linux: Option<Linux>,
}

#[cfg(test)]
mod tests;
