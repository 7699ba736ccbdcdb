//! The workspace as files and as commands: where it is, what is in it, how to run a program in it.
//!
//! Leaves to each task what the files mean. Invariant: paths shown to people are relative to the
//! root.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The root directory of the workspace.
pub(crate) struct Workspace {
    /// Absolute path of the directory that holds the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
}

impl Workspace {
    /// The workspace this tool was built from.
    pub(crate) fn find() -> Result<Self, String> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = here.parent().ok_or("cannot find the workspace's root")?;
        Ok(Self {
            root: root.to_owned(),
        })
    }

    /// `path` under the root.
    pub(crate) fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path)
    }

    /// `path` as people read it.
    pub(crate) fn relative<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.root).unwrap_or(path)
    }

    /// The directory cargo builds into, for the target that `.cargo/config.toml` names.
    pub(crate) fn built(&self) -> PathBuf {
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(dir) => PathBuf::from(dir),
            None => self.at("target"),
        };
        target.join("x86_64-unknown-linux-gnu")
    }

    /// A `cargo` command started in the root.
    pub(crate) fn cargo<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = self.command("cargo");
        command.args(arguments);
        command
    }

    /// A command started in the root.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    /// Every file with one of these endings, sorted; build output and version control left out.
    pub(crate) fn files(&self, extensions: &[&str]) -> Result<Vec<PathBuf>, String> {
        let mut found = Vec::new();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            let entries = std::fs::read_dir(&folder)
                .map_err(|error| format!("cannot list {}: {error}", folder.display()))?;
            for entry in entries {
                let entry = entry.map_err(|error| format!("{}: {error}", folder.display()))?;
                let path = entry.path();
                let name = entry.file_name();
                let kind = entry.file_type().map_err(|error| error.to_string())?;
                if kind.is_dir() {
                    if name != "target" && name != ".git" {
                        folders.push(path);
                    }
                } else if path
                    .extension()
                    .and_then(OsStr::to_str)
                    .is_some_and(|extension| extensions.contains(&extension))
                {
                    found.push(path);
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

/// The text of a file, or a line that names it.
pub(crate) fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// Runs `command`, its output shown; fails with its name and how it ended.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name} ended with {status}")),
        Err(error) => Err(format!("cannot start {name}: {error}")),
    }
}

/// What `command` prints on stdout; fails with what it printed on stderr.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let done = command
        .output()
        .map_err(|error| format!("cannot start {name}: {error}"))?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    Err(format!(
        "{name} ended with {}: {}",
        done.status,
        said.trim()
    ))
}

/// The path of a program on `PATH`.
pub(crate) fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}
