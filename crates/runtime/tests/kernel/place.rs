//! A bundle of its own for each test, and running it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::Path;

use hull_oci::runtime_spec::{
    Capabilities, Linux, Mount, Namespace, NamespaceType, Process, Root, Spec, User,
};
use hull_runtime::cgroup::{Cgroup, Location};
use hull_runtime::{Bundle, Create, Error, Host, Running, Stdio};
use hull_sys::pidfd::{self, Exit};
use tempfile::TempDir;

/// A bundle with this executable as its only program.
pub(crate) struct Place {
    pub(crate) dir: TempDir,
    pub(crate) id: String,
    pub(crate) host: Host,
    pub(crate) bundle: Bundle,
}

/// What a finished container showed.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) exit: Exit,
    pub(crate) parts: BTreeMap<String, String>,
}

impl Shown {
    /// What the probe printed under a heading.
    pub(crate) fn part(&self, name: &str) -> &str {
        self.parts
            .get(name)
            .unwrap_or_else(|| panic!("no [{name}] in {self:?}"))
    }

    /// The value of a `Name:\tvalue` line under a heading.
    pub(crate) fn field(&self, part: &str, name: &str) -> &str {
        let lines = self.part(part).lines();
        let mut found = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        found
            .next()
            .unwrap_or_else(|| panic!("no {name} in {self:?}"))
            .trim()
    }
}

/// A test that fails halfway leaves no process and no cgroup.
impl Drop for Place {
    fn drop(&mut self) {
        if let Ok(location) = Location::of("", &self.id, false) {
            let cgroup = Cgroup::open(&self.host.cgroup, &location);
            if cgroup.exists() {
                drop(cgroup.kill_all(9));
                drop(cgroup.remove());
            }
        }
    }
}

pub(crate) fn mount(destination: &str, kind: &str, options: &[&str]) -> Mount {
    Mount {
        destination: destination.to_owned(),
        kind: kind.to_owned(),
        source: kind.to_owned(),
        options: options.iter().map(ToString::to_string).collect(),
        ..Mount::default()
    }
}

pub(crate) fn bind(source: &Path, destination: &str, options: &[&str]) -> Mount {
    Mount {
        source: source.display().to_string(),
        ..mount(destination, "bind", options)
    }
}

fn spec() -> Spec {
    use NamespaceType::{Cgroup, Ipc, Mount, Network, Pid, Uts};
    let namespace = |kind| Namespace {
        kind,
        path: String::new(),
    };
    let names = vec!["CAP_CHOWN".to_owned(), "CAP_KILL".to_owned()];
    let safe = &["nosuid", "noexec", "nodev"];
    Spec {
        oci_version: "1.2.1".to_owned(),
        root: Some(Root {
            path: "rootfs".to_owned(),
            readonly: false,
        }),
        hostname: "inside".to_owned(),
        process: Some(Process {
            cwd: "/".to_owned(),
            user: User::default(),
            capabilities: Some(Capabilities {
                bounding: names.clone(),
                effective: names.clone(),
                permitted: names,
                ..Capabilities::default()
            }),
            ..Process::default()
        }),
        mounts: vec![
            mount("/proc", "proc", safe),
            mount(
                "/dev",
                "tmpfs",
                &["nosuid", "strictatime", "mode=755", "size=65536k"],
            ),
            mount(
                "/dev/pts",
                "devpts",
                &[
                    "nosuid",
                    "noexec",
                    "newinstance",
                    "ptmxmode=0666",
                    "mode=0620",
                ],
            ),
            mount(
                "/dev/shm",
                "tmpfs",
                &["nosuid", "noexec", "nodev", "mode=1777"],
            ),
            mount("/dev/mqueue", "mqueue", safe),
            mount("/sys", "sysfs", &["nosuid", "noexec", "nodev", "ro"]),
        ],
        linux: Some(Linux {
            namespaces: [Pid, Network, Ipc, Uts, Mount, Cgroup]
                .map(namespace)
                .to_vec(),
            ..Linux::default()
        }),
        ..Spec::default()
    }
}

