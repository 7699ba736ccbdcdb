//! The engines that are timed, and the same wish in the words of each.
//!
//! Invariant: a method answers command lines and starts nothing; an engine that is not there is left
//! out by name, with the reason.
#![expect(
    clippy::indexing_slicing,
    reason = "indexing a JSON value answers null"
)]

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::workspace::{output, read, which};

/// Which language an engine speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speech {
    /// docker's command line.
    Docker,
    /// runc's command line, on a bundle.
    Runc,
}

/// One engine.
pub(super) struct Engine {
    /// Its name in the tables.
    pub(super) name: &'static str,
    /// What comes before the verb.
    prefix: Vec<String>,
    /// Its language.
    pub(super) speech: Speech,
    /// Whether it must not see the cgroup v2 hierarchy beside v1 (crun refuses both at once).
    pub(super) v1_only: bool,
    /// Names of its processes that stay while containers run.
    pub(super) processes: &'static [&'static str],
    bundles: PathBuf,
}

impl Engine {
    fn line(&self, words: &[&str]) -> Vec<String> {
        self.prefix
            .iter()
            .cloned()
            .chain(words.iter().map(|word| (*word).to_owned()))
            .collect()
    }

    fn bundle(&self, name: &str) -> String {
        self.bundles.join(name).to_string_lossy().into_owned()
    }

    /// Runs `true` and removes the container; `turn` makes a name.
    pub(super) fn run(&self, turn: usize) -> Vec<String> {
        match self.speech {
            Speech::Docker => self.line(&["run", "--rm", "--network", "none", "busybox", "true"]),
            Speech::Runc => self.line(&[
                "run",
                "--bundle",
                &self.bundle("true"),
                &format!("hull-bench-{turn}"),
            ]),
        }
    }

    /// Starts a container that sleeps.
    pub(super) fn sleeper(&self, name: &str) -> Vec<String> {
        match self.speech {
            Speech::Docker => self.line(&[
                "run",
                "-d",
                "--name",
                name,
                "--network",
                "none",
                "busybox",
                "sleep",
                "1000",
            ]),
            Speech::Runc => {
                self.line(&["run", "--detach", "--bundle", &self.bundle("sleep"), name])
            }
        }
    }

    /// Makes a container and does not start it.
    pub(super) fn created(&self) -> Vec<String> {
        self.line(&["create", "--network", "none", "busybox", "true"])
    }

    /// Runs `true` in a running container.
    pub(super) fn exec(&self, name: &str) -> Vec<String> {
        self.line(&["exec", name, "true"])
    }

    /// Removes containers by force: one command where the engine can, else one each.
    pub(super) fn remove(&self, names: &[String]) -> Vec<Vec<String>> {
        match self.speech {
            Speech::Runc => names
                .iter()
                .map(|name| self.line(&["delete", "--force", name]))
                .collect(),
            Speech::Docker => {
                let mut line = self.line(&["rm", "-f"]);
                if self.name == "podman" {
                    line.extend(["-t".to_owned(), "0".to_owned()]);
                }
                line.extend(names.iter().cloned());
                vec![line]
            }
        }
    }

    /// Lists all containers.
    pub(super) fn list(&self) -> Vec<String> {
        self.line(&["ps", "-a"])
    }

    /// Loads an archive.
    pub(super) fn load(&self, archive: &Path) -> Vec<String> {
        self.line(&["load", "-q", "-i", &archive.to_string_lossy()])
    }

    /// Saves an image.
    pub(super) fn save(&self, image: &str, archive: &Path) -> Vec<String> {
        self.line(&["save", "-o", &archive.to_string_lossy(), image])
    }

    /// Removes an image.
    pub(super) fn forget(&self, image: &str) -> Vec<String> {
        self.line(&["rmi", "-f", image])
    }
}

/// Where things lie while a bench runs.
pub(super) struct Ground {
    /// Scratch on the disk.
    pub(super) disk: PathBuf,
    /// Scratch in memory, as `/run` is on a real machine.
    pub(super) memory: PathBuf,
    /// The binary under test.
    pub(super) hull: PathBuf,
}

/// The command lines of peers, when they are not plain `docker` and `podman`.
pub(super) struct Given {
    /// `--docker WORDS`.
    pub(super) docker: Option<String>,
    /// `--podman WORDS`.
    pub(super) podman: Option<String>,
}

