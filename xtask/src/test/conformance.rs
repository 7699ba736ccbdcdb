//! The OCI runtime conformance suite, against `hull oci`.
//!
//! The suite is opencontainers/runtime-tools, had from the Go module proxy by the versions pinned in
//! `tests/conformance/go.mod` and built here. Leaves the judgement of each failure to
//! `tests/conformance/tolerated.txt`. Invariant: a failure nobody wrote down breaks the run.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::Tally;
use crate::Outcome;
use crate::workspace::{Workspace, output, read, run as run_command, which};

/// The module path of the suite.
const SUITE: &str = "github.com/opencontainers/runtime-tools";
/// Seconds one program of the suite may take.
const PATIENCE: &str = "60";

/// Builds the suite and runs every program of it.
pub(super) fn run(workspace: &Workspace, hull: &Path, tally: &mut Tally) -> Outcome {
    let Some(go) = go() else {
        tally
            .skipped
            .push("OCI runtime conformance: there is no go here".into());
        return Ok(());
    };
    let suite = Suite::at(workspace);
    if let Err(why) = suite.build(workspace, &go, hull) {
        tally.skipped.push(format!(
            "OCI runtime conformance: cannot build the suite: {why}"
        ));
        return Ok(());
    }
    let tolerated = tolerated(&read(&workspace.at("tests/conformance/tolerated.txt"))?);
    let mut failures = BTreeMap::new();
    let (mut passed, mut skipped) = (0, 0);
    for program in suite.programs(workspace)? {
        for (verdict, what) in suite.verdicts(workspace, &program) {
            match verdict {
                Verdict::Pass => passed += 1,
                Verdict::Skip => skipped += 1,
                Verdict::Fail => {
                    *failures.entry(what).or_insert(0_u64) += 1;
                }
            }
        }
    }
    let known: u64 = failures
        .iter()
        .filter(|(what, _)| tolerated.contains_key(what.as_str()))
        .map(|(_, times)| times)
        .sum();
    println!("{passed} passed, {known} failed as written down, {skipped} not for this host");
    tally.passed += passed;
    judge(&failures, &tolerated, tally);
    Ok(())
}

/// Counts failures nobody wrote down, and names lines that need not be there any more.
fn judge(failures: &BTreeMap<String, u64>, tolerated: &Tolerated, tally: &mut Tally) {
    for (what, times) in failures {
        match tolerated.get(what.as_str()) {
            Some(reason) => tally
                .skipped
                .push(format!("conformance: {what}: {}", reason.why)),
            None => {
                println!("FAILED {what}");
                tally.failed += times;
            }
        }
    }
    for (what, reason) in tolerated {
        if !failures.contains_key(what) && !reason.depends {
            tally
                .broken
                .push(format!("tolerated.txt: {what} passes, remove its line"));
        }
    }
}

/// Why a test may fail, and whether it fails everywhere.
struct Reason {
    why: String,
    depends: bool,
}

/// Reasons by test.
type Tolerated = BTreeMap<String, Reason>;

/// Reads `test | reason` lines; a leading `?` says that the outcome depends on the host.
fn tolerated(text: &str) -> Tolerated {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(" | "))
        .map(|(what, why)| {
            let depends = what.starts_with('?');
            let what = what.trim_start_matches('?').trim().to_owned();
            (
                what,
                Reason {
                    why: why.trim().to_owned(),
                    depends,
                },
            )
        })
        .collect()
}

/// What one check of the suite said.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Pass,
    Fail,
    Skip,
}

/// The suite as built here.
struct Suite {
    built: PathBuf,
}

impl Suite {
    fn at(workspace: &Workspace) -> Self {
        Self {
            built: workspace.built().join("conformance"),
        }
    }

    /// Names of the suite's programs, as `suite.go` imports them.
    fn programs(&self, workspace: &Workspace) -> Result<Vec<String>, String> {
        let text = read(&workspace.at("tests/conformance/suite.go"))?;
        let prefix = format!("{SUITE}/validation/");
        Ok(text
            .split('"')
            .filter_map(|word| word.strip_prefix(&prefix))
            .map(str::to_owned)
            .collect())
    }

