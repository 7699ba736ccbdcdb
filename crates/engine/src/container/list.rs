//! `ps`: every container that a question matches, with its status derived from facts.

use std::collections::BTreeMap;

use hull_model::filter::Filters;
use hull_model::id::{ContainerId, ContainerName};
use hull_model::time::Timestamp;

use crate::container::status::Status;

/// Which containers are listed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListRequest {
    /// Also those that do not run.
    pub all: bool,
    /// Only the newest so many, whatever they do.
    pub last: Option<usize>,
    /// Measure the writable layer.
    pub size: bool,
    /// `ancestor before since exited id name label status health network volume publish expose`.
    pub filters: Filters,
}

/// A container as `ps` shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Its id.
    pub id: ContainerId,
    /// Its name.
    pub name: ContainerName,
    /// The image as the user wrote it, or its short id when that name now means another image.
    pub image: String,
    /// `sha256:…` of the image.
    pub image_id: String,
    /// Program and arguments, joined by spaces.
    pub command: String,
    /// When it was created.
    pub created: Timestamp,
    /// What it is doing.
    pub state: Status,
    /// The same in words: `Up 3 minutes (Paused)`, `Exited (0) 2 hours ago`.
    pub status: String,
    /// Ports in docker's words, `80/tcp`.
    pub ports: String,
    /// Labels of image and user.
    pub labels: BTreeMap<String, String>,
    /// Sources of its mounts, volume names or host paths.
    pub mounts: Vec<String>,
    /// Names of its networks.
    pub networks: Vec<String>,
    /// Bytes of the writable layer, and of that and the image together, when asked for.
    pub size: Option<(u64, u64)>,
}
