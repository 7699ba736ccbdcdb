//! The state document: what `state` prints, hooks read and seccomp agents receive.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::lenient;

/// Where a container is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Being made.
    Creating,
    /// Made, its program not started.
    Created,
    /// The program runs.
    Running,
    /// Frozen; not in the specification, as every runtime has it.
    Paused,
    /// The program has ended.
    Stopped,
}

/// State of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// Version of the specification this document follows.
    pub oci_version: String,
    /// The container's id.
    pub id: String,
    /// Where it is in its life.
    pub status: Status,
    /// Its first process, in the host's pid namespace; 0 when there is none.
    #[serde(default)]
    pub pid: i32,
    /// Its bundle, absolute.
    pub bundle: String,
    /// Annotations of its configuration.
    #[serde(
        default,
        deserialize_with = "lenient::null",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub annotations: BTreeMap<String, String>,
}

/// What a seccomp agent receives with the notification descriptor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerProcessState {
    /// Version of the specification this document follows.
    pub oci_version: String,
    /// Names of the descriptors sent, in order.
    pub fds: Vec<String>,
    /// The process, in the host's pid namespace.
    pub pid: i32,
    /// `listenerMetadata` of the filter.
    #[serde(
        default,
        deserialize_with = "lenient::null",
        skip_serializing_if = "String::is_empty"
    )]
    pub metadata: String,
    /// State of the container.
    pub state: State,
}