/// Every engine that is there; the others are named with a reason.
pub(super) fn find(ground: &Ground, given: &Given) -> (Vec<Engine>, Vec<String>) {
    let bundles = ground.disk.join("bundles");
    let words = |text: &str| {
        text.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let path = |path: &Path| path.to_string_lossy().into_owned();
    let hull = path(&ground.hull);
    let mut engines = vec![
        Engine {
            name: "hull",
            prefix: vec![
                hull.clone(),
                "--root".into(),
                path(&ground.disk.join("root")),
                "--run-root".into(),
                path(&ground.memory.join("run")),
            ],
            speech: Speech::Docker,
            v1_only: false,
            processes: &["hull"],
            bundles: bundles.clone(),
        },
        Engine {
            name: "hull oci",
            prefix: vec![
                hull,
                "oci".into(),
                "--root".into(),
                path(&ground.memory.join("oci")),
            ],
            speech: Speech::Runc,
            v1_only: false,
            processes: &[],
            bundles: bundles.clone(),
        },
    ];
    let mut absent = Vec::new();
    for (name, v1_only) in [("crun", true), ("runc", false)] {
        match which(name) {
            None => absent.push(format!("{name}: not installed")),
            Some(program) => engines.push(Engine {
                name,
                prefix: vec![
                    path(&program),
                    "--root".into(),
                    path(&ground.memory.join(name)),
                ],
                speech: Speech::Runc,
                v1_only,
                processes: &[],
                bundles: bundles.clone(),
            }),
        }
    }
    for (name, given, processes) in [
        ("podman", &given.podman, &["conmon"][..]),
        (
            "docker",
            &given.docker,
            &["dockerd", "containerd", "containerd-shim"][..],
        ),
    ] {
        let prefix = given
            .as_deref()
            .map_or_else(|| vec![name.to_owned()], words);
        match answers(&prefix) {
            Err(why) => absent.push(format!("{name}: {why}")),
            Ok(()) => engines.push(Engine {
                name,
                prefix,
                speech: Speech::Docker,
                v1_only: false,
                processes,
                bundles: bundles.clone(),
            }),
        }
    }
    (engines, absent)
}

/// Whether an engine answers at all.
fn answers(prefix: &[String]) -> Result<(), String> {
    let (program, rest) = prefix.split_first().ok_or("no command line")?;
    let mut command = std::process::Command::new(program);
    output(command.args(rest).args(["ps", "-q"])).map(|_| ())
}

/// Makes the bundles `true` and `sleep` for engines on runc's command line, from the first of them
/// that writes a specification.
pub(super) fn make_bundles(ground: &Ground) -> Result<(), String> {
    let rootfs = ground.disk.join("rootfs");
    let io = |error: std::io::Error| format!("cannot make a bundle: {error}");
    for folder in ["bin", "proc", "dev", "sys", "etc", "tmp"] {
        std::fs::create_dir_all(rootfs.join(folder)).map_err(io)?;
    }
    let busybox = which("busybox").ok_or("there is no busybox here")?;
    std::fs::copy(&busybox, rootfs.join("bin/busybox")).map_err(io)?;
    for applet in ["true", "sleep", "sh"] {
        std::os::unix::fs::symlink("busybox", rootfs.join("bin").join(applet)).map_err(io)?;
    }
    for (name, arguments) in [("true", vec!["true"]), ("sleep", vec!["sleep", "1000"])] {
        let bundle = ground.disk.join("bundles").join(name);
        std::fs::create_dir_all(&bundle).map_err(io)?;
        specification(ground, &bundle)?;
        let path = bundle.join("config.json");
        let mut spec: Value =
            serde_json::from_str(&read(&path)?).map_err(|error| error.to_string())?;
        spec["process"]["args"] = json!(arguments);
        spec["process"]["terminal"] = json!(false);
        // Raising limits needs a capability that this machine may lack; every engine goes without.
        spec["process"]["rlimits"] = json!([]);
        spec["root"] = json!({"path": rootfs, "readonly": false});
        std::fs::write(&path, spec.to_string()).map_err(io)?;
    }
    Ok(())
}

/// Has a runtime write its default `config.json` into `bundle`.
fn specification(ground: &Ground, bundle: &Path) -> Result<(), String> {
    for runtime in ["runc", "crun"] {
        if let Some(program) = which(runtime) {
            let mut command = std::process::Command::new(program);
            return output(command.arg("spec").current_dir(bundle)).map(|_| ());
        }
    }
    let mut command = std::process::Command::new(&ground.hull);
    output(command.args(["oci", "spec"]).current_dir(bundle)).map(|_| ())
}
