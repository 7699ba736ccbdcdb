//! Containers over time: two steps, hooks, further programs, removal.

use std::fs;
use std::os::fd::AsFd;
use std::path::Path;

use hull_oci::runtime_spec::{Hook, Hooks, Status};
use hull_runtime::lifecycle::{Container, Containers, Wish};
use hull_runtime::{Error, Exec};
use hull_sys::pidfd::Exit;

use super::place::{Place, end, finish, piped, text};

pub(crate) const CASES: &[crate::Case] = &[
    ("created_then_started", two_steps),
    (
        "a_program_that_is_missing_is_known_at_create",
        missing_program,
    ),
    ("hooks_run_in_order_with_the_state", hooks),
    ("a_hook_that_fails_or_hangs_undoes_all", bad_hooks),
    ("paused_and_resumed", paused),
    ("a_further_program_shares_everything", exec),
    ("processes_join_the_cgroup", cgroup),
    ("delete_ends_what_runs", deleted),
];

fn containers(place: &Place) -> Containers {
    Containers::at(place.dir.path().join("run"))
}

fn create(place: &Place) -> Result<(Container, hull_runtime::Running, std::io::PipeReader), Error> {
    let (stdio, reader) = piped();
    let wish = Wish {
        create: place.wish(stdio),
        created: "2026-01-01T00:00:00Z".to_owned(),
        owner: "root".to_owned(),
    };
    let (container, running) = containers(place).create(wish)?;
    Ok((container, running, reader))
}

fn two_steps() {
    let mut place = Place::new("steps");
    place.does(&["cat:/proc/self/status"]);
    let (container, running, reader) = create(&place).unwrap();
    assert_eq!(container.status(&place.host).unwrap(), Status::Created);
    assert!(matches!(create(&place), Err(Error::Exists { .. })));
    let found = containers(&place).find(&place.id).unwrap();
    assert_eq!(found.record, container.record);
    assert_eq!(found.spec().unwrap(), place.bundle.spec);
    found.start(&place.host).unwrap();
    let shown = finish(running, reader);
    assert_eq!(shown.exit, Exit::Code(0));
    assert_eq!(found.status(&place.host).unwrap(), Status::Stopped);
    let again = found.start(&place.host).unwrap_err();
    assert!(matches!(again, Error::WrongStatus { .. }), "{again}");
    found.delete(&place.host, false).unwrap();
    assert!(matches!(
        containers(&place).find(&place.id),
        Err(Error::NoContainer { .. })
    ));
}

fn missing_program() {
    let mut place = Place::new("missing");
    place.process().args = vec!["nothing-here".to_owned()];
    let error = create(&place).map(drop).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Init {
                is_program: true,
                ..
            }
        ),
        "{error}"
    );
    assert!(
        text(&error).contains("executable file not found in $PATH"),
        "{}",
        text(&error)
    );
    assert!(containers(&place).list().unwrap().is_empty());
}

/// A hook that appends its name and what it read to `log`.
fn hook(name: &str, log: &Path) -> Hook {
    let script = format!("echo {name} $(cat) >> {}", log.display());
    Hook {
        path: "/bin/sh".to_owned(),
        args: ["sh", "-c", &script].map(str::to_owned).to_vec(),
        env: vec!["PATH=/bin:/usr/bin".to_owned()],
        timeout: Some(20),
    }
}

fn hooks() {
    let mut place = Place::new("hooks");
    let log = place.dir.path().join("log");
    let one = |name: &str| vec![hook(name, &log)];
    place.bundle.spec.hooks = Some(Hooks {
        prestart: one("prestart"),
        create_runtime: one("createRuntime"),
        create_container: one("createContainer"),
        start_container: vec![Hook {
            path: "/probe".to_owned(),
            args: ["probe", "probe", "write:/started"]
                .map(str::to_owned)
                .to_vec(),
            ..Hook::default()
        }],
        poststart: one("poststart"),
        poststop: one("poststop"),
    });
    place.does(&["stat:/started"]);
    let (container, running, reader) = create(&place).unwrap();
    assert!(!place.root().join("started").exists());
    container.start(&place.host).unwrap();
    let shown = finish(running, reader);
    assert!(shown.part("/started").starts_with("100"), "{shown:?}");
    container.delete(&place.host, false).unwrap();
    let log = fs::read_to_string(log).unwrap();
    let names: Vec<&str> = log
        .lines()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "prestart",
            "createRuntime",
            "createContainer",
            "poststart",
            "poststop"
        ]
    );
    let status = ["creating", "creating", "creating", "running", "stopped"];
    for (line, status) in log.lines().zip(status) {
        let document: serde_json::Value =
            serde_json::from_str(line.split_once(' ').unwrap().1).unwrap();
        assert_eq!(document["status"], status, "{line}");
        assert_eq!(document["id"], place.id.as_str());
    }
}

