//! `images`: what is in the store.

use std::collections::BTreeMap;

use hull_model::filter::Filters;
use hull_model::time::Timestamp;

/// Which images are listed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageListRequest {
    /// Also intermediate images.
    pub all: bool,
    /// `dangling label reference before since until`.
    pub filters: Filters,
}

/// An image as `images` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSummary {
    /// `sha256:…`.
    pub id: String,
    /// `repository:tag` names, familiar form (`busybox:latest`).
    pub repo_tags: Vec<String>,
    /// `repository@sha256:…` names.
    pub repo_digests: Vec<String>,
    /// When it was built, as its configuration says.
    pub created: Timestamp,
    /// Bytes of its unpacked layers.
    pub size: u64,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// How many containers were made of it.
    pub containers: u64,
}
