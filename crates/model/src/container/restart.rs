//! When a container is started again after it exits.

use serde::{Deserialize, Serialize};

/// `--restart`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestartPolicy {
    /// Never.
    #[default]
    No,
    /// After a non-zero exit, at most `maximum` times (0: without limit).
    OnFailure {
        /// Most restarts.
        maximum: u32,
    },
    /// Always, also at boot.
    Always,
    /// Always, unless it was stopped by hand.
    UnlessStopped,
}
