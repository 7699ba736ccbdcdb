//! Rule: every source file opens with a `//!` head.

use super::Findings;
use crate::workspace::{Workspace, read};

/// Names the files without one.
pub(super) fn check(workspace: &Workspace) -> Findings {
    let mut findings = Vec::new();
    for file in workspace.files(&["rs"])? {
        if !read(&file)?.starts_with("//! ") {
            let shown = workspace.relative(&file).display();
            findings.push(format!("{shown}: does not open with a `//!` head"));
        }
    }
    Ok(findings)
}
