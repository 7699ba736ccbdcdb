//! `cargo xtask test`: every shelf of tests, on a machine that has only a Rust toolchain and a C
//! compiler to start with.
//!
//! Leaves to `packages` what must be installed, to `conformance` the OCI suite. Invariant: what did
//! not run is named with its reason, and the last line counts everything.

mod conformance;
mod packages;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::Outcome;
use crate::workspace::{Workspace, run as run_command};

/// What ran, over all suites.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// One line for each thing that was not tested.
    pub(crate) skipped: Vec<String>,
    /// One line for each suite that broke.
    pub(crate) broken: Vec<String>,
}

/// Installs, builds, tests; `arguments` name lanes (`cargo`, `conformance`), none means all.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Outcome {
    let wants = |lane: &str| arguments.is_empty() || arguments.iter().any(|a| a == lane);
    if let Some(unknown) = arguments
        .iter()
        .find(|a| !matches!(a.as_str(), "cargo" | "conformance"))
    {
        return Err(format!(
            "no lane {unknown}; there are cargo and conformance"
        ));
    }
    let mut tally = Tally::default();
    packages::install(&mut tally)?;
    let hull = timed("build hull", || build(workspace))?;
    if wants("cargo") {
        timed("cargo test", || cargo_tests(workspace, &hull, &mut tally))?;
    }
    if wants("conformance") {
        timed("OCI runtime conformance", || {
            conformance::run(workspace, &hull, &mut tally)
        })?;
    }
    report(&tally)
}

/// Says what was skipped and what broke; the counts come last, alone on their line.
fn report(tally: &Tally) -> Outcome {
    for reason in &tally.skipped {
        println!("skipped: {reason}");
    }
    for suite in &tally.broken {
        println!("broken: {suite}");
    }
    println!(
        "{} passed, {} failed, {} skipped",
        tally.passed,
        tally.failed,
        tally.skipped.len()
    );
    if tally.failed == 0 && tally.broken.is_empty() {
        return Ok(());
    }
    Err("tests failed".into())
}

/// Does a step and says how long it took.
fn timed<T>(what: &str, step: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    println!("== {what}");
    let start = Instant::now();
    let done = step();
    println!("== {what}: {:.1} s", start.elapsed().as_secs_f64());
    done
}

/// The release binary, built; `HULL_BIN` names another one to test instead.
pub(crate) fn build(workspace: &Workspace) -> Result<PathBuf, String> {
    if let Some(given) = std::env::var_os("HULL_BIN") {
        return std::fs::canonicalize(&given)
            .map_err(|error| format!("cannot find HULL_BIN {}: {error}", given.to_string_lossy()));
    }
    run_command(&mut workspace.cargo(&["build", "--release", "--package", "hull-cli"]))?;
    Ok(workspace.built().join("release").join("hull"))
}

/// Unit, golden and kernel tests of the workspace.
fn cargo_tests(workspace: &Workspace, hull: &Path, tally: &mut Tally) -> Outcome {
    let skips = workspace.built().join("skipped-tests");
    std::fs::write(&skips, "")
        .map_err(|error| format!("cannot write {}: {error}", skips.display()))?;
    let mut command = workspace.cargo(&["test", "--workspace", "--no-fail-fast"]);
    command.env("HULL_BIN", hull).env("HULL_TEST_SKIPS", &skips);
    // A real Debian is made where its tools are; without this, only if it was made before.
    command.env("HULL_TEST_DEBIAN", "1");
    let ended = stream(&mut command, |line| count(line, tally))?;
    let told = std::fs::read_to_string(&skips).unwrap_or_default();
    tally.skipped.extend(told.lines().map(str::to_owned));
    if !ended {
        tally.broken.push("cargo test".into());
    }
    Ok(())
}

/// Adds up libtest's closing lines.
fn count(line: &str, tally: &mut Tally) {
    let Some(rest) = line.strip_prefix("test result: ") else {
        return;
    };
    for part in rest.split([';', '.']) {
        let mut words = part.split_whitespace();
        let (Some(number), Some(what)) = (words.next(), words.next()) else {
            continue;
        };
        let Ok(number) = number.parse::<u64>() else {
            continue;
        };
        match what {
            "passed" => tally.passed += number,
            "failed" => tally.failed += number,
            "ignored" if number > 0 => tally.skipped.push(format!("{number} ignored by cargo")),
            _ => {}
        }
    }
}

/// Runs a command, shows its stdout line by line and hands each line on; answers whether it ended
/// well.
pub(crate) fn stream(command: &mut Command, mut each: impl FnMut(&str)) -> Result<bool, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start {name}: {error}"))?;
    if let Some(out) = child.stdout.take() {
        for line in BufReader::new(out).lines() {
            let line = line.map_err(|error| format!("cannot read from {name}: {error}"))?;
            println!("{line}");
            each(&line);
        }
    }
    let status = child
        .wait()
        .map_err(|error| format!("cannot wait for {name}: {error}"))?;
    Ok(status.success())
}

#[cfg(test)]
mod tests {
    use super::{Tally, count};

    #[test]
    fn closing_lines_are_added_up() {
        let mut tally = Tally::default();
        let line = "test result: ok. 9 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; \
                    finished in 0.00s";
        count(line, &mut tally);
        count("test a ... ok", &mut tally);
        assert_eq!((tally.passed, tally.failed, tally.skipped.len()), (9, 1, 1));
    }
}
