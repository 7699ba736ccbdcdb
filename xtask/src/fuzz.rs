//! `cargo xtask fuzz`: every parser of untrusted bytes, fed with bent input for a time.
//!
//! Leaves the feeding to the package `fuzz`. It is built with overflow checks, since an overflow
//! that wraps in a release is a finding here.

use crate::Outcome;
use crate::workspace::{Workspace, run as run_command};

/// Seconds per target when none are given.
const SECONDS: &str = "60";

/// `[SECONDS] [TARGET...]`.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Outcome {
    let timed = arguments
        .first()
        .is_some_and(|word| word.parse::<u64>().is_ok());
    let mut command = workspace.cargo(&["run", "--quiet", "--release", "--package", "hull-fuzz"]);
    command.env("CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS", "true");
    command.env("CARGO_PROFILE_RELEASE_LTO", "off");
    command.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    command.env("CARGO_TARGET_DIR", workspace.at("target/fuzz-build"));
    command.arg("--");
    if !timed {
        command.arg(SECONDS);
    }
    run_command(command.args(arguments))
}
