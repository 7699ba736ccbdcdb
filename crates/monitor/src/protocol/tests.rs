//! The bytes of version 1, frozen: what is here was written by a released monitor or engine.

use super::frame::{BadFrame, MAX};
use super::*;

const LAUNCH: &str = include_str!("launch.v1.json");

#[test]
fn launch_documents_of_version_1_are_understood() {
    let launch: Launch = serde_json::from_str(LAUNCH).unwrap();
    assert_eq!(
        (launch.version, launch.id.as_str(), launch.tty),
        (1, "c0ffee", true)
    );
    assert_eq!(
        launch.size,
        Some(Size {
            rows: 24,
            columns: 80
        })
    );
    let LogPlan::JsonFile {
        max_size,
        max_file,
        compress,
        ..
    } = &launch.log
    else {
        panic!("{:?}", launch.log)
    };
    assert_eq!(
        (*max_size, *max_file, *compress),
        (Some(10_000_000), 3, true)
    );
    let Task::Container(task) = &launch.task else {
        panic!("{:?}", launch.task)
    };
    assert_eq!(task.restart.policy, RestartPolicy::OnFailure { maximum: 5 });
    assert_eq!(task.rootfs_mounts.len(), 1);
}

#[test]
fn the_least_a_launch_document_must_say_has_defaults_for_the_rest() {
    let text = r#"{"version":1,"id":"a","task":{"container":{"bundle":"/b"}},"exit_record":"/e","state_dir":"/s"}"#;
    let launch: Launch = serde_json::from_str(text).unwrap();
    assert_eq!(launch.log, LogPlan::None);
    assert!(!launch.tty && !launch.open_stdin && launch.hull.is_none());
}

#[test]
fn launch_documents_survive_a_round_trip() {
    let launch: Launch = serde_json::from_str(LAUNCH).unwrap();
    let again = serde_json::to_vec(&launch).unwrap();
    assert_eq!(serde_json::from_slice::<Launch>(&again).unwrap(), launch);
}

/// Bytes on the wire, and what they mean; both directions.
fn frames() -> Vec<(&'static [u8], Frame<'static>)> {
    vec![
        (b"\x01{\"do\":\"status\"}", Frame::Request(Request::Status)),
        (
            b"\x01{\"do\":\"attach\",\"stdin\":true,\"stdout\":true,\"stderr\":false,\"lossless\":true}",
            Frame::Request(Request::Attach { stdin: true, stdout: true, stderr: false, lossless: true }),
        ),
        (b"\x01{\"do\":\"wait\"}", Frame::Request(Request::Wait)),
        (
            b"\x01{\"do\":\"resize\",\"size\":{\"rows\":50,\"columns\":132}}",
            Frame::Request(Request::Resize { size: Size { rows: 50, columns: 132 } }),
        ),
        (b"\x01{\"do\":\"signal\",\"signal\":15}", Frame::Request(Request::Signal { signal: 15 })),
        (b"\x01{\"do\":\"stop_restarting\"}", Frame::Request(Request::StopRestarting)),
        (
            b"\x01{\"do\":\"update\",\"restart\":{\"on-failure\":{\"maximum\":3}}}",
            Frame::Request(Request::Update { restart: RestartPolicy::OnFailure { maximum: 3 } }),
        ),
        (b"\x01{\"do\":\"reaped\"}", Frame::Request(Request::Reaped)),
        (b"\x02typed", Frame::Stdin(b"typed")),
        (b"\x03", Frame::StdinEnd),
        (
            b"\x10{\"version\":1,\"error\":\"no terminal\",\"status\":null}",
            Frame::Reply(Reply { version: 1, error: Some("no terminal".into()), status: None }),
        ),
        (b"\x11out", Frame::Output(Stream::Stdout, b"out")),
        (b"\x12err", Frame::Output(Stream::Stderr, b"err")),
        (
            b"\x20{\"version\":1,\"pid\":42,\"started_at\":1700000000000000000}",
            Frame::Started(Started { version: 1, pid: 42, started_at: 1_700_000_000_000_000_000 }),
        ),
        (
            b"\x21{\"version\":1,\"kind\":\"command_not_found\",\"text\":\"cannot execute sh\",\"causes\":[\"no such file\"],\"hint\":null}",
            Frame::Failed(Failure {
                version: 1,
                kind: FailureKind::CommandNotFound,
                text: "cannot execute sh".into(),
                causes: vec!["no such file".into()],
                hint: None,
            }),
        ),
        (
            b"\x22{\"version\":1,\"code\":137,\"signal\":9,\"oom_killed\":true,\"started_at\":1,\"finished_at\":2,\"boot_id\":\"b\",\"restart_count\":1,\"restarting\":true,\"error\":null,\"log_dropped\":4}",
            Frame::Exit(ExitRecord {
                version: 1,
                code: 137,
                signal: Some(9),
                oom_killed: true,
                started_at: 1,
                finished_at: 2,
                boot_id: "b".into(),
                restart_count: 1,
                restarting: true,
                error: None,
                log_dropped: 4,
            }),
        ),
        (b"\x23", Frame::Dropped),
    ]
}

