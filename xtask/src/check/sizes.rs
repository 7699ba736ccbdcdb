//! Rule: a file has at most 500 lines; above 300 is said, not failed. Functions are clippy's
//! (`too_many_lines`, 80).

use super::Findings;
use crate::workspace::{Workspace, read};

/// More lines than this fail.
const WALL: usize = 500;
/// More lines than this are mentioned.
const HABIT: usize = 300;

/// Names the files above the wall; counts those above the habit.
pub(super) fn check(workspace: &Workspace) -> Findings {
    let mut findings = Vec::new();
    let mut long = Vec::new();
    for file in workspace.files(&["rs"])? {
        let lines = read(&file)?.lines().count();
        let shown = workspace.relative(&file).display().to_string();
        if lines > WALL {
            findings.push(format!("{shown}: {lines} lines, the wall is {WALL}"));
        } else if lines > HABIT {
            long.push(format!("{shown} ({lines})"));
        }
    }
    if !long.is_empty() {
        println!("sizes: above {HABIT} lines: {}", long.join(", "));
    }
    Ok(findings)
}
