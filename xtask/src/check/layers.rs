//! Rule: crates use only what `layers.toml` lets them, files respect the floors of their crate, and
//! no two files of a crate use each other in a circle.
//!
//! A re-export in `lib.rs` or `mod.rs` is seen through: whoever imports it uses the file that
//! defines the thing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::Findings;
use super::graph::{Arrows, circles};
use super::source::{code_of, paths_from};
use crate::workspace::{Workspace, read};

/// `layers.toml` by section.
type Sections = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// A crate's files: module path to code, the root being `""`.
type Modules = BTreeMap<String, String>;

/// Checks every crate under `crates/`.
pub(super) fn check(workspace: &Workspace) -> Findings {
    let sections = parse(&read(&workspace.at("layers.toml"))?);
    let allowed = sections.get("crates").cloned().unwrap_or_default();
    let mut findings = Vec::new();
    let mut debts = 0;
    for room in rooms(workspace)? {
        match allowed.get(&room) {
            None => findings.push(format!("{room}: not in layers.toml")),
            Some(allowed) => {
                let used = dependencies(&read(
                    &workspace.at("crates").join(&room).join("Cargo.toml"),
                )?);
                let banned = used.iter().filter(|name| !allowed.contains(name));
                findings.extend(banned.map(|name| format!("{room} may not use {name}")));
            }
        }
        let modules = modules(workspace, &workspace.at("crates").join(&room).join("src"))?;
        let arrows = arrows(&modules);
        let mut ways: Vec<String> = circles(&arrows)
            .into_iter()
            .map(|way| format!("circle {way}"))
            .collect();
        if let Some(floors) = sections.get(&format!("floors.{room}")) {
            ways.extend(climbs(&arrows, floors));
        }
        let owed = sections.get("debt").and_then(|debt| debt.get(&room));
        for way in ways {
            if owed.is_some_and(|owed| owed.contains(&way)) {
                debts += 1;
            } else {
                findings.push(format!("{room}: {way}"));
            }
        }
    }
    if debts > 0 {
        println!("layers: {debts} circles and climbs are still owed (layers.toml, [debt])");
    }
    Ok(findings)
}

/// The crates' folder names.
fn rooms(workspace: &Workspace) -> Result<Vec<String>, String> {
    let folder = workspace.at("crates");
    let entries = std::fs::read_dir(&folder).map_err(|error| error.to_string())?;
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.path().join("Cargo.toml").exists())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    Ok(names)
}

/// The subset of TOML that `layers.toml` is written in: sections of `key = ["a", "b"]`, a list going
/// on until its closing bracket.
fn parse(text: &str) -> Sections {
    let mut sections = Sections::new();
    let mut section = String::new();
    let mut open: Option<String> = None;
    for line in text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim())
    {
        if let Some(key) = open.take() {
            let names = line.split('"').skip(1).step_by(2).map(str::to_owned);
            let all = sections.entry(section.clone()).or_default();
            all.entry(key.clone()).or_default().extend(names);
            open = (!line.ends_with(']')).then_some(key);
        } else if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            section = name.to_owned();
        } else if let Some((key, list)) = line.split_once('=') {
            let key = key.trim().to_owned();
            let names = list
                .split('"')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect();
            sections
                .entry(section.clone())
                .or_default()
                .insert(key.clone(), names);
            open = (!list.trim_end().ends_with(']')).then_some(key);
        }
    }
    sections
}

/// The rooms named under `[dependencies]` and `[build-dependencies]` of a manifest.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut counted = false;
    let mut found = BTreeSet::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            counted = matches!(line, "[dependencies]" | "[build-dependencies]");
        } else if let Some(rest) = line.strip_prefix("hull-")
            && counted
        {
            found.extend(rest.split(['.', ' ', '=']).next().map(str::to_owned));
        }
    }
    found
}

/// Reads a crate's files by module path; test files are left out.
fn modules(workspace: &Workspace, source: &Path) -> Result<Modules, String> {
    let mut modules = Modules::new();
    for file in workspace.files(&["rs"])? {
        let Ok(inside) = file.strip_prefix(source) else {
            continue;
        };
        let spelled = inside
            .with_extension("")
            .to_string_lossy()
            .replace('/', "::");
        let path = spelled.strip_suffix("::mod").unwrap_or(&spelled);
        if path.split("::").any(|name| name == "tests") {
            continue;
        }
        let path = if matches!(path, "lib" | "main" | "mod") {
            ""
        } else {
            path
        };
        modules.insert(path.to_owned(), code_of(&read(&file)?));
    }
    Ok(modules)
}

/// Which file uses which.
fn arrows(modules: &Modules) -> Arrows {
    let mut arrows = Arrows::new();
    for (path, code) in modules {
        let own: Vec<&str> = path.split("::").filter(|name| !name.is_empty()).collect();
        for named in named_modules(&own, code) {
            let target = resolve(modules, &named, 0);
            if target != *path && !is_reexport_of(modules, path, &target) {
                arrows
                    .entry(shown(path))
                    .or_default()
                    .insert(shown(&target));
            }
        }
    }
    arrows
}

/// The root is shown as `lib`.
fn shown(path: &str) -> String {
    if path.is_empty() {
        "lib".into()
    } else {
        path.into()
    }
}

