//! What a client may ask of a monitor, and the answer.
//!
//! Invariant: every request gets exactly one [`Reply`]; `attach` and `wait` are followed by frames.

use serde::{Deserialize, Serialize};

use super::launch::{RestartPolicy, Size};
use super::record::Status;

/// One request, the JSON of a [`super::Frame::Request`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Request {
    /// Who are you, and how is the task?
    Status,
    /// Send me its output from now on, and take my standard input.
    Attach {
        /// Forward this session's standard input frames.
        #[serde(default)]
        stdin: bool,
        /// Send standard output.
        #[serde(default)]
        stdout: bool,
        /// Send standard error.
        #[serde(default)]
        stderr: bool,
        /// Hold the task's output back rather than lose some when this session is slow.
        #[serde(default)]
        lossless: bool,
    },
    /// Tell me when the task's present process ends.
    Wait,
    /// Set the size of the terminal.
    Resize {
        /// The new size.
        size: Size,
    },
    /// Send a signal to the first process.
    Signal {
        /// Its number.
        signal: i32,
    },
    /// Do not start the task again; also ends a back-off.
    StopRestarting,
    /// Change the restart policy.
    Update {
        /// The new policy.
        restart: RestartPolicy,
    },
    /// The sender has taken the exit and does what `system reap` would do.
    Reaped,
}

/// The answer to a [`Request`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Version of the monitor's protocol.
    pub version: u32,
    /// Why the request was refused; `None` when it was done.
    #[serde(default)]
    pub error: Option<String>,
    /// The answer to [`Request::Status`].
    #[serde(default)]
    pub status: Option<Status>,
}
