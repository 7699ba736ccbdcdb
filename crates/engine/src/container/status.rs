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

/// The facts a status follows from.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one independent fact of the kernel"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Known {
    /// The first process is alive, or its monitor has not concluded its end yet.
    pub init_alive: bool,
    /// The monitor waits to start it again.
    pub restarting: bool,
    /// A monitor is there, but nothing runs yet.
    pub starting: bool,
    /// Its cgroup is frozen.
    pub frozen: bool,
    /// Its removal has begun.
    pub removing: bool,
    /// It ran at least once.
    pub ever_started: bool,
}

impl Status {
    /// The status that follows from `known`.
    pub fn of(known: &Known) -> Self {
        match known {
            Known {
                init_alive: true,
                frozen: true,
                ..
            } => Self::Paused,
            Known {
                init_alive: true, ..
            } => Self::Running,
            Known {
                restarting: true, ..
            } => Self::Restarting,
            Known { removing: true, .. } => Self::Removing,
            Known {
                ever_started: true, ..
            } => Self::Exited,
            _ => Self::Created,
        }
    }

    /// Whether a process of it is alive.
    pub fn is_alive(self) -> bool {
        matches!(self, Self::Running | Self::Paused)
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_is_a_function_of_facts() {
        let none = Known::default();
        let lines = [
            (none, Status::Created),
            (
                Known {
                    starting: true,
                    ..none
                },
                Status::Created,
            ),
            (
                Known {
                    init_alive: true,
                    ..none
                },
                Status::Running,
            ),
            (
                Known {
                    init_alive: true,
                    frozen: true,
                    ..none
                },
                Status::Paused,
            ),
            // A removal that cannot end because the process lives is no removal yet.
            (
                Known {
                    init_alive: true,
                    removing: true,
                    ..none
                },
                Status::Running,
            ),
            (
                Known {
                    restarting: true,
                    ever_started: true,
                    ..none
                },
                Status::Restarting,
            ),
            (
                Known {
                    removing: true,
                    ever_started: true,
                    ..none
                },
                Status::Removing,
            ),
            (
                Known {
                    ever_started: true,
                    ..none
                },
                Status::Exited,
            ),
            // Frozen without a process: a left-over cgroup.
            (
                Known {
                    frozen: true,
                    ever_started: true,
                    ..none
                },
                Status::Exited,
            ),
        ];
        for (known, expected) in lines {
            assert_eq!(Status::of(&known), expected, "{known:?}");
        }
    }
}