impl Place {
    pub(crate) fn new(name: &str) -> Self {
        let dir = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let root = dir.path().join("rootfs");
        for one in ["proc", "dev", "sys", "etc", "tmp"] {
            fs::create_dir_all(root.join(one)).unwrap();
        }
        let own = std::env::current_exe().unwrap();
        fs::hard_link(&own, root.join("probe"))
            .or_else(|_| fs::copy(&own, root.join("probe")).map(drop))
            .unwrap();
        Self {
            bundle: Bundle {
                dir: fs::canonicalize(dir.path()).unwrap(),
                spec: spec(),
            },
            id: format!("hull-test-{}-{name}", std::process::id()),
            host: Host::detect().unwrap(),
            dir,
        }
    }

    pub(crate) fn root(&self) -> std::path::PathBuf {
        self.dir.path().join("rootfs")
    }

    pub(crate) fn linux(&mut self) -> &mut Linux {
        self.bundle.spec.linux.as_mut().unwrap()
    }

    pub(crate) fn process(&mut self) -> &mut Process {
        self.bundle.spec.process.as_mut().unwrap()
    }

    /// Makes the probe do `words`.
    pub(crate) fn does(&mut self, words: &[&str]) {
        let own = ["/probe", "probe"];
        self.process().args = own.iter().chain(words).map(ToString::to_string).collect();
    }

    pub(crate) fn wish(&self, stdio: Stdio) -> Create<'_> {
        Create {
            id: &self.id,
            bundle: &self.bundle,
            host: &self.host,
            rootfs_mounts: &[],
            stdio,
            preserve_fds: 0,
            systemd_cgroup: false,
            pivot: true,
            filter_cache: None,
        }
    }

    /// Runs `words` to their end.
    pub(crate) fn show(&mut self, words: &[&str]) -> Shown {
        self.try_show(words)
            .unwrap_or_else(|error| panic!("{}", text(&error)))
    }

    pub(crate) fn try_show(&mut self, words: &[&str]) -> Result<Shown, Error> {
        self.does(words);
        let (stdio, reader) = piped();
        let running = hull_runtime::run(self.wish(stdio))?;
        Ok(finish(running, reader))
    }
}

/// Standard input from nowhere, output and errors into a pipe.
pub(crate) fn piped() -> (Stdio, std::io::PipeReader) {
    let (reader, writer) = std::io::pipe().unwrap();
    let stdio = Stdio::Fds {
        stdin: OwnedFd::from(fs::File::open("/dev/null").unwrap()),
        stderr: OwnedFd::from(writer.try_clone().unwrap()),
        stdout: OwnedFd::from(writer),
    };
    (stdio, reader)
}

/// Reads all a container says, takes its exit and removes its cgroups.
pub(crate) fn finish(running: Running, mut reader: impl Read) -> Shown {
    let mut said = String::new();
    // A terminal ends with an error once nobody has its other side.
    drop(reader.read_to_string(&mut said));
    let exit = end(&running);
    if let Some(cgroup) = &running.cgroup {
        cgroup.remove().unwrap();
    }
    let mut parts = BTreeMap::new();
    for part in said.replace('\r', "").split('\u{2}').skip(1) {
        let (name, text) = part.split_once("\u{3}\n").unwrap_or((part, ""));
        parts.insert(name.to_owned(), text.trim_end().to_owned());
    }
    Shown { exit, parts }
}

/// Waits for a process and takes its exit.
pub(crate) fn end(running: &Running) -> Exit {
    pidfd::wait_gone(&running.pidfd, None).unwrap();
    pidfd::try_wait(&running.pidfd).unwrap().unwrap()
}

/// An error with its causes, on one line.
pub(crate) fn text(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(one) = cause {
        text.push_str(&format!(": {one}"));
        cause = one.source();
    }
    text
}
