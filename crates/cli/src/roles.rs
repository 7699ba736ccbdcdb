//! The hidden roles of the binary, which other hull processes start.
//!
//! Leaves what they do to their rooms. Invariant: they read no flags but the roots, no configuration
//! and no ledger before they must, and print nothing but what their caller expects.

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

/// Runs the role that the program's name or the first argument names; `None` for a command.
pub(crate) fn role(program: Option<&OsStr>, arguments: &[OsString]) -> Option<ExitCode> {
    if program.is_some_and(|program| program == hull_monitor::init::PATH) {
        return Some(hull_monitor::init::main(arguments));
    }
    let (first, rest) = arguments.split_first()?;
    match first.to_str()? {
        "monitor" => Some(hull_monitor::main(rest)),
        "oci" => Some(crate::commands::oci::main(rest.to_vec())),
        _ => None,
    }
}
