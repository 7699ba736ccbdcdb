//! `logs`: what was printed, when, from which end, and as it comes; and the file behind it.

use std::io::{BufRead, BufReader};

use hull_test::{Env, require, wait_until};

fn talker(env: &Env, script: &str) {
    env.hull([
        "run",
        "-d",
        "--name",
        "c1",
        "--network",
        "none",
        "busybox",
        "sh",
        "-c",
        script,
    ])
    .ok();
}

#[test]
fn streams_and_order_are_kept() {
    require!();
    let env = Env::busybox();
    talker(&env, "echo one; echo two >&2; sleep 0.1; echo three");
    env.sh("wait c1").ok();
    let done = env.sh("logs c1").exits(0);
    assert_eq!(
        (done.out.as_str(), done.err.as_str()),
        ("one\nthree\n", "two\n")
    );
}

#[test]
fn tail_and_timestamps() {
    require!();
    let env = Env::busybox();
    talker(&env, "for i in 1 2 3 4 5; do echo $i; done");
    env.sh("wait c1").ok();
    assert_eq!(env.sh("logs -n 2 c1").ok(), "4\n5");
    assert_eq!(env.sh("logs --tail 0 c1").ok(), "");
    assert_eq!(env.sh("logs --tail all c1").ok(), "1\n2\n3\n4\n5");
    let stamped = env.sh("logs -t -n 1 c1").ok();
    let (stamp, word) = stamped.split_once(' ').expect("a time in front");
    assert!(
        stamp.ends_with('Z') && stamp.contains('T') && word == "5",
        "{stamped}"
    );
}

#[test]
fn since_and_until_cut() {
    require!();
    let env = Env::busybox();
    talker(&env, "echo early; sleep 1.5; echo late");
    env.sh("wait c1").ok();
    let stamped = env.sh("logs -t c1").ok();
    let late = stamped
        .lines()
        .last()
        .and_then(|l| l.split(' ').next())
        .expect("a time")
        .to_owned();
    assert_eq!(env.hull(["logs", "--since", &late, "c1"]).ok(), "late");
    assert!(
        env.hull(["logs", "--until", &late, "c1"])
            .ok()
            .starts_with("early")
    );
    assert_eq!(env.sh("logs --since 10m c1").ok(), "early\nlate");
    assert_eq!(env.sh("logs --until 10m c1").ok(), "");
}

#[test]
fn follow_ends_with_the_container() {
    require!();
    let env = Env::busybox();
    talker(&env, "echo one; sleep 0.4; echo two; sleep 0.4; echo three");
    let mut child = env.spawn(["logs", "-f", "c1"]);
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let lines: Vec<String> = lines.map_while(Result::ok).collect();
    assert_eq!(lines, ["one", "two", "three"]);
    assert!(child.wait().expect("wait").success());
}

#[test]
fn follow_of_a_stopped_container_does_not_wait() {
    require!();
    let env = Env::busybox();
    talker(&env, "echo only");
    env.sh("wait c1").ok();
    assert_eq!(env.sh("logs -f c1").ok(), "only");
}

#[test]
fn the_file_is_dockers_format() {
    require!();
    let env = Env::busybox();
    talker(&env, "printf 'no end'; echo err >&2; printf '\\377\\n'");
    env.sh("wait c1").ok();
    let path = env.inspect("c1")["LogPath"]
        .as_str()
        .expect("LogPath")
        .to_owned();
    let text = std::fs::read_to_string(path).expect("the log");
    for line in text.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert!(entry["log"].is_string() && entry["time"].as_str().expect("time").ends_with('Z'));
        assert!(
            matches!(entry["stream"].as_str(), Some("stdout" | "stderr")),
            "{line}"
        );
    }
}

#[test]
fn rotation_keeps_the_newest() {
    require!();
    let env = Env::busybox();
    env.hull([
        "run",
        "-d",
        "--name",
        "c1",
        "--network",
        "none",
        "--log-opt",
        "max-size=10k",
        "--log-opt",
        "max-file=3",
        "busybox",
        "seq",
        "1",
        "2000",
    ])
    .ok();
    env.sh("wait c1").ok();
    let path = env.inspect("c1")["LogPath"]
        .as_str()
        .expect("LogPath")
        .to_owned();
    for (file, there) in [
        (path.clone(), true),
        (format!("{path}.1"), true),
        (format!("{path}.2"), true),
        (format!("{path}.3"), false),
    ] {
        assert_eq!(std::path::Path::new(&file).exists(), there, "{file}");
    }
    assert!(std::fs::metadata(&path).expect("the log").len() <= 11 * 1024);
    let out = env.logs("c1");
    assert!(out.ends_with("2000"), "the newest lines stay");
    let numbers: Vec<u32> = out
        .lines()
        .map(|line| line.parse().expect("a number"))
        .collect();
    assert!(
        numbers.windows(2).all(|pair| pair[1] == pair[0] + 1),
        "none is missing in between"
    );
}

#[test]
fn no_driver_no_logs() {
    require!();
    let env = Env::busybox();
    env.sh("run --name c1 --network none --log-driver none busybox echo hi")
        .exits(0)
        .says("hi");
    env.sh("logs c1").exits(1).complains("logging driver");
}

#[test]
fn a_reader_that_stops_does_not_block_the_container() {
    require!();
    let env = Env::busybox();
    let mut child = env.spawn([
        "run",
        "--name",
        "c1",
        "--network",
        "none",
        "busybox",
        "sh",
        "-c",
        "seq 1 200000; touch /done; sleep 100",
    ]);
    // Nobody reads the pipe: the container must go on all the same.
    wait_until("the container is through", || {
        (env.sh("exec c1 ls /done").code == 0).then_some(())
    });
    child.kill().expect("kill");
    child.wait().expect("wait");
    assert_eq!(env.state("c1"), "running", "the container outlives its CLI");
}
