//! An engine of a test's own: fresh `--root` and `--run-root`, and the hull binary under test.
//!
//! Invariant: dropping it removes every container by force and then looks for leaks; a test that
//! leaves any fails even if it passed otherwise.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::leaks::Leaks;
use crate::wait::within;
use crate::{Done, images};

/// A hermetic engine.
pub struct Env {
    folder: TempDir,
    check_leaks: bool,
}

impl Default for Env {
    fn default() -> Self {
        Self::empty()
    }
}

impl Env {
    /// An engine with no image.
    pub fn empty() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("hull-test-")
            .tempdir()
            .expect("a directory");
        Self {
            folder,
            check_leaks: true,
        }
    }

    /// An engine that has `busybox`.
    pub fn busybox() -> Self {
        let env = Self::empty();
        let archive = images::busybox().to_string_lossy().into_owned();
        env.hull(["load", "-q", "-i", &archive]).ok();
        env
    }

    /// Its data root.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    /// Its run root.
    pub fn run_root(&self) -> PathBuf {
        self.folder.path().join("run")
    }

    /// A path for a file of the test's own.
    pub fn path(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join("files");
        std::fs::create_dir_all(&folder).expect("a directory for files");
        folder.join(name)
    }

    /// Writes a file of the test's own and answers its path as text.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).expect("writing a file");
        path.to_string_lossy().into_owned()
    }

    /// A hull command for this engine, not yet started.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(binary());
        command
            .env("HULL_ROOT", self.root())
            .env("HULL_RUN", self.run_root());
        command.args(arguments).stdin(Stdio::null());
        command
    }

    /// Runs hull to its end.
    #[track_caller]
    pub fn hull<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Done {
        finish(&mut self.command(arguments))
    }

    /// Runs hull with a command line split at spaces.
    #[track_caller]
    pub fn sh(&self, line: &str) -> Done {
        self.hull(line.split_whitespace())
    }

    /// Runs hull with `input` on its stdin.
    #[track_caller]
    pub fn feed<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
        input: &[u8],
    ) -> Done {
        let mut command = self.command(arguments);
        let line = shown(&command);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("starting hull");
        let mut pipe = child.stdin.take().expect("a pipe");
        let output = std::thread::scope(|scope| {
            scope.spawn(move || std::io::Write::write_all(&mut pipe, input).ok());
            child.wait_with_output().expect("waiting for hull")
        });
        Done::new(line, &output)
    }

    /// Starts hull in the background, its output kept in pipes.
    #[track_caller]
    pub fn spawn<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Child {
        let mut command = self.command(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().expect("starting hull")
    }

    /// `hull inspect` of one container, as JSON.
    #[track_caller]
    pub fn inspect(&self, container: &str) -> Value {
        let text = self.hull(["container", "inspect", container]).ok();
        let mut all: Value = serde_json::from_str(&text).expect("JSON from inspect");
        all[0].take()
    }

    /// The pid of a container's first process.
    #[track_caller]
    pub fn pid(&self, container: &str) -> i32 {
        let pid = self.inspect(container)["State"]["Pid"]
            .as_i64()
            .expect("State.Pid");
        i32::try_from(pid).expect("a pid")
    }

    /// `State.Status` of a container.
    #[track_caller]
    pub fn state(&self, container: &str) -> String {
        self.inspect(container)["State"]["Status"]
            .as_str()
            .expect("State.Status")
            .to_owned()
    }

    /// `hull logs` of a container.
    #[track_caller]
    pub fn logs(&self, container: &str) -> String {
        self.hull(["logs", container]).ok()
    }

    /// Do not look for leaks when this engine is dropped (a test that leaves something on purpose).
    pub fn tolerate_leaks(&mut self) {
        self.check_leaks = false;
    }

    /// Ids of every container this engine ever had, from its journal and its rows.
    pub fn ids(&self) -> BTreeSet<String> {
        let mut text = self.hull(["ps", "-aq", "--no-trunc"]).out;
        let journal = std::fs::read_to_string(self.run_root().join("journal.jsonl"));
        text.push_str(&journal.unwrap_or_default());
        text.split(|c: char| !c.is_ascii_hexdigit())
            .filter(|word| word.len() == 64)
            .map(str::to_owned)
            .collect()
    }

    /// What there is to see of this engine now.
    pub fn traces(&self) -> Leaks {
        Leaks::of(&self.root(), &self.run_root(), &self.ids())
    }

    /// Removes every container by force.
    fn clear(&self) {
        let names = self.hull(["ps", "-aq", "--no-trunc"]).out;
        if !names.trim().is_empty() {
            let arguments = ["rm", "-f"].into_iter().chain(names.split_whitespace());
            let done = self.hull(arguments);
            if done.code != 0 {
                println!("cannot clear the engine:\n{done}");
            }
        }
    }
}

impl Drop for Env {
    fn drop(&mut self) {
        let ids = self.ids();
        self.clear();
        let (root, run) = (self.root(), self.run_root());
        let look = || Leaks::of(&root, &run, &ids);
        let clean = within(Duration::from_secs(5), || look().none().then_some(()));
        if clean.is_some() {
            return;
        }
        let left = look();
        sweep(&left);
        if self.check_leaks && !std::thread::panicking() {
            panic!("left behind: {left:#?}");
        }
    }
}

/// Ends and removes what was left behind, so that the machine stays clean for others.
fn sweep(left: &Leaks) {
    for (pid, _) in &left.processes {
        Command::new("kill")
            .args(["-9", &pid.to_string()])
            .status()
            .ok();
    }
    for group in &left.cgroups {
        let inside = std::fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
        for pid in inside.lines() {
            Command::new("kill").args(["-9", pid]).status().ok();
        }
        within(Duration::from_secs(1), || std::fs::remove_dir(group).ok());
    }
    for line in left.mounts.iter().rev() {
        if let Some(place) = line.split(' ').nth(4) {
            Command::new("umount").args(["-l", place]).status().ok();
        }
    }
}

/// Runs a command to its end.
#[track_caller]
pub fn finish(command: &mut Command) -> Done {
    let line = shown(command);
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("cannot start {line}: {error}"));
    Done::new(line, &output)
}

/// A command line as people type it.
fn shown(command: &Command) -> String {
    let mut words = vec!["hull".to_owned()];
    words.extend(
        command
            .get_args()
            .map(|word| word.to_string_lossy().into_owned()),
    );
    words.join(" ")
}

/// The binary under test: `HULL_BIN`, or one built now.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(given) = std::env::var_os("HULL_BIN") {
            return PathBuf::from(given);
        }
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo)
            .args(["build", "--quiet", "--package", "hull-cli"])
            .current_dir(&workspace)
            .status()
            .expect("starting cargo");
        assert!(built.success(), "hull does not build");
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| workspace.join("target"), PathBuf::from);
        target.join("x86_64-unknown-linux-gnu/debug/hull")
    })
}
