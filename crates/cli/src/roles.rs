//! The hidden roles of the binary, which other hull processes start.
//!
//! Leaves what they do to their rooms. Invariant: they read no flags but the roots, no configuration
//! and no ledger before they must, and print nothing but what their caller expects.

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the role that the first argument names; `None` when it names a command.
pub(crate) fn role(arguments: &[OsString]) -> Option<ExitCode> {
    let (first, rest) = arguments.split_first()?;
    match first.to_str()? {
        "monitor" => Some(hull_monitor::main(rest)),
        _ => None,
    }
}
