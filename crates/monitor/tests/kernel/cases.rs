//! The tests, and the small harness that runs them against each runtime.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use hull_monitor::client::{Client, Event, Session, Streams};
use hull_monitor::exec::Exec;
use hull_monitor::launch::Launched;
use hull_monitor::protocol::{FailureKind, Phase, RestartPolicy, Size, Stream};
use hull_monitor::{Error, facts};

use super::place::{ALL, Place, until};

type Case = (&'static str, fn(Option<&str>));

const CASES: &[Case] = &[
    (
        "output_reaches_the_client_and_the_log",
        output_reaches_the_client_and_the_log,
    ),
    (
        "exit_codes_and_signals_are_dockers",
        exit_codes_and_signals_are_dockers,
    ),
    ("input_is_forwarded_and_ended", input_is_forwarded_and_ended),
    (
        "a_missing_command_is_reported_as_such",
        a_missing_command_is_reported_as_such,
    ),
    (
        "a_detached_container_is_seen_signalled_and_cleaned_up",
        detached,
    ),
    ("several_clients_see_the_same_output", several_clients),
    (
        "a_terminal_has_the_size_asked_for",
        a_terminal_has_the_size_asked_for,
    ),
    (
        "a_slow_foreground_client_loses_nothing",
        a_slow_foreground_client_loses_nothing,
    ),
    (
        "a_stuck_client_holds_nobody_up",
        a_stuck_client_holds_nobody_up,
    ),
    ("restarts_are_counted_and_stopped_by_hand", restarts),
    (
        "a_panicking_monitor_still_records_the_exit",
        a_panicking_monitor,
    ),
    (
        "a_killed_monitor_leaves_the_container_running",
        a_killed_monitor,
    ),
    ("sigterm_to_the_monitor_stops_the_container", sigterm),
    ("a_second_monitor_is_refused", a_second_monitor_is_refused),
    ("out_of_memory_is_recorded", out_of_memory),
    ("exec_sessions_have_a_monitor_of_their_own", exec_sessions),
    ("init_reaps_forwards_and_passes_the_code_on", init),
    (
        "the_container_gets_no_blocked_or_ignored_signals",
        clean_signals,
    ),
];

/// Runs this executable as the container's PID 1.
fn with_init(runtime: Option<&str>, command: &[&str]) -> Place {
    let place = Place::new(runtime, &[&["/sbin/docker-init", "--"], command].concat());
    let sbin = place.rootfs().join("sbin");
    std::fs::create_dir_all(&sbin).unwrap();
    std::fs::copy(std::env::current_exe().unwrap(), sbin.join("docker-init")).unwrap();
    place
}

fn init(runtime: Option<&str>) {
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

/// Runs the cases whose name holds the first argument.
pub(crate) fn run(arguments: &[std::ffi::OsString]) -> ExitCode {
    let wanted = arguments
        .first()
        .and_then(|text| text.to_str())
        .filter(|text| !text.starts_with('-'));
    if !Path::new("/bin/busybox").exists() || !hull_sys::process::is_root() {
        println!("skipped: needs root and /bin/busybox (busybox-static)");
        return ExitCode::SUCCESS;
    }
    let mut failed = 0;
    for runtime in [None, Some("/usr/bin/crun"), Some("/usr/sbin/runc")] {
        if runtime.is_some_and(|path| !Path::new(path).exists()) {
            continue;
        }
        for (name, case) in CASES
            .iter()
            .filter(|(name, _)| wanted.is_none_or(|part| name.contains(part)))
        {
            let begun = Instant::now();
            let result = catch_unwind(AssertUnwindSafe(|| case(runtime)));
            let verdict = if result.is_ok() { "ok" } else { "FAILED" };
            failed += usize::from(result.is_err());
            println!(
                "{name} ({}) … {verdict} {:?}",
                runtime.unwrap_or("hull"),
                begun.elapsed()
            );
        }
    }
    if failed > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// What a session receives until the exit, by stream, and the exit code.
fn collect(session: &mut Session) -> (String, String, i32) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    loop {
        match session.next_event().unwrap() {
            Event::Output(Stream::Stdout, bytes) => out.extend_from_slice(bytes),
            Event::Output(Stream::Stderr, bytes) => err.extend_from_slice(bytes),
            Event::Exit(record) => {
                let text = |bytes| String::from_utf8(bytes).unwrap();
                return (text(out), text(err), record.code);
            }
            Event::Reply(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

fn output_reaches_the_client_and_the_log(runtime: Option<&str>) {
    let place = Place::new(
        runtime,
        &["sh", "-c", "echo out; echo err >&2; printf rest; exit 7"],
    );
    let mut launched = place.launch(Some(ALL)).unwrap();
    let (out, err, code) = collect(launched.session.as_mut().unwrap());
    assert_eq!(
        (out.as_str(), err.as_str(), code),
        ("out\nrest", "err\n", 7)
    );
    drop(launched);
    let record = place.exit();
    assert_eq!(
        (record.code, record.signal, record.oom_killed),
        (7, None, false)
    );
    assert!(record.started_at > 0 && record.finished_at > record.started_at);
    let log = place.log();
    assert!(
        log.contains(r#"{"log":"out\n","stream":"stdout","time":""#),
        "{log}"
    );
    assert!(
        log.contains(r#"{"log":"rest","stream":"stdout","time":""#),
        "{log}"
    );
    assert!(
        log.contains(r#"{"log":"err\n","stream":"stderr","time":""#),
        "{log}"
    );
    assert_eq!(place.cgroups(), [""; 0].map(std::path::PathBuf::from));
    assert!(
        !facts::read(&place.run_dir(), &facts::boot_id().unwrap())
            .unwrap()
            .monitored
    );
}

fn exit_codes_and_signals_are_dockers(runtime: Option<&str>) {
    for (script, code, signal) in [("exit 0", 0, None), ("exit 255", 255, None)] {
        let place = Place::new(runtime, &["sh", "-c", script]);
        place.launch(None).unwrap();
        let record = place.exit();
        assert_eq!((record.code, record.signal), (code, signal), "{script}");
    }
    let place = Place::new(runtime, &["sleep", "100"]);
    place.launch(None).unwrap();
    Client::connect(&place.run_dir())
        .unwrap()
        .signal(9)
        .unwrap();
    let record = place.exit();
    assert_eq!((record.code, record.signal), (137, Some(9)));
}

fn input_is_forwarded_and_ended(runtime: Option<&str>) {
    let place = Place::new(runtime, &["cat"]).with_input();
    let mut session = place.launch(Some(ALL)).unwrap().session.unwrap();
    let text = "word ".repeat(40_000);
    let writer = {
        let (text, mut sent) = (text.clone(), 0);
        let mut got = Vec::new();
        while sent < text.len() {
            if let Some(length) = session.try_send_stdin(&text.as_bytes()[sent..]).unwrap() {
                sent += length;
            }
            if let Event::Output(_, bytes) = session.try_next_event().unwrap() {
                got.extend_from_slice(bytes);
            }
        }
        session.end_stdin().unwrap();
        got
    };
    let (rest, _, code) = collect(&mut session);
    assert_eq!(code, 0);
    assert_eq!(String::from_utf8(writer).unwrap() + &rest, text);
}

fn a_missing_command_is_reported_as_such(runtime: Option<&str>) {
    let place = Place::new(runtime, &["/bin/absent"]);
    let error = place.launch(None).unwrap_err();
    let Error::Failed { failure, .. } = &error else {
        panic!("{error:?}")
    };
    assert!(
        failure.text.contains("absent") || failure.causes.join(" ").contains("absent"),
        "{failure:?}"
    );
    assert_eq!(
        (failure.kind, error.exit_code()),
        (FailureKind::CommandNotFound, 127)
    );
    let place = Place::new(runtime, &["/bin"]);
    let error = place.launch(None).unwrap_err();
    assert_eq!(error.exit_code(), 126, "{error:?}");
    assert_eq!(place.cgroups().len(), 0);
    facts::wait_unmonitored(&place.run_dir()).unwrap();
    assert!(facts::state(&place.run_dir()).unwrap().is_none());
}

fn detached(runtime: Option<&str>) {
    let place = Place::new(
        runtime,
        &[
            "sh",
            "-c",
            "trap 'echo bye; exit 3' TERM; while :; do sleep 0.01; done",
        ],
    );
    let launched = place.launch(None).unwrap();
    let boot = facts::boot_id().unwrap();
    let seen = facts::read(&place.run_dir(), &boot).unwrap();
    assert!(seen.monitored && seen.running() && !seen.orphaned());
    assert_eq!(seen.state.as_ref().unwrap().pid, launched.started.pid);
    assert!(
        !facts::read(&place.run_dir(), "another boot")
            .unwrap()
            .running()
    );
    let mut client = Client::connect(&place.run_dir()).unwrap();
    let status = client.status().unwrap();
    assert_eq!(
        (status.id.as_str(), status.state.phase),
        (place.launch.id.as_str(), Phase::Running)
    );
    let mut waiting = Client::connect(&place.run_dir()).unwrap().wait().unwrap();
    std::thread::sleep(Duration::from_millis(100));
    client.signal(15).unwrap();
    let Event::Exit(record) = waiting.next_event().unwrap() else {
        panic!()
    };
    assert_eq!(record.code, 3);
    assert_eq!(place.exit().code, 3);
    assert!(place.log().contains("bye"));
    let gone = facts::read(&place.run_dir(), &boot).unwrap();
    assert_eq!(
        (gone.monitored, gone.running(), gone.phase()),
        (false, false, Some(Phase::Exited))
    );
    assert!(matches!(
        Client::connect(&place.run_dir()),
        Err(Error::Unreachable { .. })
    ));
}

fn several_clients(runtime: Option<&str>) {
    let place = Place::new(runtime, &["sh", "-c", "cat; echo end >&2"]).with_input();
    let mut first = place.launch(Some(ALL)).unwrap().session.unwrap();
    let only_out = Streams {
        stdout: true,
        ..Streams::default()
    };
    let mut second = Client::connect(&place.run_dir())
        .unwrap()
        .attach(only_out)
        .unwrap();
    first.send_stdin(b"hello\n").unwrap();
    assert_eq!(
        second.next_event().unwrap(),
        Event::Output(Stream::Stdout, b"hello\n")
    );
    second.send_stdin(b"not forwarded\n").unwrap();
    first.end_stdin().unwrap();
    assert_eq!(collect(&mut first), ("hello\n".into(), "end\n".into(), 0));
    assert_eq!(collect(&mut second), (String::new(), String::new(), 0));
}

fn a_terminal_has_the_size_asked_for(runtime: Option<&str>) {
    let script = [
        "sh",
        "-c",
        "stty size; read line; stty size; echo got $line",
    ];
    let place = Place::new(runtime, &script).with_terminal(&script);
    let mut session = place.launch(Some(ALL)).unwrap().session.unwrap();
    let mut seen = String::new();
    while !seen.contains("\r\n") {
        if let Event::Output(_, bytes) = session.next_event().unwrap() {
            seen.push_str(std::str::from_utf8(bytes).unwrap());
        }
    }
    session
        .resize(Size {
            rows: 50,
            columns: 132,
        })
        .unwrap();
    session.send_stdin(b"typed\n").unwrap();
    let (rest, _, code) = collect(&mut session);
    assert_eq!(code, 0);
    assert!(
        rest.contains("50 132") && rest.contains("got typed"),
        "{seen}{rest}"
    );
}

fn a_slow_foreground_client_loses_nothing(runtime: Option<&str>) {
    let place = Place::new(
        runtime,
        &["sh", "-c", "yes 0123456789abcdef | head -n 100000"],
    );
    let mut session = place.launch(Some(ALL)).unwrap().session.unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let (out, _, code) = collect(&mut session);
    assert_eq!((out.len(), code), (1_700_000, 0));
    drop(session);
    place.exit();
    assert_eq!(place.log().lines().count(), 100_000);
}

fn a_stuck_client_holds_nobody_up(runtime: Option<&str>) {
    let place = Place::new(
        runtime,
        &[
            "sh",
            "-c",
            "sleep 0.2; yes 0123456789abcdef | head -n 100000",
        ],
    );
    place.launch(None).unwrap();
    let stuck = Streams {
        stdout: true,
        ..Streams::default()
    };
    let mut session = Client::connect(&place.run_dir())
        .unwrap()
        .attach(stuck)
        .unwrap();
    until("the log", || place.log().lines().count() == 100_000);
    let mut last = false;
    while !last {
        last = match session.next_event().unwrap() {
            Event::Output(..) => false,
            Event::Dropped => true,
            other => panic!("{other:?}"),
        };
    }
    assert_eq!(place.exit().code, 0);
}

fn restarts(runtime: Option<&str>) {
    let place = Place::new(runtime, &["sh", "-c", "echo life; exit 1"])
        .with_restart(RestartPolicy::OnFailure { maximum: 2 });
    place.launch(None).unwrap();
    let record = place.exit();
    assert_eq!(
        (record.code, record.restart_count, record.restarting),
        (1, 2, false)
    );
    assert_eq!(place.log().matches("life").count(), 3);
    let place = Place::new(runtime, &["true"])
        .with_restart(RestartPolicy::Always)
        .with_overlay();
    place.launch(None).unwrap();
    let restarting = || facts::read(&place.run_dir(), &facts::boot_id().unwrap()).unwrap();
    until("two restarts", || {
        restarting()
            .state
            .is_some_and(|state| state.restart_count >= 2)
    });
    Client::connect(&place.run_dir())
        .unwrap()
        .stop_restarting()
        .unwrap();
    assert!(!place.exit().restarting);
}

fn a_panicking_monitor(runtime: Option<&str>) {
    let place = Place::new(runtime, &["sh", "-c", "sleep 0.3; exit 5"]);
    place
        .launch_with(None, &[(hull_sys::failpoint::VARIABLE, "monitor-panics")])
        .unwrap();
    let record = place.exit();
    assert_eq!(record.code, 5);
    assert!(
        record.error.as_deref().unwrap().contains("asked to"),
        "{record:?}"
    );
}

fn a_killed_monitor(runtime: Option<&str>) {
    let script =
        "i=0; while [ $i -lt 200 ]; do echo line $i; i=$((i+1)); sleep 0.005; done; sleep 100";
    let place = Place::new(runtime, &["sh", "-c", script]);
    let launched = place.launch(None).unwrap();
    let status = Client::connect(&place.run_dir()).unwrap().status().unwrap();
    let monitor = hull_sys::pidfd::open(status.state.monitor_pid).unwrap();
    hull_sys::pidfd::signal(&monitor, 9).unwrap();
    let boot = facts::boot_id().unwrap();
    until("the monitor's death", || {
        !facts::read(&place.run_dir(), &boot).unwrap().monitored
    });
    std::thread::sleep(Duration::from_millis(300));
    let seen = facts::read(&place.run_dir(), &boot).unwrap();
    assert!(seen.orphaned(), "{seen:?}");
    assert!(facts::alive(
        launched.started.pid,
        facts::start_time(launched.started.pid).unwrap()
    ));
    let record = hull_monitor::orphan::clear(&place.run_dir()).unwrap();
    assert_eq!(record.code, 137);
    assert!(!facts::read(&place.run_dir(), &boot).unwrap().running());
    assert_eq!(place.cgroups().len(), 0);
}

fn sigterm(runtime: Option<&str>) {
    let place = Place::new(
        runtime,
        &[
            "sh",
            "-c",
            "trap 'exit 4' TERM; while :; do sleep 0.01; done",
        ],
    )
    .with_restart(RestartPolicy::Always);
    place.launch(None).unwrap();
    let status = Client::connect(&place.run_dir()).unwrap().status().unwrap();
    let monitor = hull_sys::pidfd::open(status.state.monitor_pid).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    for ignored in [1, 2, 3, 13] {
        hull_sys::pidfd::signal(&monitor, ignored).unwrap();
    }
    hull_sys::pidfd::signal(&monitor, 15).unwrap();
    assert_eq!(place.exit().code, 4);
}

fn a_second_monitor_is_refused(runtime: Option<&str>) {
    let place = Place::new(runtime, &["sleep", "100"]);
    place.launch(None).unwrap();
    let error = place.launch(None).unwrap_err();
    assert!(error.to_string().contains("one is running"), "{error}");
    assert!(Client::connect(&place.run_dir()).unwrap().status().is_ok());
}

fn out_of_memory(runtime: Option<&str>) {
    let place = Place::new(
        runtime,
        &["dd", "if=/dev/zero", "of=/dev/null", "bs=100M", "count=1"],
    );
    place.launch(None).unwrap();
    let record = place.exit();
    assert_eq!((record.code, record.oom_killed), (137, true));
}

fn clean_signals(runtime: Option<&str>) {
    let place = Place::new(runtime, &["cat", "/proc/self/status"]);
    let mut session = place.launch(Some(ALL)).unwrap().session.unwrap();
    let (out, _, _) = collect(&mut session);
    // Signals 32 and 33 are the C library's, out of reach of the calls that set actions.
    let value = |name: &str| {
        let line = out.lines().find(|line| line.starts_with(name)).unwrap();
        let mask = line.split_whitespace().nth(1).unwrap();
        u64::from_str_radix(mask, 16).unwrap() & !0x1_8000_0000
    };
    assert_eq!((value("SigBlk:"), value("SigIgn:")), (0, 0));
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

fn exec_sessions(runtime: Option<&str>) {
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
