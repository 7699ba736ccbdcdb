//! `top`: the processes of a container, as `ps` on the host would show them.

/// A table of processes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Top {
    /// Column heads.
    pub titles: Vec<String>,
    /// One row per process.
    pub processes: Vec<Vec<String>>,
}