    /// Builds what is missing: the programs, the static `runtimetest` they put into containers, the
    /// root file system, and the runtime as one word.
    fn build(&self, workspace: &Workspace, go: &Path, hull: &Path) -> Outcome {
        let io = |error: std::io::Error| format!("{}: {error}", self.built.display());
        std::fs::create_dir_all(self.built.join("run")).map_err(io)?;
        let module = workspace.at("tests/conformance");
        let compile = |package: &str, binary: &Path| {
            if binary.exists() {
                return Ok(());
            }
            let mut command = workspace.command(go);
            command
                .current_dir(&module)
                .env("CGO_ENABLED", "0")
                .env("GOFLAGS", "-buildvcs=false");
            command
                .args(["build", "-o"])
                .arg(binary)
                .arg(format!("{SUITE}/{package}"));
            run_command(&mut command)
        };
        compile("cmd/runtimetest", &self.built.join("runtimetest"))?;
        for program in self.programs(workspace)? {
            compile(
                &format!("validation/{program}"),
                &self.built.join(&program).with_extension("t"),
            )?;
        }
        let mut list = workspace.command(go);
        list.current_dir(&module)
            .args(["list", "-m", "-f", "{{.Dir}}", SUITE]);
        let sources = PathBuf::from(output(&mut list)?.trim());
        let archive = "rootfs-amd64.tar.gz";
        std::fs::copy(sources.join(archive), self.built.join(archive)).map_err(io)?;
        let word = self.built.join("hull-oci");
        let run = self.built.join("run");
        let script = format!(
            "#!/bin/sh\nHULL_RUN='{}' exec '{}' oci \"$@\"\n",
            run.display(),
            hull.display()
        );
        std::fs::write(&word, script).map_err(io)?;
        std::fs::set_permissions(&word, std::fs::Permissions::from_mode(0o755)).map_err(io)
    }

    /// Runs one program and reads what it said.
    fn verdicts(&self, workspace: &Workspace, program: &str) -> Vec<(Verdict, String)> {
        let mut command = workspace.command("timeout");
        command
            .current_dir(&self.built)
            .env("RUNTIME", self.built.join("hull-oci"));
        command
            .args(["-k", "2", PATIENCE])
            .arg(self.built.join(program).with_extension("t"));
        let (ended_well, said) = match command.output() {
            Ok(done) => (
                done.status.success(),
                String::from_utf8_lossy(&done.stdout).into_owned(),
            ),
            Err(error) => (false, format!("not ok 1 - cannot start: {error}")),
        };
        let mut verdicts: Vec<_> = said
            .lines()
            .filter_map(read_tap)
            .map(|(verdict, what)| (verdict, format!("{program}: {what}")))
            .collect();
        if verdicts.is_empty() {
            let verdict = if ended_well {
                Verdict::Pass
            } else {
                Verdict::Fail
            };
            verdicts.push((verdict, program.to_owned()));
        } else if !ended_well
            && verdicts
                .iter()
                .all(|(verdict, _)| *verdict != Verdict::Fail)
        {
            verdicts.push((Verdict::Fail, format!("{program}: ended badly")));
        }
        verdicts
    }
}

/// One line of TAP: the verdict and what was checked, its number left out.
fn read_tap(line: &str) -> Option<(Verdict, String)> {
    let line = line.trim_start();
    let (failed, rest) = match line.strip_prefix("not ok ") {
        Some(rest) => (true, rest),
        None => (false, line.strip_prefix("ok ")?),
    };
    let what = rest
        .trim_start_matches(|c: char| c.is_ascii_digit())
        .trim_start_matches([' ', '-']);
    if let Some((what, directive)) = what.split_once('#')
        && directive
            .trim_start()
            .to_ascii_lowercase()
            .starts_with("skip")
    {
        return Some((Verdict::Skip, what.trim().to_owned()));
    }
    Some((
        if failed { Verdict::Fail } else { Verdict::Pass },
        what.trim().to_owned(),
    ))
}

/// The Go compiler, on `PATH` or where its own installer puts it.
fn go() -> Option<PathBuf> {
    which("go").or_else(|| {
        let own = PathBuf::from("/usr/local/go/bin/go");
        own.exists().then_some(own)
    })
}

#[cfg(test)]
mod tests {
    use super::{Verdict, read_tap, tolerated};

    #[test]
    fn tap_lines_are_read() {
        let check = |line, verdict, what: &str| {
            assert_eq!(read_tap(line), Some((verdict, what.to_owned())), "{line}");
        };
        check("ok 1 - root is there", Verdict::Pass, "root is there");
        check("  not ok 12 - it is not", Verdict::Fail, "it is not");
        check("ok 3 # SKIP no reason", Verdict::Skip, "");
        assert_eq!(read_tap("1..4"), None);
    }

    #[test]
    fn a_question_mark_says_that_it_depends() {
        let list = tolerated("# c\na: b | because\n? c | sometimes\n");
        assert!(!list["a: b"].depends);
        assert!(list["c"].depends);
    }
}
