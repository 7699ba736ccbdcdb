//! Help, as docker's client lays it out, with examples.
//!
//! Leaves printing to the caller. Invariant: no line is wider than asked for, flag names apart.

use super::flag::{Flag, Support, Take};
use super::usage::Usage;

/// The help of one command, `width` columns wide.
pub(crate) fn of_command(command: &Usage, width: usize) -> String {
    let mut text = format!("Usage:  {}\n\n{}\n", command.usage(), command.about);
    if command.paths.len() > 1 {
        let names: Vec<String> = command
            .paths
            .iter()
            .map(|path| format!("hull {path}"))
            .collect();
        text.push_str(&format!("\nAliases:\n  {}\n", names.join(", ")));
    }
    if !command.examples.is_empty() {
        text.push_str("\nExamples:\n");
        for (line, about) in command.examples {
            text.push_str(&format!("  # {about}\n  {line}\n"));
        }
    }
    let flags: Vec<&Flag> = command.all_flags().collect();
    let mut headings: Vec<&str> = flags.iter().map(|flag| flag.group).collect();
    headings.sort_by_key(|heading| order(heading));
    headings.dedup();
    for heading in headings {
        let title = if heading.is_empty() {
            "Options"
        } else {
            heading
        };
        text.push_str(&format!("\n{title}:\n"));
        let members = flags.iter().filter(|flag| flag.group == heading);
        text.push_str(&table(members.copied(), width));
    }
    text
}

/// Headings in the order a reader needs them.
const HEADINGS: &[&str] = &[
    "",
    "Process",
    "Terminal and streams",
    "Files and mounts",
    "Resources",
    "Security",
    "Namespaces",
    "Network",
    "Life",
    "Image and runtime",
    "Not on Linux",
];

fn order(heading: &str) -> usize {
    HEADINGS
        .iter()
        .position(|known| *known == heading)
        .unwrap_or(HEADINGS.len())
}

fn table<'f>(flags: impl Iterator<Item = &'f Flag>, width: usize) -> String {
    let rows: Vec<(String, String)> = flags.map(|flag| (left(flag), right(flag))).collect();
    let indent = rows.iter().map(|(left, _)| left.len()).max().unwrap_or(0) + 3;
    let mut text = String::new();
    for (left, right) in rows {
        let mut first = true;
        for line in wrap(&right, width.saturating_sub(indent).max(24)) {
            let left = if first { left.as_str() } else { "" };
            text.push_str(format!("{left:indent$}{line}").trim_end());
            text.push('\n');
            first = false;
        }
    }
    text
}

fn left(flag: &Flag) -> String {
    let short = flag
        .short
        .map_or("    ".to_owned(), |letter| format!("-{letter}, "));
    match flag.kind {
        "" => format!("  {short}--{}", flag.long),
        kind => format!("  {short}--{} {kind}", flag.long),
    }
}

fn right(flag: &Flag) -> String {
    let default = if flag.take == Take::Switch(true) {
        " (default true)"
    } else {
        ""
    };
    match flag.support {
        Support::Works | Support::Differs(_) => format!("{}{default}", flag.about),
        Support::Later(thing) => format!("{} (comes with {thing})", flag.about),
        Support::Never(why) => format!("{} ({why})", flag.about),
    }
}

/// Breaks `text` at blanks into lines of at most `width`.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// A table of flags, `width` columns wide.
pub(crate) fn flags(flags: &[Flag], width: usize) -> String {
    table(flags.iter(), width)
}

/// The names and one-line descriptions of commands, as a list.
pub(crate) fn list(rows: &[(&str, &str)]) -> String {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    rows.iter()
        .map(|(name, about)| format!("  {name:width$}   {about}\n"))
        .collect()
}
