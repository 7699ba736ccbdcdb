//! Rule: unsafe code lives in `sys` alone; every other crate root forbids it.

use super::Findings;
use crate::workspace::{Workspace, read};

/// Names the crate roots that do not say `#![forbid(unsafe_code)]`.
pub(super) fn check(workspace: &Workspace) -> Findings {
    let mut findings = Vec::new();
    for file in workspace.files(&["rs"])? {
        let shown = workspace.relative(&file).display().to_string();
        let root = shown.ends_with("src/lib.rs") || shown.ends_with("src/main.rs");
        if !root || !shown.starts_with("crates/") || shown.starts_with("crates/sys/") {
            continue;
        }
        if !read(&file)?.contains("#![forbid(unsafe_code)]") {
            findings.push(format!("{shown}: lacks #![forbid(unsafe_code)]"));
        }
    }
    Ok(findings)
}
