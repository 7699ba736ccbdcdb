//! `logs`: what a container wrote, read from its log file, also while it runs and after it ended.

use hull_model::time::Timestamp;

/// Which part of a log is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogsRequest {
    /// Go on until the container ends.
    pub follow: bool,
    /// Only the last so many lines.
    pub tail: Option<u64>,
    /// Only lines from here on.
    pub since: Option<Timestamp>,
    /// Only lines up to here.
    pub until: Option<Timestamp>,
}

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// It came from standard error.
    pub stderr: bool,
    /// When it was read.
    pub time: Timestamp,
    /// The bytes, with the newline if there was one.
    pub bytes: Vec<u8>,
}
