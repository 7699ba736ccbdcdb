//! A place for one test: roots of its own, an engine with busybox, and a look at what is left.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use hull_engine::container::create::CreateRequest;
use hull_engine::container::logs::LogsRequest;
use hull_engine::container::start::StartRequest;
use hull_engine::{Engine, Settings};
use hull_image::load::LoadSource;
use hull_model::container::config::ContainerConfig;
use hull_monitor::client::{Event, Session, Streams};
use hull_monitor::protocol::{ExitRecord, Stream};

/// Roots of one test, gone with it.
pub(crate) struct Place {
    dir: tempfile::TempDir,
    pub(crate) engine: Engine,
}

fn settings(root: PathBuf, run_root: PathBuf) -> Settings {
    Settings {
        root,
        run_root,
        hull: std::env::current_exe().unwrap(),
        version: "0",
        runtimes: std::collections::BTreeMap::new(),
        search_path: vec!["/usr/sbin".into(), "/usr/bin".into()],
        embedded: &[],
    }
}

/// `hull --root … system reap|note …`, as a monitor calls it.
pub(crate) fn called_back(root: &Path, run: &Path, verb: &str, rest: &[&str]) -> ExitCode {
    let engine = Engine::open(settings(root.to_owned(), run.to_owned())).unwrap();
    let done = match (verb, rest) {
        ("reap", [id]) => engine.system().reap(id),
        ("note", [id, what, rest @ ..]) => engine.system().note(id, what, rest.first().copied()),
        _ => panic!("{verb} {rest:?}"),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Shown with what is left, when something is.
            let text = hull_error::Report::new(&error).to_string();
            std::fs::write(run.join("failed"), text).unwrap();
            ExitCode::FAILURE
        }
    }
}

/// What a foreground run gave.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) exit: ExitRecord,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Everything a session brings, up to the exit.
pub(crate) fn drain(session: &mut Session) -> Ran {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = loop {
        match session.next_event().unwrap() {
            Event::Output(Stream::Stderr, bytes) => err.extend_from_slice(bytes),
            Event::Output(_, bytes) => out.extend_from_slice(bytes),
            Event::Exit(record) => break record,
            Event::Lost => panic!("the monitor was lost"),
            _ => {}
        }
    };
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran {
        exit,
        stdout: text(out),
        stderr: text(err),
    }
}

/// Reads output until `text` was written.
pub(crate) fn read_until(session: &mut Session, text: &str) {
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains(text) {
        match session.next_event().unwrap() {
            Event::Output(_, bytes) => seen.extend_from_slice(bytes),
            Event::Exit(_) | Event::Lost => panic!("it ended without {text}"),
            _ => {}
        }
    }
}

pub(crate) fn all_output() -> Option<Streams> {
    Some(Streams {
        stdin: false,
        stdout: true,
        stderr: true,
        lossless: true,
    })
}

/// The wish to run `line` in busybox's shell.
pub(crate) fn shell(line: &str) -> ContainerConfig {
    ContainerConfig {
        image: "busybox".into(),
        cmd: Some(vec!["sh".into(), "-c".into(), line.into()]),
        ..ContainerConfig::default()
    }
}

impl Place {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let engine =
            Engine::open(settings(dir.path().join("root"), dir.path().join("run"))).unwrap();
        let archive = hull_test::images::busybox();
        let source = LoadSource::File(std::fs::File::open(archive).unwrap(), "busybox".into());
        engine.images().load(source, None, &|_| {}).unwrap();
        Self { dir, engine }
    }

    /// A second engine on the same roots.
    pub(crate) fn another(&self) -> Engine {
        let (root, run) = (self.dir.path().join("root"), self.dir.path().join("run"));
        Engine::open(settings(root, run)).unwrap()
    }

    pub(crate) fn run(&self, config: ContainerConfig) -> Ran {
        let request = CreateRequest {
            config,
            ..CreateRequest::default()
        };
        let connect = StartRequest {
            attach: all_output(),
            console_size: None,
        };
        let containers = self.engine.containers();
        let mut started = containers.run(request, connect, &mut |_| {}).unwrap();
        let mut session = started.session.take().unwrap();
        let ran = drain(&mut session);
        containers.finish(&started.id, session).unwrap();
        ran
    }

    /// Runs in the background; its name is `name`.
    pub(crate) fn detached(&self, name: &str, config: ContainerConfig) -> String {
        let request = CreateRequest {
            config,
            name: Some(name.into()),
            ..CreateRequest::default()
        };
        let connect = StartRequest::default();
        let started = self
            .engine
            .containers()
            .run(request, connect, &mut |_| {})
            .unwrap();
        started.id.to_string()
    }

    pub(crate) fn status(&self, name: &str) -> String {
        let document = self.engine.containers().inspect(name, false).unwrap();
        document["State"]["Status"].as_str().unwrap().to_owned()
    }

    /// Names in a directory below the run root or, with `root/`, the data root.
    pub(crate) fn names(&self, dir: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.dir.path().join(dir));
        let mut names: Vec<String> = entries
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// A directory is empty, as soon as whoever removes its last entry has done so.
    pub(crate) fn wait_empty(&self, dir: &str) {
        let end = std::time::Instant::now() + std::time::Duration::from_secs(5);
        while !self.names(dir).is_empty() && std::time::Instant::now() < end {
            std::thread::yield_now();
        }
        assert_eq!(self.names(dir), [""; 0], "{dir}");
    }

    /// Nothing of a container is left, anywhere, as soon as its monitor and its reaper have gone.
    pub(crate) fn assert_clean(&self, ids: &[String]) {
        let end = std::time::Instant::now() + std::time::Duration::from_secs(5);
        let mut left = self.left(ids);
        while !left.is_empty() && std::time::Instant::now() < end {
            std::thread::yield_now();
            left = self.left(ids);
        }
        assert_eq!(left, [""; 0]);
    }

    fn left(&self, ids: &[String]) -> Vec<String> {
        let mut left = Vec::new();
        for dir in [
            "run/containers",
            "root/containers",
            "root/trash",
            "run/locks",
        ] {
            left.extend(
                self.names(dir)
                    .into_iter()
                    .map(|name| format!("{dir}/{name}")),
            );
        }
        let layers = self.names("root/snapshots");
        left.extend(layers.into_iter().filter(|name| ids.contains(name)));
        for id in ids {
            for controller in ["memory", "freezer", "pids", "unified", "cpu", "devices"] {
                let group = format!("/sys/fs/cgroup/{controller}/hull/{id}");
                left.extend(Path::new(&group).exists().then_some(group));
            }
        }
        left
    }

    /// Waits until the container `name` has written `text`.
    pub(crate) fn wait_for_output(&self, name: &str, text: &str) {
        let request = LogsRequest {
            follow: true,
            ..LogsRequest::default()
        };
        let mut logs = self.engine.containers().logs(name, request).unwrap();
        while let Some(line) = logs.next_line().unwrap() {
            if line.log.contains(text) {
                return;
            }
        }
        panic!("{name} ended without {text}");
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let request = hull_engine::container::list::ListRequest {
            all: true,
            ..hull_engine::container::list::ListRequest::default()
        };
        let force = hull_engine::container::remove::RemoveRequest {
            force: true,
            volumes: true,
        };
        for left in self.engine.containers().list(&request).unwrap_or_default() {
            self.engine
                .containers()
                .remove(left.id.as_str(), force)
                .ok();
        }
    }
}
