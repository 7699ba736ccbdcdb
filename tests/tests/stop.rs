//! `stop`, `kill`, `pause`, `restart`, `wait`, `start`: how a container ends and begins again.

use std::time::Instant;

use hull_test::{Env, kernel, require, wait_until};

const POLITE: &str =
    "trap 'exit 3' TERM; trap 'exit 4' INT; echo ready; while :; do sleep 0.05; done";

fn polite(env: &Env, flags: &str) {
    let mut words = vec!["run", "-d", "--name", "c1", "--network", "none"];
    words.extend(flags.split_whitespace());
    words.extend(["busybox", "sh", "-c", POLITE]);
    env.hull(words).ok();
    wait_until("it is ready", || {
        env.sh("logs c1").out.contains("ready").then_some(())
    });
}

fn exit_code(env: &Env) -> i64 {
    env.inspect("c1")["State"]["ExitCode"]
        .as_i64()
        .expect("ExitCode")
}

#[test]
fn stop_asks_first() {
    require!();
    let env = Env::busybox();
    polite(&env, "");
    let pid = env.pid("c1");
    assert_eq!(env.sh("stop c1").ok(), "c1");
    assert!(!kernel::alive(pid));
    assert_eq!((env.state("c1").as_str(), exit_code(&env)), ("exited", 3));
    env.sh("stop c1").exits(0);
}

#[test]
fn stop_kills_the_deaf_after_its_time() {
    require!();
    let env = Env::busybox();
    env.sh("run -d --name c1 --network none busybox sleep 1000")
        .ok();
    let start = Instant::now();
    env.sh("stop -t 1 c1").ok();
    assert!((1..5).contains(&start.elapsed().as_secs()));
    assert_eq!(exit_code(&env), 137);
}

#[test]
fn stop_uses_the_asked_signal() {
    require!();
    let env = Env::busybox();
    polite(&env, "--stop-signal INT");
    env.sh("stop c1").ok();
    assert_eq!(exit_code(&env), 4);
    env.sh("rm c1").ok();
    polite(&env, "");
    env.sh("stop -s SIGINT c1").ok();
    assert_eq!(exit_code(&env), 4);
}

#[test]
fn kill_sends_what_it_is_told() {
    require!();
    let env = Env::busybox();
    polite(&env, "");
    env.sh("kill -s BOGUS c1").exits(1).complains("bogus");
    env.sh("kill -s 15 c1").ok();
    assert_eq!(env.sh("wait c1").ok(), "3");
    env.sh("kill c1").exits(1).complains("not running");
    env.sh("start c1").ok();
    env.sh("kill c1").ok();
    assert_eq!(env.sh("wait c1").ok(), "137");
}

#[test]
fn paused_means_frozen() {
    require!();
    let env = Env::busybox();
    let count = "i=0; while :; do i=$((i+1)); echo $i; sleep 0.02; done";
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
        count,
    ])
    .ok();
    env.sh("pause c1").ok();
    assert_eq!(env.state("c1"), "paused");
    let before = env.sh("logs c1").out;
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert_eq!(env.sh("logs c1").out, before, "nothing moves");
    env.sh("pause c1").exits(1).complains("already paused");
    env.sh("unpause c1").ok();
    assert_eq!(env.state("c1"), "running");
    env.sh("unpause c1").exits(1).complains("not paused");
    wait_until("it moves again", || {
        (env.sh("logs c1").out.len() > before.len()).then_some(())
    });
    env.sh("pause c1").ok();
    env.sh("stop -t 1 c1").exits(0);
    assert_eq!(env.state("c1"), "exited");
}

#[test]
fn wait_answers_every_code_in_order() {
    require!();
    let env = Env::busybox();
    for code in [1, 2, 3] {
        let name = format!("w{code}");
        let script = format!("sleep 0.{code}; exit {code}");
        env.hull([
            "run",
            "-d",
            "--name",
            &name,
            "--network",
            "none",
            "busybox",
            "sh",
            "-c",
            &script,
        ])
        .ok();
    }
    assert_eq!(env.sh("wait w3 w1 w2").ok(), "3\n1\n2");
    env.sh("wait nobody")
        .exits(1)
        .complains("no such container");
}

#[test]
fn restart_makes_a_new_process_with_the_same_files() {
    require!();
    let env = Env::busybox();
    polite(&env, "");
    env.sh("exec c1 touch /mark").ok();
    let before = env.pid("c1");
    assert_eq!(env.sh("restart -t 5 c1").ok(), "c1");
    let after = env.pid("c1");
    assert!(before != after && kernel::alive(after) && !kernel::alive(before));
    env.sh("exec c1 ls /mark").exits(0);
    assert_eq!(env.inspect("c1")["RestartCount"].as_i64(), Some(0));
}

#[test]
fn start_of_a_running_container_is_no_error() {
    require!();
    let env = Env::busybox();
    polite(&env, "");
    let pid = env.pid("c1");
    env.sh("start c1").exits(0);
    assert_eq!(env.pid("c1"), pid);
}

#[test]
fn the_state_tells_the_times() {
    require!();
    let env = Env::busybox();
    env.sh("run --name c1 --network none busybox false")
        .exits(1);
    let state = env.inspect("c1")["State"].clone();
    assert_eq!(state["Running"].as_bool(), Some(false));
    assert_eq!(state["Pid"].as_i64(), Some(0));
    let (started, finished) = (state["StartedAt"].as_str(), state["FinishedAt"].as_str());
    assert!(started.is_some() && started < finished, "{state}");
}
