//! Where a container's output goes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Log driver and options, docker's `LogConfig`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogConfig {
    /// `json-file` or `none` for now.
    pub driver: String,
    /// `max-size`, `max-file`, `compress`, `labels`, `env`, `tag` …, as typed.
    pub options: BTreeMap<String, String>,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            driver: "json-file".into(),
            options: BTreeMap::new(),
        }
    }
}
