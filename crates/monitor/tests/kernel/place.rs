//! A place for one container: bundle, run directory, data directory, and their removal.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hull_monitor::client::Streams;
use hull_monitor::exec::Exec;
use hull_monitor::launch::{How, Launched, launch, write};
use hull_monitor::protocol::{
    ContainerTask, ExitRecord, Launch, LogPlan, RestartPlan, RestartPolicy, Size, Task, VERSION,
};
use hull_monitor::{Error, exit, facts};

/// A container about to be started.
pub(crate) struct Place {
    dir: tempfile::TempDir,
    pub(crate) launch: Launch,
}

/// Everything attached.
pub(crate) const ALL: Streams = Streams {
    stdin: true,
    stdout: true,
    stderr: true,
    lossless: true,
};

impl Place {
    /// A container that runs `args`, made by `runtime` (hull's own when `None`).
    pub(crate) fn new(runtime: Option<&str>, args: &[&str]) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("hull-monitor-")
            .tempdir()
            .unwrap();
        let id = dir.path().file_name().unwrap().to_str().unwrap().to_owned();
        for sub in [
            "run",
            "data",
            "rootfs/bin",
            "rootfs/proc",
            "rootfs/dev",
            "rootfs/sys",
        ] {
            fs::create_dir_all(dir.path().join(sub)).unwrap();
        }
        fs::copy("/bin/busybox", dir.path().join("rootfs/bin/busybox")).unwrap();
        for tool in [
            "sh", "cat", "true", "sleep", "echo", "yes", "head", "stty", "kill", "dd",
        ] {
            std::os::unix::fs::symlink("busybox", dir.path().join("rootfs/bin").join(tool))
                .unwrap();
        }
        let data = dir.path().join("data");
        let task = ContainerTask {
            bundle: dir.path().join("run"),
            rootfs_mounts: Vec::new(),
            oci_runtime: runtime.map(PathBuf::from),
            systemd_cgroup: false,
            restart: RestartPlan::default(),
            stop_signal: None,
        };
        let launch = Launch {
            version: VERSION,
            id,
            task: Task::Container(Box::new(task)),
            tty: false,
            open_stdin: false,
            stdin_once: false,
            size: None,
            log: LogPlan::JsonFile {
                path: data.join("log"),
                max_size: None,
                max_file: 1,
                compress: false,
                attrs: Default::default(),
            },
            exit_record: data.join("exit.json"),
            hull: None,
            state_dir: dir.path().join("run"),
            filter_cache: None,
            ephemeral: false,
        };
        let place = Self { dir, launch };
        place.write_config(args, false);
        place
    }

    fn write_config(&self, args: &[&str], terminal: bool) {
        let config = serde_json::json!({
            "ociVersion": "1.0.2",
            "process": {
                "terminal": terminal, "user": {"uid": 0, "gid": 0}, "args": args, "cwd": "/",
                "env": ["PATH=/bin"],
                "capabilities": {"bounding": ["CAP_KILL"], "effective": ["CAP_KILL"], "permitted": ["CAP_KILL"]},
            },
            "root": {"path": self.dir.path().join("rootfs"), "readonly": false},
            "hostname": "test",
            "mounts": [
                {"destination": "/proc", "type": "proc", "source": "proc"},
                {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
                {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
                 "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]},
            ],
            "linux": {
                "cgroupsPath": format!("/hull-test/{}", self.launch.id),
                "namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"}, {"type": "network"}],
                "resources": {"memory": {"limit": 33_554_432}},
            },
        });
        fs::write(self.run_dir().join("config.json"), config.to_string()).unwrap();
    }

    /// With a terminal.
    pub(crate) fn with_terminal(mut self, args: &[&str]) -> Self {
        self.launch.tty = true;
        self.launch.open_stdin = true;
        self.launch.size = Some(Size {
            rows: 24,
            columns: 80,
        });
        self.write_config(args, true);
        self
    }

    /// With a standard input that the first client ends.
    pub(crate) fn with_input(mut self) -> Self {
        self.launch.open_stdin = true;
        self.launch.stdin_once = true;
        self
    }

    /// With a restart policy.
    pub(crate) fn with_restart(mut self, policy: RestartPolicy) -> Self {
        if let Task::Container(task) = &mut self.launch.task {
            task.restart.policy = policy;
        }
        self
    }

    /// On an overlay that is not synced when it is unmounted.
    pub(crate) fn with_overlay(mut self) -> Self {
        let base = self.dir.path().to_owned();
        fs::rename(base.join("rootfs"), base.join("lower")).unwrap();
        for sub in ["rootfs", "upper", "work"] {
            fs::create_dir(base.join(sub)).unwrap();
        }
        let part = |name: &str, dir: &str| format!("{name}={}", base.join(dir).display());
        let options = [
            part("lowerdir", "lower"),
            part("upperdir", "upper"),
            part("workdir", "work"),
        ];
        let mount = serde_json::json!({
            "destination": "/", "type": "overlay", "source": "overlay",
            "options": [&options[0], &options[1], &options[2], "volatile"],
        });
        if let Task::Container(task) = &mut self.launch.task {
            task.rootfs_mounts = vec![serde_json::from_value(mount).unwrap()];
        }
        self
    }

    pub(crate) fn run_dir(&self) -> PathBuf {
        self.dir.path().join("run")
    }

    pub(crate) fn rootfs(&self) -> PathBuf {
        self.dir.path().join("rootfs")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Starts it.
    pub(crate) fn launch(&self, attach: Option<Streams>) -> Result<Launched, Error> {
        self.launch_with(attach, &[])
    }

    /// Starts it with an environment for the monitor.
    pub(crate) fn launch_with(
        &self,
        attach: Option<Streams>,
        environment: &[(&str, &str)],
    ) -> Result<Launched, Error> {
        write(&self.run_dir(), &self.launch).unwrap();
        let mut all = vec![(
            "PATH".to_owned(),
            "/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
        )];
        all.extend(
            environment
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned())),
        );
        let program = std::env::current_exe().unwrap();
        launch(
            &self.run_dir(),
            &How {
                program: &program,
                attach,
                environment: &all,
            },
        )
    }

    /// Starts a further process in it.
    pub(crate) fn exec(&self, exec: Exec, attach: Option<Streams>) -> Result<Launched, Error> {
        let environment = [(
            "PATH".to_owned(),
            "/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
        )];
        let program = std::env::current_exe().unwrap();
        let how = How {
            program: &program,
            attach,
            environment: &environment,
        };
        hull_monitor::exec::launch(&self.run_dir(), exec, &how)
    }

    /// The exit record once its monitor is gone.
    pub(crate) fn exit(&self) -> ExitRecord {
        until("the monitor's end", || {
            !facts::lock_held(&self.run_dir()).unwrap()
        });
        exit::read(&self.launch.exit_record)
            .unwrap()
            .expect("an exit record")
    }

    /// The log's lines, as text.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.data().join("log")).unwrap_or_default()
    }

    /// Every cgroup of the container that exists.
    pub(crate) fn cgroups(&self) -> Vec<PathBuf> {
        let controllers = fs::read_dir("/sys/fs/cgroup").unwrap().flatten();
        let own = |entry: fs::DirEntry| entry.path().join("hull-test").join(&self.launch.id);
        let mut all: Vec<_> = controllers.map(own).collect();
        all.push(Path::new("/sys/fs/cgroup/hull-test").join(&self.launch.id));
        all.retain(|path| path.exists());
        all
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Ok(Some(state)) = facts::state(&self.run_dir()) {
            let ours = facts::alive(state.pid, state.start_time);
            if let Some(pidfd) = ours
                .then(|| hull_sys::pidfd::open(state.pid).ok())
                .flatten()
            {
                hull_sys::pidfd::signal(&pidfd, 9).ok();
            }
        }
        until("the monitor's end", || {
            !facts::lock_held(&self.run_dir()).unwrap()
        });
        for group in self.cgroups() {
            fs::remove_dir(group).ok();
        }
    }
}

/// Waits until `done`, at most ten seconds.
pub(crate) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !done() {
        assert!(Instant::now() < end, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(5));
    }
}