#[test]
fn frames_of_version_1_keep_their_bytes() {
    for (bytes, frame) in frames() {
        let text = String::from_utf8_lossy(bytes);
        assert_eq!(Frame::decode(bytes).unwrap(), frame, "{text}");
        assert_eq!(String::from_utf8_lossy(&frame.encode()), text);
    }
}

#[test]
fn fields_and_failures_of_a_later_version_are_tolerated() {
    let frame = b"\x20{\"version\":9,\"pid\":1,\"started_at\":2,\"shell\":\"sh\"}";
    assert!(matches!(
        Frame::decode(frame).unwrap(),
        Frame::Started(Started { version: 9, .. })
    ));
    let frame = b"\x21{\"version\":9,\"kind\":\"eclipse\",\"text\":\"dark\"}";
    let Frame::Failed(failure) = Frame::decode(frame).unwrap() else {
        panic!()
    };
    assert_eq!(
        (failure.kind, failure.kind.exit_code()),
        (FailureKind::Internal, 125)
    );
}

#[test]
fn what_is_no_frame_is_refused_by_name() {
    assert!(matches!(Frame::decode(b""), Err(BadFrame::Empty)));
    assert!(matches!(Frame::decode(b"\x7fx"), Err(BadFrame::Kind(0x7f))));
    assert!(matches!(
        Frame::decode(b"\x01{"),
        Err(BadFrame::Document(1, _))
    ));
    assert!(matches!(
        Frame::decode(b"\x01{\"do\":\"dance\"}"),
        Err(BadFrame::Document(1, _))
    ));
}

#[test]
fn state_and_exit_records_of_version_1_are_understood() {
    let state =
        r#"{"version":1,"phase":"restarting","pid":0,"start_time":0,"boot_id":"b","started_at":5}"#;
    let state: StateRecord = serde_json::from_str(state).unwrap();
    assert_eq!(
        (state.phase, state.restart_count, state.monitor_pid),
        (Phase::Restarting, 0, 0)
    );
    let exit: ExitRecord =
        serde_json::from_str(r#"{"version":1,"code":3,"finished_at":9}"#).unwrap();
    assert_eq!((exit.code, exit.signal, exit.restarting), (3, None, false));
}

#[test]
fn a_full_frame_fits_the_largest_one_allowed() {
    let payload = vec![b'x'; MAX - 1];
    assert_eq!(Frame::Output(Stream::Stdout, &payload).encode().len(), MAX);
}

/// The drawing, `docs/monitor-protocol.md`.
fn drawing() -> String {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/monitor-protocol.md"
    );
    std::fs::read_to_string(path).unwrap()
}

/// First cells of the table below the line that begins with `head`.
fn first_cells(drawing: &str, head: &str) -> Vec<String> {
    let lines = drawing
        .lines()
        .skip_while(|line| !line.starts_with(head))
        .skip(2);
    let rows = lines.take_while(|line| line.starts_with('|'));
    let cell = |line: &str| {
        line.split('|')
            .nth(1)
            .unwrap()
            .trim()
            .trim_matches('`')
            .to_owned()
    };
    rows.map(cell).collect()
}

#[test]
fn the_drawing_shows_every_kind_of_frame_and_no_other() {
    let drawing = drawing();
    let mut kinds: Vec<String> = frames()
        .iter()
        .map(|(bytes, _)| format!("{:#04x}", bytes[0]))
        .collect();
    kinds.dedup();
    assert_eq!(first_cells(&drawing, "| kind |"), kinds);
    for byte in 0..=u8::MAX {
        let unknown = matches!(Frame::decode(&[byte]), Err(BadFrame::Kind(_)));
        assert_eq!(
            unknown,
            !kinds.contains(&format!("{byte:#04x}")),
            "{byte:#04x}"
        );
    }
}

#[test]
fn the_drawing_shows_every_request() {
    let requests = frames()
        .into_iter()
        .filter_map(|(bytes, frame)| match frame {
            Frame::Request(_) => {
                Some(serde_json::from_slice::<serde_json::Value>(&bytes[1..]).unwrap())
            }
            _ => None,
        });
    let mut drawn = first_cells(&drawing(), "| `do` |");
    let mut known: Vec<String> = requests
        .map(|json| json["do"].as_str().unwrap().to_owned())
        .collect();
    drawn.sort();
    known.sort();
    assert_eq!(drawn, known);
}

#[test]
fn the_drawing_shows_every_file_of_the_run_directory() {
    use crate::paths;
    let known = [
        paths::LAUNCH,
        paths::LOCK,
        paths::SOCKET,
        paths::STATE,
        paths::STDOUT,
        paths::STDERR,
        paths::EXECS,
        paths::EXEC_EXIT,
    ];
    assert_eq!(first_cells(&drawing(), "| file |"), known);
}
