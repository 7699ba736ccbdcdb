//! `cargo xtask compat`: every flag of docker's client beside ours, verb by verb.
//!
//! Reads `docker VERB --help` and the very tables hull reads its line against (`hull __tables`), and
//! keeps `docs/compat/cli.md`; `--check` only compares. Invariant: a flag that docker has and hull
//! does not fails the task; a difference needs a reason, which lives in hull's table beside the flag.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::Value;

use crate::Outcome;
use crate::workspace::{Workspace, output, read, run as execute, which};

/// Where the ledger of compatibility is kept.
const FILE: &str = "docs/compat/cli.md";

/// Runs the task.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Outcome {
    let check = arguments.iter().any(|word| word == "--check");
    if which("docker").is_none() {
        println!("compat: skipped, there is no docker client on PATH to compare with");
        return Ok(());
    }
    let (ours, other) = tables(workspace)?;
    let mut page = Page::default();
    for command in &ours {
        page.compare(workspace, command)?;
    }
    page.verbs(workspace, &ours, &other)?;
    let text = page.text();
    let path = workspace.at(FILE);
    if !page.missing.is_empty() {
        return Err(format!(
            "docker has what hull lacks: {}",
            page.missing.join(", ")
        ));
    }
    if !check {
        std::fs::create_dir_all(workspace.at("docs/compat")).map_err(|why| why.to_string())?;
        std::fs::write(&path, text).map_err(|why| format!("cannot write {FILE}: {why}"))?;
        println!("compat: {}", page.summary());
        return Ok(());
    }
    match read(&path) {
        Ok(kept) if kept == text => {
            println!("compat: {}", page.summary());
            Ok(())
        }
        _ => Err(format!("{FILE} is out of date: run `cargo xtask compat`")),
    }
}

