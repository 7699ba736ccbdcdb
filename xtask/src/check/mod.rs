//! `cargo xtask check`: what a machine can say about the shape of the code.
//!
//! Each rule is a file beside this one and answers with a list of findings, one line each.
//! Invariant: all rules run even when the first fails, so that one run shows everything.

mod docs;
mod graph;
mod heads;
mod layers;
mod sizes;
mod source;
mod unsafety;

use crate::Outcome;
use crate::workspace::{Workspace, run as run_command};

/// The findings of one rule; none means that it holds.
type Findings = Result<Vec<String>, String>;

/// A rule by name.
type Rule = (&'static str, fn(&Workspace) -> Findings);

/// Every rule, cheapest first.
const RULES: &[Rule] = &[
    ("heads", heads::check),
    ("sizes", sizes::check),
    ("unsafe", unsafety::check),
    ("layers", layers::check),
    ("docs", docs::check),
    ("fmt", fmt),
    ("clippy", clippy),
    ("compat", compat),
];

/// Runs the rules named in `arguments`, or all.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Outcome {
    if let Some(unknown) = arguments
        .iter()
        .find(|a| RULES.iter().all(|(name, _)| name != a))
    {
        let known: Vec<_> = RULES.iter().map(|(name, _)| *name).collect();
        return Err(format!("no rule {unknown}; there are {}", known.join(", ")));
    }
    let mut broken = Vec::new();
    for (name, rule) in RULES {
        if !arguments.is_empty() && !arguments.iter().any(|a| a == name) {
            continue;
        }
        let findings = rule(workspace)?;
        println!(
            "{name}: {}",
            if findings.is_empty() { "ok" } else { "broken" }
        );
        for finding in &findings {
            println!("  {finding}");
        }
        if !findings.is_empty() {
            broken.push(*name);
        }
    }
    if broken.is_empty() {
        Ok(())
    } else {
        Err(format!("check failed: {}", broken.join(", ")))
    }
}

/// The formatter finds nothing to change.
fn fmt(workspace: &Workspace) -> Findings {
    Ok(
        run_command(&mut workspace.cargo(&["fmt", "--all", "--check"]))
            .err()
            .into_iter()
            .collect(),
    )
}

/// Clippy and the compiler warn of nothing.
fn clippy(workspace: &Workspace) -> Findings {
    let arguments = [
        "clippy",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--",
        "--deny",
        "warnings",
    ];
    Ok(run_command(&mut workspace.cargo(&arguments))
        .err()
        .into_iter()
        .collect())
}

/// `docs/compat/cli.md` says what docker's client and ours say now.
fn compat(workspace: &Workspace) -> Findings {
    let outcome = crate::compat::run(workspace, &["--check".to_owned()]);
    Ok(outcome.err().into_iter().collect())
}
