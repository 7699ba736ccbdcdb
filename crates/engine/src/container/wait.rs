//! `wait`: until a container stops, and with which code.

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WaitCondition {
    /// It does not run, now or then.
    #[default]
    NotRunning,
    /// Its next exit.
    NextExit,
    /// It is gone.
    Removed,
}
