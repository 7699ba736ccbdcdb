//! Raw mode: every key reaches the container.
//!
//! Invariant: dropping [`Raw`] brings the former mode back.

use std::io::{self, IsTerminal};

use hull_monitor::protocol::Size;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

/// Standard input in raw mode, until dropped.
pub(crate) struct Raw {
    before: Termios,
}

impl Raw {
    /// Raw mode, when standard input is a terminal.
    pub(crate) fn enter() -> io::Result<Option<Self>> {
        let stdin = io::stdin();
        if !stdin.is_terminal() {
            return Ok(None);
        }
        let raw = Self {
            before: tcgetattr(&stdin)?,
        };
        raw.again()?;
        Ok(Some(raw))
    }

    /// Sets raw mode once more, after somebody else had the terminal.
    pub(crate) fn again(&self) -> io::Result<()> {
        let mut mode = self.before.clone();
        mode.make_raw();
        Ok(tcsetattr(io::stdin(), OptionalActions::Now, &mode)?)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // When the terminal is gone there is no mode to bring back.
        tcsetattr(io::stdin(), OptionalActions::Drain, &self.before).ok();
    }
}

/// Rows and columns of the terminal on standard output, or on standard input.
pub(crate) fn size() -> Option<Size> {
    let size = tcgetwinsize(io::stdout())
        .or_else(|_| tcgetwinsize(io::stdin()))
        .ok()?;
    (size.ws_row > 0 && size.ws_col > 0).then_some(Size {
        rows: size.ws_row,
        columns: size.ws_col,
    })
}
