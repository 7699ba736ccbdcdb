//! Which streams `run`, `create` and `start` attach.
//!
//! Leaves moving bytes to `terminal`. Invariant: a terminal for the container needs one of ours
//! when its input is attached.

use std::io::{self, IsTerminal};

use crate::error::Error;
use crate::grammar::parse::Parsed;

/// Which streams are attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Streams {
    /// Ours goes to the container.
    pub(crate) stdin: bool,
    /// The container's comes to us.
    pub(crate) stdout: bool,
    /// The container's comes to us.
    pub(crate) stderr: bool,
}

/// What `-a`, `-d` and `-i` ask for.
pub(super) fn streams(parsed: &Parsed, detach: bool) -> Result<Streams, Error> {
    let named: Vec<String> = parsed.list("attach").map(str::to_ascii_lowercase).collect();
    if detach && !named.is_empty() {
        return Err(Error::options(
            "conflicting options: cannot specify both --attach and --detach",
        ));
    }
    if detach {
        return Ok(Streams::default());
    }
    if named.is_empty() {
        return Ok(Streams {
            stdin: parsed.is("interactive"),
            stdout: true,
            stderr: true,
        });
    }
    let has = |name: &str| named.iter().any(|word| word == name);
    Ok(Streams {
        stdin: has("stdin"),
        stdout: has("stdout"),
        stderr: has("stderr"),
    })
}

/// Refuses to give a container a terminal whose input is none.
pub(crate) fn check_terminal(tty: bool, stdin: bool) -> Result<(), Error> {
    if tty && stdin && !io::stdin().is_terminal() {
        return Err(Error::Terminal {
            text: "the input device is not a TTY",
            hint: "leave out -t, or run this from a terminal",
        });
    }
    Ok(())
}
