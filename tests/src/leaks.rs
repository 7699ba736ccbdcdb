//! What an engine may leave behind: mounts, groups, processes, directories.
//!
//! Invariant: only traces of this engine count (its directories in a mount, a command line or an
//! environment; its container ids in a group), so tests may run side by side.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::kernel;

/// Traces of one engine.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Leaks {
    /// Lines of mountinfo.
    pub mounts: Vec<String>,
    /// Group directories.
    pub cgroups: Vec<PathBuf>,
    /// Pid and command line.
    pub processes: Vec<(i32, String)>,
    /// Directories of containers that are no more.
    pub directories: Vec<PathBuf>,
}

impl Leaks {
    /// Everything to be seen of the engine with these directories and containers.
    pub fn of(root: &Path, run: &Path, ids: &BTreeSet<String>) -> Self {
        Self {
            mounts: mounts(&[root, run]),
            cgroups: cgroups(ids),
            processes: processes(&[root, run]),
            directories: directories(root, run),
        }
    }

    /// Whether there is nothing.
    pub fn none(&self) -> bool {
        *self == Self::default()
    }
}

fn mounts(folders: &[&Path]) -> Vec<String> {
    let text = std::fs::read_to_string("/proc/self/mountinfo").expect("mountinfo");
    let named = |line: &&str| folders.iter().any(|f| line.contains(&*f.to_string_lossy()));
    text.lines().filter(named).map(str::to_owned).collect()
}

/// Groups anywhere below the cgroup mounts whose name holds one of the ids.
fn cgroups(ids: &BTreeSet<String>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    if ids.is_empty() {
        return found;
    }
    let mut folders = vec![(PathBuf::from("/sys/fs/cgroup"), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            let name = entry.file_name().to_string_lossy().into_owned();
            if ids.iter().any(|id| name.contains(id.as_str())) {
                found.push(entry.path());
            }
            if depth < 3 {
                folders.push((entry.path(), depth + 1));
            }
        }
    }
    found
}

/// Processes that name one of the folders in their command line or environment.
pub fn processes(folders: &[&Path]) -> Vec<(i32, String)> {
    let own = std::process::id().cast_signed();
    let mut found = Vec::new();
    for pid in kernel::pids() {
        if pid == own || !kernel::alive(pid) {
            continue;
        }
        let read = |name: &str| std::fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
        let line = read("cmdline");
        let all = [line.as_slice(), b"\0", &read("environ")].concat();
        if folders
            .iter()
            .any(|folder| contains(&all, folder.as_os_str().as_bytes()))
        {
            let words = String::from_utf8_lossy(&line).replace('\0', " ");
            found.push((pid, words));
        }
    }
    found
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fn directories(root: &Path, run: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in [
        root.join("containers"),
        run.join("containers"),
        run.join("netns"),
    ] {
        found.extend(
            std::fs::read_dir(folder)
                .into_iter()
                .flatten()
                .flatten()
                .map(|e| e.path()),
        );
    }
    found
}
