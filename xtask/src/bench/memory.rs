//! Proportional set size of an engine's own processes.

use crate::workspace::read;

/// Kilobytes held by processes with one of these names, found by `/proc/PID/comm`; where `mark` is
/// given, only those whose command line holds it.
pub(super) fn held(names: &[&str], mark: Option<&str>) -> f64 {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return 0.0;
    };
    entries
        .filter_map(Result::ok)
        .filter(|entry| {
            let file = |name: &str| read(&entry.path().join(name)).unwrap_or_default();
            let comm = file("comm");
            names.iter().any(|name| comm.trim_end().starts_with(name))
                && mark.is_none_or(|mark| file("cmdline").contains(mark))
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
