//! `rm`: the row, the writable layer, the directories.

use crate::context::Context;
use crate::error::Error;

/// How `rm` goes about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RemoveRequest {
    /// Kill it if it runs.
    pub force: bool,
    /// Remove its anonymous volumes too.
    pub volumes: bool,
}

pub(crate) fn remove(_context: &Context, _name: &str, _r: RemoveRequest) -> Result<(), Error> {
    Err(Error::NotYet {
        wish: "remove a container",
        hint: "",
    })
}
