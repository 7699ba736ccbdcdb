//! Real containers, and what the kernel shows about them.
//!
//! This executable is both the test, with the one thread the runtime demands, and the program that
//! runs in the containers (`probe`). Needs root; says so and passes without.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "tests; without libtest clippy does not see that"
)]

mod kernel {
    pub(crate) mod failures;
    pub(crate) mod files;
    pub(crate) mod life;
    pub(crate) mod place;
    pub(crate) mod probe;
    pub(crate) mod process;
    pub(crate) mod rights;
}

use std::process::ExitCode;

/// A test and its name.
type Case = (&'static str, fn());

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|role| role == "probe") {
        return kernel::probe::main(&arguments[2..]);
    }
    if !hull_sys::process::is_root() {
        println!("skipped: containers without root need id maps this test does not set up");
        return ExitCode::SUCCESS;
    }
    let wanted = arguments[1..].iter().find(|word| !word.starts_with('-'));
    let all = [
        kernel::files::CASES,
        kernel::process::CASES,
        kernel::rights::CASES,
        kernel::life::CASES,
        kernel::failures::CASES,
    ];
    let mut failed = 0;
    for (name, case) in all.into_iter().flatten() {
        if wanted.is_some_and(|part| !name.contains(part.as_str())) {
            continue;
        }
        let outcome = std::panic::catch_unwind(case);
        println!(
            "test {name} ... {}",
            if outcome.is_ok() { "ok" } else { "FAILED" }
        );
        failed += u8::from(outcome.is_err());
    }
    ExitCode::from(failed)
}
