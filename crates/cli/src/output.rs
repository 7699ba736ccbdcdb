//! Standard output and standard error, written in one place.
//!
//! Leaves what is written to the commands. Invariant: a reader that went away ends the command
//! quietly, as a signal would; nothing is lost when the command fails after writing.

use std::io::{self, Write};

use hull_error::{Fault, Report};

use crate::error::Error;

/// Writes `text` to standard output.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(Error::stream("write to standard output"))
}

/// Writes `text` and a newline to standard output.
pub(crate) fn print_line(text: &str) -> Result<(), Error> {
    print(&format!("{text}\n"))
}

/// Writes an error to standard error as people read it.
pub(crate) fn complain(error: &dyn Fault) {
    note(&format!("hull: {}", Report::new(error)));
}

/// Writes a line to standard error; nobody can be told when that fails.
pub(crate) fn note(line: &str) {
    let mut err = io::stderr().lock();
    writeln!(err, "{line}").ok();
}

/// Does `act` to each of `names`; errors are printed and the rest goes on. True when all went well.
pub(crate) fn each<'n>(
    names: impl IntoIterator<Item = &'n String>,
    mut act: impl FnMut(&str) -> Result<(), Error>,
) -> Result<bool, Error> {
    let mut good = true;
    for name in names {
        match act(name) {
            Ok(()) => {}
            Err(error) if error.is_broken_pipe() => return Err(error),
            Err(error) => {
                complain(&error);
                good = false;
            }
        }
    }
    Ok(good)
}
