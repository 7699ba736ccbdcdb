//! Standard output and standard error, written in one place.
//!
//! Leaves what is written to the commands. Invariant: a reader that went away ends the command
//! quietly, as a signal would; nothing is lost when the command fails after writing.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

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

/// Whether errors are also shown as the programs sees them, `--debug`.
static DEBUG: AtomicBool = AtomicBool::new(false);

/// From here on errors are also shown as the program sees them.
pub(crate) fn show_debug() {
    DEBUG.store(true, Ordering::Relaxed);
}

/// Writes an error to standard error as people read it.
pub(crate) fn complain(error: &dyn Fault) {
    note(&format!("hull: {}", Report::new(error)));
    if DEBUG.load(Ordering::Relaxed) {
        note(&format!("  debug: {:?}: {error:?}", error.kind()));
    }
}

/// Writes a line to standard error; nobody can be told when that fails.
pub(crate) fn note(line: &str) {
    let mut err = io::stderr().lock();
    writeln!(err, "{line}").ok();
}

/// Asks a question on standard error and reads the answer; anything but yes is no.
pub(crate) fn confirm(question: &str) -> Result<bool, Error> {
    let mut err = io::stderr().lock();
    write!(err, "{question} [y/N] ")
        .and_then(|()| err.flush())
        .ok();
    let mut answer = String::new();
    io::stdin()
        .read_line(&mut answer)
        .map_err(Error::stream("read the answer"))?;
    Ok(matches!(
        answer.trim().to_ascii_lowercase().as_str(),
        "y" | "yes"
    ))
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
