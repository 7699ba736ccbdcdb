//! `--restart`: who is started again, how often, and who is left alone.

use hull_test::{Env, kernel, require, wait_until};

fn count(env: &Env) -> i64 {
    env.inspect("c1")["RestartCount"]
        .as_i64()
        .expect("RestartCount")
}

fn start(env: &Env, policy: &str, script: &str) {
    env.hull([
        "run",
        "-d",
        "--name",
        "c1",
        "--network",
        "none",
        "--restart",
        policy,
        "busybox",
        "sh",
        "-c",
        script,
    ])
    .ok();
}

#[test]
fn on_failure_stops_at_its_maximum() {
    require!();
    let env = Env::busybox();
    start(&env, "on-failure:2", "echo turn; exit 5");
    wait_until("it gives up", || {
        (env.state("c1") == "exited").then_some(())
    });
    assert_eq!(count(&env), 2);
    assert_eq!(env.logs("c1"), "turn\nturn\nturn");
    assert_eq!(env.inspect("c1")["State"]["ExitCode"].as_i64(), Some(5));
}

#[test]
fn on_failure_leaves_success_alone() {
    require!();
    let env = Env::busybox();
    start(&env, "on-failure", "exit 0");
    assert_eq!(env.sh("wait c1").ok(), "0");
    wait_until("it is over", || (env.state("c1") == "exited").then_some(()));
    assert_eq!(count(&env), 0);
}

#[test]
fn always_goes_on_until_stopped_by_hand() {
    require!();
    let env = Env::busybox();
    start(&env, "always", "exec sleep 1000");
    let first = env.pid("c1");
    std::process::Command::new("kill")
        .args(["-9", &first.to_string()])
        .status()
        .expect("kill");
    let second = wait_until("it is back", || {
        let pid = env.pid("c1");
        (pid != 0 && pid != first).then_some(pid)
    });
    assert!(kernel::alive(second));
    assert_eq!(count(&env), 1);
    env.sh("stop -t 1 c1").ok();
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(env.state("c1"), "exited");
}

#[test]
fn the_pause_between_restarts_doubles() {
    require!();
    let env = Env::busybox();
    start(&env, "always", "date +%s.%N; cat /proc/uptime");
    wait_until("it ran five times", || {
        (env.logs("c1").lines().count() >= 10).then_some(())
    });
    let times: Vec<f64> = env
        .logs("c1")
        .lines()
        .skip(1)
        .step_by(2)
        .map(|line| {
            line.split(' ')
                .next()
                .expect("uptime")
                .parse()
                .expect("a number")
        })
        .collect();
    let gaps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for (gap, least) in gaps.iter().zip([0.09, 0.19, 0.39, 0.79]) {
        assert!(*gap >= least && *gap < least + 2.0, "{gaps:?}");
    }
    env.sh("rm -f c1").ok();
}

#[test]
fn stop_ends_a_container_that_waits_to_restart() {
    require!();
    let env = Env::busybox();
    start(&env, "always", "exit 1");
    wait_until("it was restarted", || (count(&env) >= 3).then_some(()));
    env.sh("stop c1").ok();
    assert_eq!(env.state("c1"), "exited");
    let before = count(&env);
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert_eq!(count(&env), before);
}

#[test]
fn a_bad_policy_is_refused() {
    require!();
    let env = Env::busybox();
    env.sh("run -d --restart sometimes busybox true")
        .exits(125)
        .complains("sometimes");
    env.sh("run -d --restart always:3 busybox true").exits(125);
    env.sh("run --rm --restart always busybox true")
        .exits(125)
        .complains("--rm");
}
