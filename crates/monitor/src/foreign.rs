//! Containers made by an OCI runtime installed on the host: runc, crun, runsc …
//!
//! The runtime is run as its command line demands (`create`, `start`, `exec`, `delete`); the process it
//! leaves behind becomes this monitor's child, which adopts orphans. Invariant: the root file system is
//! mounted in a mount namespace of the monitor's own, so nothing stays mounted when it dies.

use std::ffi::{CString, OsStr, OsString};
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio as Childs};
use std::time::Duration;

use hull_oci::runtime_spec::Mount;
use hull_runtime::cgroup::CgroupMode;
use hull_runtime::{Bundle, Stdio};
use hull_sys::{daemon, fd, mount, namespace, poll, signal};

use crate::error::{Error, call, file};
use crate::protocol::{ContainerTask, ExecTask, Launch};

/// How long a runtime may take to hand over a terminal's master once it has returned.
const CONSOLE: Duration = Duration::from_secs(5);

/// What a runtime left behind: itself, the first process' pid, and the master of its terminal.
pub(crate) type Started = (Foreign, i32, Option<OwnedFd>);

/// A container a foreign runtime knows of.
#[derive(Debug)]
pub(crate) struct Foreign {
    program: PathBuf,
    /// Its `--root`: a directory of this container's own.
    root: PathBuf,
    systemd: bool,
    id: String,
    /// Where the monitor was before it mounted the root file system.
    host_mounts: Option<OwnedFd>,
    /// A further process in the container, whose end is not the container's.
    is_session: bool,
}

impl Foreign {
    fn of(launch: &Launch, task: &ContainerTask) -> Self {
        Self {
            program: task.oci_runtime.clone().unwrap_or_default(),
            root: launch.state_dir.join("oci-runtime"),
            systemd: task.systemd_cgroup,
            id: launch.id.clone(),
            host_mounts: None,
            is_session: false,
        }
    }

    /// Creates and starts the container.
    pub(crate) fn start(
        launch: &Launch,
        task: &ContainerTask,
        run_dir: &Path,
        stdio: Stdio,
    ) -> Result<Started, Error> {
        let mut foreign = Self::of(launch, task);
        let bundle = Bundle::load(&task.bundle)?;
        foreign.host_mounts = Some(prepare()?);
        mount_rootfs(&bundle.rootfs(), &task.rootfs_mounts)?;
        let pid_file = run_dir.join("oci-runtime.pid");
        let console = Console::of(&stdio, run_dir)?;
        let mut arguments: Vec<&OsStr> = vec!["--bundle".as_ref(), task.bundle.as_os_str()];
        arguments.extend(["--pid-file".as_ref(), pid_file.as_os_str()]);
        arguments.extend(console.arguments());
        let id = OsString::from(&foreign.id);
        arguments.push(&id);
        foreign.call("create", &arguments, stdio)?;
        let started = console.receive().and_then(|master| {
            let pid = read_pid(&pid_file)?;
            foreign.call("start", &[&id], Stdio::Inherit)?;
            Ok((pid, master))
        });
        match started {
            Ok((pid, master)) => Ok((foreign, pid, master)),
            Err(error) => {
                foreign.delete();
                Err(error)
            }
        }
    }

    /// Starts a further process in such a container.
    pub(crate) fn exec(
        (launch, task): (&Launch, &ContainerTask),
        exec: &ExecTask,
        run_dir: &Path,
        stdio: Stdio,
    ) -> Result<Started, Error> {
        let host_mounts = Some(prepare()?);
        let foreign = Self {
            host_mounts,
            is_session: true,
            ..Self::of(launch, task)
        };
        let process = run_dir.join("process.json");
        let document = |source| Error::Document {
            path: process.clone(),
            source,
        };
        let text = serde_json::to_vec(&exec.process).map_err(document)?;
        fs::write(&process, text).map_err(file("write", &process))?;
        let pid_file = run_dir.join("oci-runtime.pid");
        let console = Console::of(&stdio, run_dir)?;
        let mut arguments: Vec<&OsStr> = vec!["--detach".as_ref()];
        arguments.extend(["--process".as_ref(), process.as_os_str()]);
        arguments.extend(["--pid-file".as_ref(), pid_file.as_os_str()]);
        arguments.extend(console.arguments());
        let id = OsString::from(&foreign.id);
        arguments.push(&id);
        let called = foreign.call("exec", &arguments, stdio);
        fs::remove_file(&process).ok();
        called?;
        let master = console.receive()?;
        Ok((foreign, read_pid(&pid_file)?, master))
    }

    /// Forgets the container; one the runtime does not know is fine.
    pub(crate) fn delete(mut self) {
        let id = OsString::from(&self.id);
        if !self.is_session {
            // What it leaves behind is in the cgroups and the run directory, which go next.
            self.call("delete", &["--force".as_ref(), &id], Stdio::Inherit)
                .ok();
        }
        if let Some(host) = self.host_mounts.take() {
            namespace::enter(host.as_fd(), namespace::MOUNT).ok();
        }
        if !self.is_session {
            fs::remove_dir_all(&self.root).ok();
        }
    }

