//! `start`: bundle, monitor, journal.

use hull_model::id::ContainerId;

use crate::context::Context;
use crate::error::Error;

/// How `start` and `run` connect the caller.
#[derive(Debug, Clone, Copy, Default)]
pub struct StartRequest {
    /// Return an attached session that saw the first byte.
    pub attach: bool,
    /// Rows and columns of the caller's terminal, for a container with a tty.
    pub console_size: Option<(u16, u16)>,
}

/// A container that now runs.
#[derive(Debug)]
pub struct Started {
    /// Its id.
    pub id: ContainerId,
    /// It has a terminal.
    pub tty: bool,
    /// It reads standard input.
    pub open_stdin: bool,
    /// It ran already; nothing was done.
    pub already: bool,
    /// What the user should know.
    pub warnings: Vec<String>,
}

pub(crate) fn start(_context: &Context, _name: &str, _r: StartRequest) -> Result<Started, Error> {
    Err(Error::NotYet {
        wish: "start a container",
        hint: "",
    })
}
