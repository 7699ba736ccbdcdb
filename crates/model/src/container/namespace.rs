//! Which namespaces a container has of its own, and which it shares with whom.

use serde::{Deserialize, Serialize};

/// `--network`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NetworkMode {
    /// Nothing said: the default network (until bridges exist: `none`, said in one line).
    #[default]
    Default,
    /// Own namespace, loopback only.
    None,
    /// The host's.
    Host,
    /// That of another container.
    Container(String),
    /// A network by name.
    Named(String),
}

/// `--pid`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PidMode {
    /// Own.
    #[default]
    Private,
    /// The host's.
    Host,
    /// That of another container.
    Container(String),
}

/// `--ipc`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IpcMode {
    /// Own, may be joined only when shareable; docker's default is `private`.
    #[default]
    Private,
    /// Own, others may join.
    Shareable,
    /// Own, without /dev/shm.
    None,
    /// The host's.
    Host,
    /// That of another container.
    Container(String),
}

/// `--uts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UtsMode {
    /// Own.
    #[default]
    Private,
    /// The host's.
    Host,
}

/// `--userns`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UsernsMode {
    /// The engine's.
    #[default]
    Default,
    /// The host's.
    Host,
}

/// `--cgroupns`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CgroupnsMode {
    /// The host's default: private on v2, host on v1, as docker does.
    #[default]
    Default,
    /// Own.
    Private,
    /// The host's.
    Host,
}
