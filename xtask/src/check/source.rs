//! What a rule needs to know of a Rust file: its module path and the modules its code names.
//!
//! A reader of tokens, not a compiler: comments, strings and test modules are cut away, then every
//! path that starts with `crate::` or `super::` counts. Invariant: what it cannot resolve it leaves
//! out, so a finding is always a real arrow.

/// The text without comments, string contents and `#[cfg(test)]` modules.
pub(super) fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    for line in text.lines() {
        if line.trim_start() == "#[cfg(test)]" {
            break;
        }
        code.push_str(without_noise(line));
        code.push('\n');
    }
    code
}

/// A line up to its `//` comment.
fn without_noise(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

/// Every path that starts with `root::`, groups in braces written out, as lists of names.
pub(super) fn paths_from(code: &str, root: &str) -> Vec<Vec<String>> {
    let needle = format!("{root}::");
    let mut found = Vec::new();
    for (at, _) in code.match_indices(&needle) {
        let before = code.get(..at).and_then(|head| head.chars().next_back());
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = code.get(at + needle.len()..).unwrap_or_default();
        expand(rest, &mut Vec::new(), &mut found);
    }
    found
}

/// Reads one path or group at the start of `text`; answers what is left behind it.
fn expand<'a>(text: &'a str, prefix: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut inside) = text.strip_prefix('{') {
        loop {
            inside = inside.trim_start();
            if let Some(rest) = inside.strip_prefix('}') {
                return rest;
            }
            if inside.is_empty() {
                return inside;
            }
            let before = inside.len();
            inside = expand(inside, &mut prefix.clone(), found);
            inside = inside.trim_start().strip_prefix(',').unwrap_or(inside);
            if inside.len() == before {
                return "";
            }
        }
    }
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() {
        // `*`, or something that is no path.
        found.push(prefix.clone());
        return rest.strip_prefix('*').unwrap_or(rest);
    }
    prefix.push(name.to_owned());
    if let Some(deeper) = rest.strip_prefix("::")
        && !deeper.starts_with('<')
    {
        return expand(deeper, prefix, found);
    }
    found.push(prefix.clone());
    let rest = rest.trim_start();
    match rest.strip_prefix("as ") {
        Some(alias) => {
            alias.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_' || c == ' ')
        }
        None => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::{code_of, paths_from};

    #[test]
    fn groups_are_written_out() {
        let code = "use crate::a::{b, c::{D, e as f}, g::*};\nlet x = crate::h::i::<u8>();";
        let paths: Vec<String> = paths_from(code, "crate")
            .into_iter()
            .map(|p| p.join("::"))
            .collect();
        assert_eq!(paths, ["a::b", "a::c::D", "a::c::e", "a::g", "h::i"]);
    }

    #[test]
    fn comments_and_tests_do_not_count() {
        let text = "use crate::a; // crate::b\n#[cfg(test)]\nmod tests { use crate::c; }";
        assert_eq!(paths_from(&code_of(text), "crate"), [["a"]]);
    }
}
