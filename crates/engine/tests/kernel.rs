//! The engine on a real kernel: what its verbs leave to see in /proc, on disk and in the ledger.
//!
//! This executable is the test and, by its first argument, also the monitor, the init and the reaper
//! that the engine starts. Needs root and a static busybox; says so and passes without.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests; without libtest clippy does not see that"
)]

mod kernel {
    pub(crate) mod cases;
    pub(crate) mod place;
}

use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    arm();
    let words: Vec<String> = arguments
        .iter()
        .map(|a| a.to_string_lossy().into_owned())
        .collect();
    match words
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["monitor", ..] => hull_monitor::main(arguments.get(1..).unwrap_or_default()),
        ["--root", root, "--run-root", run, "system", verb, rest @ ..] => {
            kernel::place::called_back(root.as_ref(), run.as_ref(), verb, rest)
        }
        _ => kernel::cases::run(&words),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this executable plays the command line's part"
)]
fn arm() {
    if let Ok(wish) = std::env::var(hull_sys::failpoint::VARIABLE) {
        hull_sys::failpoint::arm(wish);
    }
}
