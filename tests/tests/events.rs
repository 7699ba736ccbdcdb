//! `events`: every verb leaves a line, in order, to be filtered and followed.

use std::io::{BufRead, BufReader};

use hull_test::{Env, require};
use serde_json::Value;

/// Actions of container events so far, oldest first.
fn actions(env: &Env, filters: &[&str]) -> Vec<String> {
    let mut words = vec![
        "events",
        "--since",
        "1h",
        "--until",
        "0s",
        "--format",
        "{{.Action}}",
    ];
    words.extend(filters);
    env.hull(words).ok().lines().map(str::to_owned).collect()
}

#[test]
fn a_life_in_events() {
    require!();
    let env = Env::busybox();
    env.sh("run --rm --name c1 --network none busybox true")
        .exits(0);
    hull_test::wait_until("it is destroyed", || {
        let all = actions(&env, &["--filter", "type=container"]);
        all.contains(&"destroy".to_owned()).then_some(())
    });
    let all = actions(&env, &["--filter", "type=container"]);
    let order = ["create", "start", "die", "destroy"];
    let places: Vec<_> = order
        .iter()
        .map(|a| all.iter().position(|x| x == a))
        .collect();
    assert!(
        places.iter().all(Option::is_some) && places.is_sorted(),
        "{all:?}"
    );
}

#[test]
fn every_verb_is_told() {
    require!();
    let env = Env::busybox();
    for line in [
        "run -d --name c1 --network none busybox sleep 1000",
        "pause c1",
        "unpause c1",
        "exec c1 true",
        "restart -t 0 c1",
        "rename c1 d1",
        "kill d1",
        "rm -f d1",
        "tag busybox other",
        "rmi other",
    ] {
        env.sh(line).exits(0);
    }
    let all = actions(&env, &[]);
    for action in [
        "create", "start", "pause", "unpause", "restart", "rename", "kill", "die", "destroy",
        "tag", "untag",
    ] {
        assert!(all.iter().any(|told| told == action), "{action} in {all:?}");
    }
    assert!(
        all.iter().any(|told| told.starts_with("exec_create")),
        "{all:?}"
    );
}

#[test]
fn filters_and_json() {
    require!();
    let env = Env::busybox();
    env.sh("run --name a1 --network none -l team=red busybox sh -c true")
        .exits(0);
    env.sh("run --name b1 --network none busybox false")
        .exits(1);
    assert!(actions(&env, &["--filter", "container=a1"]).contains(&"die".to_owned()));
    assert_eq!(
        actions(&env, &["--filter", "container=a1", "--filter", "event=die"]),
        ["die"]
    );
    assert_eq!(
        actions(
            &env,
            &["--filter", "label=team=red", "--filter", "event=create"]
        ),
        ["create"]
    );
    let line = env.hull([
        "events",
        "--since",
        "1h",
        "--until",
        "0s",
        "--filter",
        "container=b1",
        "--filter",
        "event=die",
        "--format",
        "{{json .}}",
    ]);
    let event: Value = serde_json::from_str(&line.ok()).expect("JSON");
    assert_eq!(event["Actor"]["Attributes"]["exitCode"], "1");
    assert_eq!(event["Actor"]["Attributes"]["name"], "b1");
    assert_eq!(event["Type"], "container");
}

#[test]
fn they_come_as_they_happen() {
    require!();
    let env = Env::busybox();
    let mut child = env.spawn([
        "events",
        "--format",
        "{{.Action}}",
        "--filter",
        "type=container",
    ]);
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    // The follower may need a moment; a create is repeated until one is told.
    std::thread::sleep(std::time::Duration::from_millis(200));
    env.sh("create --name c1 --network none busybox true").ok();
    assert_eq!(lines.next().expect("a line").expect("text"), "create");
    env.sh("rm c1").ok();
    assert_eq!(lines.next().expect("a line").expect("text"), "destroy");
    child.kill().expect("kill");
    child.wait().expect("wait");
}
