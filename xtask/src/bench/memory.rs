//! Proportional set size of an engine's own processes.

use crate::workspace::read;

/// Kilobytes held by processes with one of these names, found by `/proc/PID/comm`; where `mark` is
/// given, by those whose command line holds it instead (a program started by descriptor has no name).
pub(super) fn held(names: &[&str], mark: Option<&str>) -> f64 {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return 0.0;
    };
    entries
        .filter_map(Result::ok)
        .filter(|entry| {
            let file = |name: &str| read(&entry.path().join(name)).unwrap_or_default();
            match mark {
                Some(mark) => file("cmdline").contains(mark),
                None => names
                    .iter()
                    .any(|name| file("comm").trim_end().starts_with(name)),
            }
        })
        .map(|entry| proportional(&entry.path()))
        .sum()
}

/// `Pss` of one process in kilobytes.
fn proportional(process: &std::path::Path) -> f64 {
    let text = read(&process.join("smaps_rollup")).unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix("Pss:"))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse().ok())
        .unwrap_or_default()
}