    /// Runs the runtime to its end. What it complains of is in its log, as the specification of its
    /// command line has it, because standard error is the container's.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where a foreign runtime is run"
    )]
    fn call(&self, verb: &'static str, arguments: &[&OsStr], stdio: Stdio) -> Result<(), Error> {
        fs::create_dir_all(&self.root).map_err(file("create", &self.root))?;
        let log = self.root.join(format!("{verb}.log"));
        let mut command = Command::new(&self.program);
        command.arg("--root").arg(&self.root).arg("--log").arg(&log);
        command.args(["--log-format", "json"]);
        if self.systemd {
            command.arg("--systemd-cgroup");
        }
        command.arg(verb).args(arguments);
        command
            .stdin(Childs::null())
            .stdout(Childs::null())
            .stderr(Childs::null());
        if let Stdio::Fds {
            stdin,
            stdout,
            stderr,
        } = stdio
        {
            command.stdin(stdin).stdout(stdout).stderr(stderr);
        }
        command.env_remove(hull_sys::memory::LEAN_ALLOCATOR.0);
        signal::reset_for(&mut command);
        let missing = |source| Error::RuntimeMissing {
            program: self.program.clone(),
            source,
        };
        let status = command.status().map_err(missing)?;
        if status.success() {
            return Ok(());
        }
        let text = last_complaint(&log).unwrap_or_else(|| status.to_string());
        Err(Error::ForeignRuntime {
            program: self.program.clone(),
            verb,
            text,
        })
    }
}

/// Where a runtime sends the master of a terminal.
struct Console(Option<(UnixListener, PathBuf)>);

impl Console {
    fn of(stdio: &Stdio, run_dir: &Path) -> Result<Self, Error> {
        if !matches!(stdio, Stdio::Terminal) {
            return Ok(Self(None));
        }
        let path = run_dir.join("console.sock");
        // Left behind by a previous life, or not there.
        fs::remove_file(&path).ok();
        let listener = UnixListener::bind(&path).map_err(file("listen at", &path))?;
        Ok(Self(Some((listener, path))))
    }

    fn arguments(&self) -> Vec<&OsStr> {
        let path = self.0.as_ref().map(|(_, path)| path.as_os_str());
        path.map(|path| vec![OsStr::new("--console-socket"), path])
            .unwrap_or_default()
    }

    fn receive(self) -> Result<Option<OwnedFd>, Error> {
        let Some((listener, path)) = self.0 else {
            return Ok(None);
        };
        let step = "receive the terminal from the OCI runtime";
        let late = || Error::Call {
            step,
            source: std::io::ErrorKind::TimedOut.into(),
        };
        if !poll::readable(listener.as_fd(), Some(CONSOLE)).map_err(call(step))? {
            return Err(late());
        }
        let (socket, _) = listener.accept().map_err(call(step))?;
        let (_, fds) = fd::receive(socket.as_fd(), &mut [0; 4096]).map_err(call(step))?;
        fs::remove_file(path).ok();
        fds.into_iter().next().map(Some).ok_or_else(late)
    }
}

fn read_pid(path: &Path) -> Result<i32, Error> {
    let text = fs::read_to_string(path).map_err(file("read", path))?;
    // In the way of nobody if it stays.
    fs::remove_file(path).ok();
    let bad = |_| Error::File {
        step: "understand",
        path: path.to_owned(),
        source: std::io::ErrorKind::InvalidData.into(),
    };
    text.trim().parse().map_err(bad)
}

/// The message of the last line of a runtime's JSON log.
fn last_complaint(log: &Path) -> Option<String> {
    let mut file = File::open(log).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(8192)))
        .ok()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let message = |line: &str| {
        let value: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(value.get("msg")?.as_str()?.trim().to_owned())
    };
    text.lines().rev().find_map(message)
}

/// Makes this process the parent of what the runtime leaves behind, and enters a mount namespace of its
/// own; gives the former one.
///
/// On a hybrid host the version 2 tree is taken out of it: crun refuses to work beside one that has
/// any controller, and the limits are version 1's there.
fn prepare() -> Result<OwnedFd, Error> {
    daemon::adopt_orphans().map_err(call("adopt orphans"))?;
    let step = "enter a mount namespace of the monitor's own";
    let former = File::open("/proc/self/ns/mnt").map_err(call(step))?;
    namespace::leave(namespace::MOUNT).map_err(call(step))?;
    mount::propagate(c"/", mount::flag::SLAVE | mount::flag::RECURSIVE).map_err(call(step))?;
    let mode = CgroupMode::detect()?;
    if let Some(unified) = mode.unified().filter(|_| !mode.is_v2()) {
        let path = CString::new(unified.as_os_str().as_bytes()).unwrap_or_default();
        mount::detach(&path).map_err(file("unmount", unified))?;
    }
    Ok(former.into())
}

/// Mounts the root file system at `target`, in the monitor's own mount namespace.
fn mount_rootfs(target: &Path, mounts: &[Mount]) -> Result<(), Error> {
    if mounts.is_empty() {
        return Ok(());
    }
    fs::create_dir_all(target).map_err(file("create", target))?;
    let step = file("mount the root file system at", target);
    mounts
        .iter()
        .try_for_each(|one| perform(target, one))
        .map_err(step)
}

fn perform(target: &Path, one: &Mount) -> std::io::Result<()> {
    let text = |text: &str| CString::new(text).map_err(std::io::Error::other);
    let kind = text(&one.kind)?;
    let source = text(if one.source.is_empty() {
        "none"
    } else {
        &one.source
    })?;
    let target = CString::new(target.as_os_str().as_bytes()).map_err(std::io::Error::other)?;
    let (mut flags, mut data) = (0, Vec::new());
    for option in &one.options {
        match option.as_str() {
            "ro" => flags |= mount::flag::READ_ONLY,
            "rw" => {}
            "bind" => flags |= mount::flag::BIND,
            "rbind" => flags |= mount::flag::BIND | mount::flag::RECURSIVE,
            other => data.push(other),
        }
    }
    let data = text(&data.join(","))?;
    mount::mount(&source, &target, &kind, flags, Some(data.as_c_str()))
}