/// Our commands, and the verbs we have not, from the binary itself.
fn tables(workspace: &Workspace) -> Result<(Vec<Value>, Vec<Value>), String> {
    execute(&mut workspace.cargo(&["build", "--quiet", "--package", "hull-cli"]))?;
    let hull = workspace.built().join("debug/hull");
    let text = output(workspace.command(hull).arg("__tables"))?;
    let tables: Value =
        serde_json::from_str(&text).map_err(|why| format!("hull __tables: {why}"))?;
    let list = |name: &str| {
        tables
            .get(name)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    Ok((list("commands"), list("others")))
}

/// A flag as docker's help shows it.
#[derive(Debug, PartialEq, Eq)]
struct Theirs {
    short: Option<char>,
    long: String,
    takes_word: bool,
}

/// The flags in a help text: lines such as `  -f, --filter filter   Filter output …`.
fn flags_in(help: &str) -> Vec<Theirs> {
    let mut flags = Vec::new();
    for line in help.lines() {
        let trimmed = line.trim_start();
        let indent = line.len() - trimmed.len();
        let short = match trimmed.strip_prefix('-') {
            Some(rest) if !rest.starts_with('-') => rest.chars().next(),
            Some(_) => None,
            None => continue,
        };
        if indent > 6 {
            continue;
        }
        let Some((_, rest)) = trimmed.split_once("--") else {
            continue;
        };
        let name = rest.split(' ').next().unwrap_or_default();
        let after = rest.strip_prefix(name).unwrap_or_default();
        let takes_word = after.starts_with(' ') && !after.starts_with("  ");
        flags.push(Theirs {
            short,
            long: name.to_owned(),
            takes_word,
        });
    }
    flags.retain(|flag| flag.long != "help");
    flags
}

/// The verbs a help text lists under its headings of commands.
fn verbs_in(help: &str) -> Vec<String> {
    let mut verbs = Vec::new();
    let mut inside = false;
    for line in help.lines() {
        if line.ends_with("Commands:") {
            inside = true;
        } else if line.is_empty() || !line.starts_with(' ') {
            inside = inside && line.is_empty();
        } else if inside {
            verbs.extend(
                line.split_whitespace()
                    .next()
                    .map(|word| word.trim_end_matches('*').to_owned()),
            );
        }
    }
    verbs
}

/// The page as it grows.
#[derive(Default)]
struct Page {
    sections: String,
    verbs: String,
    done: usize,
    differs: usize,
    later: usize,
    missing: Vec<String>,
}

impl Page {
    fn compare(&mut self, workspace: &Workspace, command: &Value) -> Outcome {
        let name = text(command, "name");
        let words: Vec<&str> = name.split(' ').collect();
        let help = output(workspace.command("docker").args(&words).arg("--help"));
        let listed = help
            .as_ref()
            .is_ok_and(|help| help.contains(&format!("docker {name}")));
        let Some(help) = help.ok().filter(|_| listed) else {
            return Ok(());
        };
        let ours: BTreeMap<&str, &Value> = flags(command)
            .map(|flag| (text(flag, "long"), flag))
            .collect();
        let theirs = flags_in(&help);
        writeln!(self.sections, "\n## {name}\n").ok();
        let paths: Vec<&str> = command["paths"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        writeln!(
            self.sections,
            "Called as `hull {}`.\n",
            paths.join("`, `hull ")
        )
        .ok();
        if theirs.is_empty() {
            writeln!(self.sections, "No flags, as docker.").ok();
        } else {
            writeln!(self.sections, "| flag | |\n|---|---|").ok();
        }
        for flag in &theirs {
            let state = match ours.get(flag.long.as_str()) {
                None => {
                    self.missing.push(format!("{name} --{}", flag.long));
                    "absent".to_owned()
                }
                Some(our) => self.state(name, flag, our),
            };
            let short = flag
                .short
                .map_or(String::new(), |letter| format!("`-{letter}` "));
            writeln!(self.sections, "| {short}`--{}` | {state} |", flag.long).ok();
        }
        let known: BTreeSet<&str> = theirs.iter().map(|flag| flag.long.as_str()).collect();
        for extra in ours.keys().filter(|name| !known.contains(*name)) {
            writeln!(self.sections, "| `--{extra}` | hull's own |").ok();
        }
        Ok(())
    }

    fn state(&mut self, name: &str, theirs: &Theirs, ours: &Value) -> String {
        let short = text(ours, "short").chars().next();
        let switch = ours["switch"].as_bool().unwrap_or(false);
        if short != theirs.short || switch == theirs.takes_word {
            self.missing
                .push(format!("{name} --{} in docker's form", theirs.long));
        }
        let why = text(ours, "why");
        match text(ours, "support") {
            "works" => {
                self.done += 1;
                "done".to_owned()
            }
            "later" => {
                self.later += 1;
                format!("differs: fails clearly, comes with {why}")
            }
            "never" => {
                self.differs += 1;
                format!("differs: fails clearly, {why}")
            }
            _ => {
                self.differs += 1;
                format!("differs: {why}")
            }
        }
    }

    /// Verbs docker has, by what becomes of them here.
    fn verbs(&mut self, workspace: &Workspace, ours: &[Value], other: &[Value]) -> Outcome {
        let mut theirs = verbs_in(&output(workspace.command("docker").arg("--help"))?);
        let groups = ["container", "image", "system"];
        theirs.retain(|verb| !groups.contains(&verb.as_str()));
        for group in groups {
            let help = output(workspace.command("docker").args([group, "--help"]))?;
            theirs.extend(
                verbs_in(&help)
                    .into_iter()
                    .map(|verb| format!("{group} {verb}")),
            );
        }
        let known: BTreeSet<&str> = ours
            .iter()
            .flat_map(|command| command["paths"].as_array().into_iter().flatten())
            .filter_map(Value::as_str)
            .collect();
        let mut lines: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for verb in &theirs {
            if known.contains(verb.as_str()) {
                continue;
            }
            match reason(verb, other) {
                Some(why) => lines.entry(why).or_default().push(verb),
                None => self.missing.push(verb.clone()),
            }
        }
        for (why, verbs) in lines {
            writeln!(self.verbs, "| {why} | `{}` |", verbs.join("`, `")).ok();
        }
        Ok(())
    }

    fn summary(&self) -> String {
        format!(
            "{} flags done, {} differ with a reason, {} come later, {} absent",
            self.done,
            self.differs,
            self.later,
            self.missing.len()
        )
    }

    fn text(&self) -> String {
        format!(
            "# docker's command line, flag by flag\n\nWritten by `cargo xtask compat` from `docker VERB --help` \
             of docker 28 and from hull's own tables; do not edit.\n\nIn all: {}.\n\n## Verbs that are not here\n\n\
             | | verbs |\n|---|---|\n{}{}",
            self.summary(),
            self.verbs,
            self.sections
        )
    }
}

/// What becomes of a verb, or of the group it belongs to.
fn reason(verb: &str, other: &[Value]) -> Option<String> {
    let found = other.iter().find(|entry| text(entry, "verb") == verb)?;
    Some(match found["later"].as_bool() {
        Some(true) => format!("comes with {}", text(found, "why")),
        _ => text(found, "why").to_owned(),
    })
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

fn flags(command: &Value) -> impl Iterator<Item = &Value> {
    command["flags"].as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_found_in_docker_help() {
        let help = "Usage:  docker ps\n\nOptions:\n  -a, --all             Show all\n      --format string   Format\n                        '--x':   not a flag\n      --help            Print\n";
        let flag = |short, long: &str, takes_word| Theirs {
            short,
            long: long.into(),
            takes_word,
        };
        assert_eq!(
            flags_in(help),
            [flag(Some('a'), "all", false), flag(None, "format", true)]
        );
    }

    #[test]
    fn verbs_are_found_in_docker_help() {
        let help = "Usage:  docker\n\nCommon Commands:\n  run         Create\n  ps          List\n\nCommands:\n  attach      Attach\n\nGlobal Options:\n  -D, --debug\n";
        assert_eq!(verbs_in(help), ["run", "ps", "attach"]);
    }
}