/// Absolute module paths of everything the code names through `crate::`, `super::` and `self::`.
fn named_modules(own: &[&str], code: &str) -> Vec<Vec<String>> {
    let mut named = paths_from(code, "crate");
    let absolute = |base: &[&str], path: Vec<String>| -> Vec<String> {
        base.iter()
            .map(|name| (*name).to_owned())
            .chain(path)
            .collect()
    };
    for mut path in paths_from(code, "super") {
        let mut base = own;
        base = base.split_last().map_or(base, |(_, parents)| parents);
        while path.first().is_some_and(|name| name == "super") {
            path.remove(0);
            base = base.split_last().map_or(base, |(_, parents)| parents);
        }
        named.push(absolute(base, path));
    }
    named.extend(
        paths_from(code, "self")
            .into_iter()
            .map(|path| absolute(own, path)),
    );
    named
}

/// The file that defines what `named` names: the longest prefix that is a file, seen through
/// re-exports.
fn resolve(modules: &Modules, named: &[String], depth: usize) -> String {
    let longest = (0..=named.len())
        .rev()
        .find(|length| {
            modules.contains_key(
                &named
                    .iter()
                    .take(*length)
                    .cloned()
                    .collect::<Vec<_>>()
                    .join("::"),
            )
        })
        .unwrap_or(0);
    let file = named
        .iter()
        .take(longest)
        .cloned()
        .collect::<Vec<_>>()
        .join("::");
    let Some(item) = named.get(longest) else {
        return file;
    };
    let Some(code) = modules.get(&file) else {
        return file;
    };
    if depth > 4 {
        return file;
    }
    for target in reexports(&file, code) {
        if target.last() == Some(item) {
            return resolve(modules, &target, depth + 1);
        }
    }
    file
}

/// Absolute paths of what a file re-exports with `pub use` or `pub(…) use`.
fn reexports(file: &str, code: &str) -> Vec<Vec<String>> {
    let own: Vec<&str> = file.split("::").filter(|name| !name.is_empty()).collect();
    let mut found = Vec::new();
    for statement in code.split(';').map(str::trim) {
        let Some(at) = statement.rfind("pub") else {
            continue;
        };
        let Some((visibility, path)) = statement.get(at..).and_then(|tail| tail.split_once("use "))
        else {
            continue;
        };
        if visibility.len() > 16 || visibility.contains(['{', '=']) {
            continue;
        }
        let path = path.trim();
        let rooted = ["crate::", "super::", "self::"]
            .iter()
            .any(|root| path.starts_with(root));
        let spelled = if rooted {
            path.to_owned()
        } else {
            format!("self::{path}")
        };
        found.extend(named_modules(&own, &spelled));
    }
    found
}

/// Whether `path` is a facade that mentions `target` only to re-export it.
fn is_reexport_of(modules: &Modules, path: &str, target: &str) -> bool {
    let Some(code) = modules.get(path) else {
        return false;
    };
    let through: BTreeSet<String> = reexports(path, code)
        .iter()
        .map(|named| resolve(modules, named, 1))
        .collect();
    let own: Vec<&str> = path.split("::").filter(|name| !name.is_empty()).collect();
    let plain: String = code
        .split(';')
        .filter(|statement| !statement.contains("pub"))
        .map(|statement| format!("{statement};"))
        .collect();
    let used: BTreeSet<String> = named_modules(&own, &plain)
        .iter()
        .map(|named| resolve(modules, named, 0))
        .collect();
    through.contains(target) && !used.contains(target)
}

/// Arrows from a lower floor to a higher one.
fn climbs(arrows: &Arrows, floors: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let floor = |path: &str| {
        let top = path.split("::").next().unwrap_or_default().to_owned();
        floors
            .iter()
            .find(|(_, rooms)| rooms.contains(&top))
            .map(|(level, _)| level.clone())
    };
    let mut found = Vec::new();
    for (from, targets) in arrows {
        for to in targets {
            if let (Some(low), Some(high)) = (floor(from), floor(to))
                && high < low
            {
                found.push(format!("{from} (floor {low}) uses {to} (floor {high})"));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Modules, arrows, climbs, dependencies, parse};

    fn modules(list: &[(&str, &str)]) -> Modules {
        list.iter()
            .map(|(path, code)| ((*path).into(), (*code).into()))
            .collect()
    }

    #[test]
    fn a_facade_is_seen_through() {
        let found = arrows(&modules(&[
            ("", "pub mod a; pub mod b; pub use a::Thing;"),
            ("a", "pub struct Thing;"),
            ("b", "use crate::Thing;"),
        ]));
        assert_eq!(found.len(), 1);
        assert!(found["b"].contains("a"));
    }

    #[test]
    fn a_climb_is_found() {
        let floors = parse("[floors.x]\n1 = [\"top\"]\n2 = [\"low\"]")["floors.x"].clone();
        let found = arrows(&modules(&[
            ("top", ""),
            ("low", "fn f() { crate::top::go() }"),
        ]));
        assert_eq!(
            climbs(&found, &floors),
            ["low (floor 2) uses top (floor 1)"]
        );
    }

    #[test]
    fn test_only_dependencies_do_not_count() {
        let manifest =
            "[dependencies]\nhull-oci.workspace = true\n[dev-dependencies]\nhull-sys = 1";
        assert_eq!(
            dependencies(manifest).into_iter().collect::<Vec<_>>(),
            ["oci"]
        );
    }
}
