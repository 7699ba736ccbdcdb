//! [`Status`]: what a container is doing, as a pure function of facts.

use std::fmt;

/// Docker's container states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Never started.
    Created,
    /// Its init is alive.
    Running,
    /// Its init is alive and frozen.
    Paused,
    /// Its monitor waits to start it again.
    Restarting,
    /// Its removal has begun.
    Removing,
    /// It ran and ended.
    Exited,
    /// Its removal failed half-way.
    Dead,
}

impl Status {
    /// Docker's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Removing => "removing",
            Self::Exited => "exited",
            Self::Dead => "dead",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
