//! Rule: a document's relative links lead somewhere, and the source files it names exist.

use std::path::Path;

use super::Findings;
use crate::workspace::{Workspace, read};

/// Names the links and files that are not there.
pub(super) fn check(workspace: &Workspace) -> Findings {
    let mut findings = Vec::new();
    for file in workspace.files(&["md"])? {
        let text = read(&file)?;
        let shown = workspace.relative(&file).display().to_string();
        let folder = file.parent().unwrap_or(&workspace.root);
        for link in links(&text) {
            if !folder.join(link).exists() {
                findings.push(format!("{shown}: link to {link} leads nowhere"));
            }
        }
        if shown.starts_with("docs/flows") || shown == "ARCHITECTURE.md" {
            let absent = named_files(&text)
                .into_iter()
                .filter(|name| !exists(workspace, name));
            findings.extend(absent.map(|name| format!("{shown}: names {name}, which is absent")));
        }
    }
    Ok(findings)
}

/// Whether a source file named in a document exists, from the root or under `crates/`.
fn exists(workspace: &Workspace, name: &str) -> bool {
    let spelled = Path::new(name);
    let mut places = vec![workspace.at(spelled), workspace.at("crates").join(spelled)];
    if let Some((room, rest)) = name.split_once('/') {
        places.push(workspace.at("crates").join(room).join("src").join(rest));
    }
    places.iter().any(|place| place.exists())
}

/// Targets of `[text](target)` that are relative paths, without their `#fragment`.
fn links(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("](") {
        let rest = text.get(at + 2..).unwrap_or_default();
        let Some((target, _)) = rest.split_once(')') else {
            continue;
        };
        let target = target.split('#').next().unwrap_or_default();
        if !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:") {
            found.push(target);
        }
    }
    found
}

/// Words in backquotes that look like a path to a Rust file.
fn named_files(text: &str) -> Vec<&str> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| {
            word.ends_with(".rs")
                && word.contains('/')
                && !word.contains(|c: char| c.is_whitespace() || "<>*{}…".contains(c))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{links, named_files};

    #[test]
    fn links_are_relative_targets_without_fragments() {
        let text = "[a](b.md#c) [d](https://example.org) ![e](f/g.png) [h](#i)";
        assert_eq!(links(text), ["b.md", "f/g.png"]);
    }

    #[test]
    fn named_files_are_paths_to_sources() {
        let text = "`cli/src/main.rs`, `main.rs`, `a/{b,c}.rs` and `run x/y.rs`";
        assert_eq!(named_files(text), ["cli/src/main.rs"]);
    }
}
