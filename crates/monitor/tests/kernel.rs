//! Monitors of real containers: what the kernel, the run directory and the clients show.
//!
//! This executable is both the test and, started with `monitor DIR`, the monitor under test. Each test
//! runs against every runtime there is. Needs root and a static busybox; says so and passes without.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "tests; without libtest clippy does not see that"
)]

mod kernel {
    pub(crate) mod cases;
    pub(crate) mod ends;
    pub(crate) mod place;
    pub(crate) mod sessions;
    pub(crate) mod streams;
}

use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    arm();
    if arguments.first().is_some_and(|role| role == "monitor") {
        return hull_monitor::main(arguments.get(1..).unwrap_or_default());
    }
    if arguments.first().is_some_and(|role| role == "--") {
        return hull_monitor::init::main(&arguments);
    }
    kernel::cases::run(&arguments)
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
