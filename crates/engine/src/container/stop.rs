//! `stop`: the stop signal, a grace period, SIGKILL.

use crate::context::Context;
use crate::error::Error;

/// How `stop` and `restart` go about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StopRequest {
    /// Signal name or number; `None` is the container's, then its image's, then SIGTERM.
    pub signal: Option<String>,
    /// Seconds to wait before SIGKILL; negative waits for ever; `None` is the container's, then 10.
    pub timeout: Option<i64>,
}

pub(crate) fn stop(_context: &Context, _name: &str, _r: &StopRequest) -> Result<(), Error> {
    Err(Error::NotYet {
        wish: "stop a container",
        hint: "",
    })
}
