//! What is read back from logs written by the monitor and by docker.

use std::time::Duration;

use super::super::json_file::JsonFile;
use super::super::rotate::compress;
use super::*;
use crate::protocol::LogPlan;

fn log(path: &Path, max_size: Option<u64>, max_file: u32) -> JsonFile {
    let plan = LogPlan::JsonFile {
        path: path.to_owned(),
        max_size,
        max_file,
        compress: false,
        attrs: BTreeMap::new(),
    };
    JsonFile::new(&plan).unwrap()
}

fn all(reader: &mut Reader) -> Vec<String> {
    std::iter::from_fn(|| reader.next_entry().unwrap())
        .map(|entry| entry.log)
        .collect()
}

fn read(path: &Path, range: Range) -> Vec<String> {
    all(&mut Reader::open(path, range).unwrap())
}

#[test]
fn a_line_written_by_docker_is_understood_and_a_torn_one_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let text = concat!(
        r#"{"log":"h\u003ci\n","stream":"stderr","attrs":{"tag":"x"},"time":"2025-11-21T12:34:56.12Z"}"#,
        "\n{\"log\":\"torn\n\n",
        r#"{"log":"end","stream":"stdout","time":"2025-11-21T12:34:57Z"}"#,
        "\n"
    );
    fs::write(&path, text).unwrap();
    let mut reader = Reader::open(&path, Range::default()).unwrap();
    let entry = reader.next_entry().unwrap().unwrap();
    assert_eq!(
        (entry.log.as_str(), entry.stream),
        ("h<i\n", Stream::Stderr)
    );
    assert_eq!(entry.time, 1_763_728_496_120_000_000);
    assert_eq!(entry.attrs["tag"], "x");
    assert_eq!(all(&mut reader), ["end"]);
}

#[test]
fn the_tail_reaches_into_rotated_and_compressed_files() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let mut writer = log(&path, Some(120), 5);
    for number in 0..7 {
        writer.push(
            Stream::Stdout,
            format!("line {number}\n").as_bytes(),
            number,
        );
    }
    compress(&numbered(&path, 2, false)).unwrap();
    let expected: Vec<_> = (0..7).map(|number| format!("line {number}\n")).collect();
    assert_eq!(read(&path, Range::default()), expected);
    for tail in 0..9 {
        let range = Range {
            tail: Some(tail),
            ..Range::default()
        };
        assert_eq!(
            read(&path, range),
            expected[7_usize.saturating_sub(tail)..],
            "{tail}"
        );
    }
}

#[test]
fn since_and_until_are_both_included() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let mut writer = log(&path, None, 1);
    for time in 0..6 {
        writer.push(Stream::Stdout, format!("{time}").as_bytes(), time);
        writer.push(Stream::Stdout, b"\n", time);
    }
    let range = Range {
        tail: None,
        since: Some(2),
        until: Some(4),
    };
    assert_eq!(read(&path, range), ["2\n", "3\n", "4\n"]);
}

#[test]
fn a_missing_log_is_empty_and_may_come_later() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let mut reader = Reader::open(
        &path,
        Range {
            tail: Some(3),
            ..Range::default()
        },
    )
    .unwrap();
    let changes = reader.watch().unwrap();
    assert_eq!(all(&mut reader), [""; 0]);
    log(&path, None, 1).push(Stream::Stdout, b"first\n", 0);
    assert!(changes.wait(Some(Duration::from_secs(5))).unwrap());
    assert_eq!(all(&mut reader), ["first\n"]);
}

#[test]
fn following_goes_on_across_rotation_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    for (max_size, max_file) in [(None, 1), (Some(120), 4)] {
        let mut writer = log(&path, max_size, max_file);
        let mut reader = Reader::open(
            &path,
            Range {
                tail: Some(0),
                ..Range::default()
            },
        )
        .unwrap();
        assert_eq!(all(&mut reader), [""; 0]);
        for number in 0..20 {
            let line = format!("line {number}\n");
            writer.push(Stream::Stderr, line.as_bytes(), number);
            assert_eq!(all(&mut reader), [line], "{max_size:?}");
        }
    }
}

#[test]
fn a_line_is_given_only_when_it_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let line = r#"{"log":"x\n","stream":"stdout","time":"2025-11-21T12:34:56Z"}"#;
    let (first, second) = line.split_at(20);
    fs::write(&path, first).unwrap();
    let mut reader = Reader::open(&path, Range::default()).unwrap();
    assert_eq!(all(&mut reader), [""; 0]);
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    io::Write::write_all(&mut file, format!("{second}\n").as_bytes()).unwrap();
    assert_eq!(all(&mut reader), ["x\n"]);
}
