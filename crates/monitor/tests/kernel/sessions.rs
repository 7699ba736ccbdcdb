//! Further processes in a container, and the init that may be its first.

use std::time::Duration;

use hull_monitor::client::{Client, Streams};
use hull_monitor::exec::Exec;
use hull_monitor::launch::Launched;
use hull_monitor::{Error, facts};

use super::place::{ALL, Place, until};
use super::streams::collect;

/// Runs this executable as the container's PID 1.
fn with_init(runtime: Option<&str>, command: &[&str]) -> Place {
    let place = Place::new(runtime, &[&["/sbin/docker-init", "--"], command].concat());
    let sbin = place.rootfs().join("sbin");
    std::fs::create_dir_all(&sbin).unwrap();
    std::fs::copy(std::env::current_exe().unwrap(), sbin.join("docker-init")).unwrap();
    place
}

pub(crate) fn init(runtime: Option<&str>) {
    // An orphan that ends is taken by PID 1; the command is not PID 1 and its code is passed on.
    let script = "(sh -c 'sleep 0.05; exit 1' &); sleep 0.2; cat /proc/[0-9]*/stat | head -n 9; echo me $$; exit 9";
    let place = with_init(runtime, &["sh", "-c", script]);
    let mut session = place.launch(Some(ALL)).unwrap().session.unwrap();
    let (out, _, code) = collect(&mut session);
    assert_eq!(code, 9);
    assert!(!out.contains(" Z ") && !out.contains("me 1\n"), "{out}");
    let place = with_init(
        runtime,
        &[
            "sh",
            "-c",
            "trap 'exit 6' TERM; echo up; while :; do sleep 0.01; done",
        ],
    );
    place.launch(None).unwrap();
    until("the trap", || place.log().contains("up"));
    Client::connect(&place.run_dir())
        .unwrap()
        .signal(15)
        .unwrap();
    assert_eq!(place.exit().code, 6);
    let place = with_init(runtime, &["sleep", "100"]);
    place.launch(None).unwrap();
    until("the command", || {
        Client::connect(&place.run_dir())
            .unwrap()
            .signal(15)
            .unwrap();
        std::thread::sleep(Duration::from_millis(50));
        !facts::lock_held(&place.run_dir()).unwrap()
    });
    assert_eq!(place.exit().code, 143);
    let place = with_init(runtime, &["/absent"]);
    place.launch(None).unwrap();
    assert_eq!(place.exit().code, 127);
}

/// A further process in the container of `place`.
fn exec(place: &Place, attach: Option<Streams>, args: &[&str]) -> Result<Launched, Error> {
    let process = serde_json::json!({"args": args, "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}});
    let exec = Exec {
        id: format!("exec{}", args.len()),
        process: serde_json::from_value(process).unwrap(),
        tty: false,
        open_stdin: true,
        size: None,
    };
    place.exec(exec, attach)
}

pub(crate) fn exec_sessions(runtime: Option<&str>) {
    let place = Place::new(runtime, &["sleep", "100"]);
    place.launch(None).unwrap();
    let launched = exec(
        &place,
        Some(ALL),
        &["sh", "-c", "cat; echo done >&2; exit 3"],
    )
    .unwrap();
    let mut session = launched.session.unwrap();
    assert_eq!(facts::execs(&place.run_dir()).unwrap(), ["exec3"]);
    session.send_stdin(b"typed").unwrap();
    session.end_stdin().unwrap();
    assert_eq!(collect(&mut session), ("typed".into(), "done\n".into(), 3));
    drop(session);
    let dir = hull_monitor::exec::run_dir(&place.run_dir(), "exec3");
    until("the session's directory to go", || !dir.exists());
    // A detached session is found by its record, and its directory is small.
    exec(&place, None, &["sh", "-c", "exit 4", "x"]).unwrap();
    let dir = hull_monitor::exec::run_dir(&place.run_dir(), "exec4");
    until("the session's end", || !facts::lock_held(&dir).unwrap());
    let record = hull_monitor::exit::read(&dir.join("exit.json"))
        .unwrap()
        .unwrap();
    assert_eq!((record.code, dir.read_dir().unwrap().count()), (4, 3));
    let error = exec(&place, None, &["/absent"]).unwrap_err();
    assert_eq!(error.exit_code(), 127, "{error:?}");
    // The container's own monitor is of no concern to a session.
    let status = Client::connect(&place.run_dir()).unwrap().status().unwrap();
    let monitor = hull_sys::pidfd::open(status.state.monitor_pid).unwrap();
    hull_sys::pidfd::signal(&monitor, 9).unwrap();
    until("the monitor's death", || {
        !facts::lock_held(&place.run_dir()).unwrap()
    });
    let mut session = exec(&place, Some(ALL), &["echo", "alive"])
        .unwrap()
        .session
        .unwrap();
    assert_eq!(collect(&mut session).0, "alive\n");
    hull_monitor::orphan::clear(&place.run_dir()).unwrap();
    assert_eq!(exec(&place, None, &["true"]).unwrap_err().exit_code(), 125);
}
