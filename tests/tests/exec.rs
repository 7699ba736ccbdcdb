//! `exec`: a second process in a running container, with its own user, environment, stdin and exit.

use hull_test::{Env, kernel, require, wait_until};

fn sleeper(env: &Env, flags: &str) {
    let words = format!("run -d --name c1 --network none {flags} busybox sleep 1000");
    env.sh(&words).ok();
}

#[test]
fn it_joins_every_namespace_and_group() {
    require!();
    let env = Env::busybox();
    sleeper(&env, "");
    let first = env.pid("c1");
    let mut child = env.spawn(["exec", "c1", "sleep", "999"]);
    let second = wait_until("the second process is there", || {
        kernel::pids().into_iter().find(|pid| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            line == b"sleep\x00999\x00"
                && kernel::namespace(*pid, "pid") == kernel::namespace(first, "pid")
        })
    });
    for kind in ["mnt", "pid", "uts", "ipc", "net", "cgroup"] {
        assert_eq!(
            kernel::namespace(first, kind),
            kernel::namespace(second, kind),
            "{kind}"
        );
    }
    for controller in ["memory", "pids", "cpu", "devices"] {
        let (one, two) = (
            kernel::cgroup_v1(first, controller),
            kernel::cgroup_v1(second, controller),
        );
        assert_eq!(one, two, "{controller}");
    }
    for key in ["CapEff", "CapBnd", "CapPrm", "Seccomp", "NoNewPrivs"] {
        assert_eq!(
            kernel::status(first).get(key),
            kernel::status(second).get(key),
            "{key}"
        );
    }
    std::process::Command::new("kill")
        .args(["-9", &second.to_string()])
        .status()
        .expect("kill");
    assert_eq!(
        wait_until("exec ends", || child.try_wait().expect("wait")).code(),
        Some(137)
    );
}

#[test]
fn its_exit_code_is_the_commands() {
    require!();
    let env = Env::busybox();
    sleeper(&env, "");
    for code in [0, 1, 42, 255] {
        env.hull(["exec", "c1", "sh", "-c", &format!("exit {code}")])
            .exits(code);
    }
    env.sh("exec c1 no-such-program")
        .exits(127)
        .complains("no-such-program");
    env.sh("exec c1 /etc/passwd")
        .exits(126)
        .complains("permission denied");
    env.hull(["exec", "c1", "sh", "-c", "kill -TERM $$"])
        .exits(143);
}

#[test]
fn a_container_that_does_not_run_is_refused() {
    require!();
    let env = Env::busybox();
    env.sh("exec nobody true")
        .exits(1)
        .complains("no such container");
    env.sh("create --name c1 --network none busybox true").ok();
    env.sh("exec c1 true").exits(1).complains("not running");
    sleeper_paused(&env);
}

fn sleeper_paused(env: &Env) {
    env.sh("run -d --name p1 --network none busybox sleep 1000")
        .ok();
    env.sh("pause p1").ok();
    env.sh("exec p1 true").exits(1).complains("paused");
    env.sh("unpause p1").ok();
    env.sh("exec p1 true").exits(0);
}

#[test]
fn user_environment_and_directory() {
    require!();
    let env = Env::busybox();
    sleeper(&env, "-e FROM=run -w /tmp");
    assert_eq!(env.sh("exec c1 pwd").ok(), "/tmp");
    assert_eq!(env.sh("exec -w /etc c1 pwd").ok(), "/etc");
    assert_eq!(env.sh("exec -u alice c1 id -u").ok(), "1000");
    assert_eq!(env.sh("exec -u 5:6 c1 id -g").ok(), "6");
    let out = env.sh("exec -e ADDED=1 c1 env").ok();
    assert!(out.contains("FROM=run") && out.contains("ADDED=1"), "{out}");
}

#[test]
fn stdin_goes_in_only_when_asked() {
    require!();
    let env = Env::busybox();
    sleeper(&env, "");
    assert_eq!(
        env.feed(["exec", "-i", "c1", "cat"], b"words").ok(),
        "words"
    );
    assert_eq!(env.feed(["exec", "c1", "cat"], b"words").ok(), "");
}

#[test]
fn detached_exec_goes_on_alone() {
    require!();
    let env = Env::busybox();
    sleeper(&env, "");
    env.hull([
        "exec",
        "-d",
        "c1",
        "sh",
        "-c",
        "sleep 0.2; echo done > /tmp/mark",
    ])
    .exits(0);
    wait_until("the mark is there", || {
        (env.sh("exec c1 cat /tmp/mark").out == "done\n").then_some(())
    });
}

#[test]
fn privileges_are_the_containers() {
    require!();
    let env = Env::busybox();
    sleeper(&env, "--cap-drop ALL --security-opt no-new-privileges");
    let status = env.sh("exec c1 cat /proc/self/status").ok();
    let fields = kernel::fields(&status);
    assert_eq!(fields["CapEff"], "0000000000000000");
    assert_eq!(fields["NoNewPrivs"], "1");
    assert_eq!(fields["Seccomp"], "2");
}

#[test]
fn fifty_at_once() {
    require!();
    let env = Env::busybox();
    sleeper(&env, "");
    std::thread::scope(|scope| {
        for worker in 0..10 {
            let env = &env;
            scope.spawn(move || {
                for turn in 0..5 {
                    let word = format!("{worker}-{turn}");
                    assert_eq!(env.hull(["exec", "c1", "echo", &word]).ok(), word);
                }
            });
        }
    });
    assert_eq!(env.state("c1"), "running");
}