fn bad_hooks() {
    let mut place = Place::new("bad-hooks");
    let mut slow = hook("slow", Path::new("/dev/null"));
    slow.args[2] = "exec sleep 60".to_owned();
    slow.timeout = Some(1);
    let mut bad = hook("bad", Path::new("/dev/null"));
    bad.args[2] = "echo because >&2; exit 3".to_owned();
    for (hook, word) in [(bad, "because"), (slow, "1 s")] {
        for kind in 0..4 {
            let mut hooks = Hooks::default();
            let list = [
                &mut hooks.prestart,
                &mut hooks.create_runtime,
                &mut hooks.create_container,
                &mut hooks.poststart,
            ];
            for (index, slot) in list.into_iter().enumerate() {
                if index == kind {
                    slot.push(hook.clone());
                }
            }
            place.bundle.spec.hooks = Some(hooks);
            let error = place.try_show(&["sleep"]).unwrap_err();
            assert!(text(&error).contains(word), "{}", text(&error));
            assert!(!super::failures::has_cgroups(&place));
        }
    }
}

fn paused() {
    let mut place = Place::new("paused");
    place.does(&["sleep"]);
    let (container, running, reader) = create(&place).unwrap();
    container.start(&place.host).unwrap();
    container.pause(&place.host).unwrap();
    assert_eq!(container.status(&place.host).unwrap(), Status::Paused);
    container.resume(&place.host).unwrap();
    assert_eq!(container.status(&place.host).unwrap(), Status::Running);
    container.pause(&place.host).unwrap();
    container.kill(&place.host, 9).unwrap();
    assert_eq!(finish(running, reader).exit, Exit::Signal(9));
    container.delete(&place.host, false).unwrap();
}

fn exec() {
    let mut place = Place::new("exec");
    place.does(&["sleep"]);
    place.process().no_new_privileges = true;
    let (stdio, reader) = piped();
    let running = hull_runtime::run(place.wish(stdio)).unwrap();
    let cgroup = running.cgroup.as_ref().unwrap();
    let mut process = place.bundle.spec.process.clone().unwrap();
    let kinds = ["pid", "net", "ipc", "uts", "mnt", "cgroup"];
    process.args = vec![
        "/probe".to_owned(),
        "probe".to_owned(),
        "cat:/proc/self/status".to_owned(),
        "cat:/proc/1/cmdline".to_owned(),
    ];
    process
        .args
        .extend(kinds.map(|kind| format!("link:/proc/self/ns/{kind}")));
    let (stdio, output) = piped();
    let own = fs::read_link("/proc/self/ns/pid").unwrap();
    let wish = |process, stdio| Exec {
        host: &place.host,
        target: running.pidfd.as_fd(),
        pid: running.pid,
        spec: &place.bundle.spec,
        cgroup,
        state: None,
        process,
        stdio,
        preserve_fds: 0,
        filter_cache: None,
    };
    let shown = finish(hull_runtime::exec(wish(&process, stdio)).unwrap(), output);
    assert_eq!(shown.exit, Exit::Code(0));
    for kind in kinds {
        let theirs = fs::read_link(format!("/proc/{}/ns/{kind}", running.pid)).unwrap();
        assert_eq!(
            shown.part(&format!("/proc/self/ns/{kind}")),
            theirs.display().to_string()
        );
    }
    assert_eq!(shown.field("/proc/self/status", "NoNewPrivs"), "1");
    assert_eq!(
        shown.field("/proc/self/status", "CapEff"),
        "0000000000000021"
    );
    assert!(shown.part("/proc/1/cmdline").starts_with("/probe"));
    assert_eq!(
        fs::read_link("/proc/self/ns/pid_for_children").unwrap(),
        own
    );
    let mut missing = process.clone();
    missing.args = vec!["nope".to_owned()];
    let (stdio, _) = piped();
    let error = hull_runtime::exec(wish(&missing, stdio)).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Init {
                is_program: true,
                ..
            }
        ),
        "{error}"
    );
    hull_sys::pidfd::signal(&running.pidfd, 9).unwrap();
    finish(running, reader);
}

fn cgroup() {
    let mut place = Place::new("group");
    place.does(&["sleep"]);
    let (stdio, reader) = piped();
    let running = hull_runtime::run(place.wish(stdio)).unwrap();
    let groups = fs::read_to_string(format!("/proc/{}/cgroup", running.pid)).unwrap();
    let joined = groups
        .lines()
        .filter(|line| line.ends_with(&format!("/hull/{}", place.id)));
    let expected = if place.host.cgroup.is_v2() { 1 } else { 5 };
    assert!(joined.count() >= expected, "{groups}");
    let cgroup = running.cgroup.as_ref().unwrap();
    assert_eq!(cgroup.pids().unwrap(), [running.pid]);
    hull_sys::pidfd::signal(&running.pidfd, 9).unwrap();
    finish(running, reader);
    assert!(!super::failures::has_cgroups(&place));
}

fn deleted() {
    let mut place = Place::new("deleted");
    place.does(&["sleep"]);
    let (container, running, _reader) = create(&place).unwrap();
    container.start(&place.host).unwrap();
    let error = container.delete(&place.host, false).unwrap_err();
    assert!(matches!(error, Error::WrongStatus { .. }), "{error}");
    container.delete(&place.host, true).unwrap();
    assert_eq!(end(&running), Exit::Signal(9));
    assert!(!super::failures::has_cgroups(&place));
    assert!(containers(&place).list().unwrap().is_empty());
}
