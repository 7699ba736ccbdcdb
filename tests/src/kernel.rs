//! Facts the kernel shows about a process and its groups.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// `/proc/PID/status` by key.
pub fn status(pid: i32) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    fields(&text)
}

/// `Key:\tvalue` lines by key.
pub fn fields(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(key, value)| (key.to_owned(), value.trim().to_owned()))
        .collect()
}

/// Whether a process lives (a zombie does not).
pub fn alive(pid: i32) -> bool {
    status(pid)
        .get("State")
        .is_some_and(|state| !state.starts_with('Z'))
}

/// The inode behind `/proc/PID/ns/KIND`, as `mnt:[4026531840]`.
pub fn namespace(pid: i32, kind: &str) -> String {
    std::fs::read_link(format!("/proc/{pid}/ns/{kind}"))
        .unwrap_or_else(|error| panic!("namespace {kind} of {pid}: {error}"))
        .to_string_lossy()
        .into_owned()
}

/// The directory of a process's group in a v1 controller.
pub fn cgroup_v1(pid: i32, controller: &str) -> PathBuf {
    let text = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).expect("/proc/PID/cgroup");
    for line in text.lines() {
        let mut parts = line.splitn(3, ':');
        let (_, names, path) = (parts.next(), parts.next(), parts.next());
        if names.is_some_and(|names| names.split(',').any(|name| name == controller)) {
            let path = path.unwrap_or_default().trim_start_matches('/');
            return Path::new("/sys/fs/cgroup").join(controller).join(path);
        }
    }
    panic!("{pid} is in no group of {controller}:\n{text}");
}

/// A file of a process's group in a v1 controller.
#[track_caller]
pub fn limit(pid: i32, controller: &str, file: &str) -> String {
    let path = cgroup_v1(pid, controller).join(file);
    std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .trim()
        .to_owned()
}

/// Names of the capabilities in a mask of `/proc/PID/status` as bit numbers.
pub fn bits(mask: &str) -> Vec<u32> {
    let mask = u64::from_str_radix(mask, 16).expect("a mask");
    (0..64).filter(|bit| mask & (1 << bit) != 0).collect()
}

/// Pids of every process.
pub fn pids() -> Vec<i32> {
    let entries = std::fs::read_dir("/proc").expect("/proc");
    entries
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().to_string_lossy().parse().ok())
        .collect()
}
