//! What clients and the log see of a container's streams.

use std::time::Duration;

use hull_monitor::client::{Client, Event, Session, Streams};
use hull_monitor::protocol::{FailureKind, Phase, Size, Stream};
use hull_monitor::{Error, facts};

use super::place::{ALL, Place, until};

/// What a session receives until the exit, by stream, and the exit code.
pub(crate) fn collect(session: &mut Session) -> (String, String, i32) {
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

pub(crate) fn output_reaches_the_client_and_the_log(runtime: Option<&str>) {
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

pub(crate) fn exit_codes_and_signals_are_dockers(runtime: Option<&str>) {
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

pub(crate) fn input_is_forwarded_and_ended(runtime: Option<&str>) {
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

pub(crate) fn a_missing_command_is_reported_as_such(runtime: Option<&str>) {
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

pub(crate) fn detached(runtime: Option<&str>) {
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

pub(crate) fn several_clients(runtime: Option<&str>) {
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

pub(crate) fn a_terminal_has_the_size_asked_for(runtime: Option<&str>) {
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

pub(crate) fn a_slow_foreground_client_loses_nothing(runtime: Option<&str>) {
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

pub(crate) fn a_stuck_client_holds_nobody_up(runtime: Option<&str>) {
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
