//! `run` and `create`: what a container sees of the wish, and what its exit says.

use hull_test::{Env, require, wait_until};

/// Runs in a throw-away busybox without a network and answers what it printed.
#[track_caller]
fn busybox(env: &Env, flags: &str, command: &[&str]) -> String {
    let mut words = vec!["run", "--rm", "--network", "none"];
    words.extend(flags.split_whitespace());
    words.push("busybox");
    words.extend(command);
    env.hull(words).ok()
}

#[test]
fn hello_world_comes_with_the_binary() {
    require!();
    let env = Env::empty();
    env.sh("run --rm --network none hello-world")
        .exits(0)
        .says("Hello from hull!");
}

#[test]
fn output_and_errors_keep_their_streams() {
    require!();
    let env = Env::busybox();
    let done = env
        .hull([
            "run",
            "--rm",
            "--network",
            "none",
            "busybox",
            "sh",
            "-c",
            "echo out; echo err >&2",
        ])
        .exits(0);
    assert_eq!((done.out.as_str(), done.err.as_str()), ("out\n", "err\n"));
}

#[test]
fn the_exit_code_is_the_containers() {
    require!();
    let env = Env::busybox();
    for code in [0, 1, 3, 42, 255] {
        let exit = format!("exit {code}");
        env.hull([
            "run",
            "--rm",
            "--network",
            "none",
            "busybox",
            "sh",
            "-c",
            &exit,
        ])
        .exits(code);
    }
}

#[test]
fn what_cannot_run_says_why() {
    require!();
    let env = Env::busybox();
    env.sh("run --rm --network none busybox no-such-program")
        .exits(127)
        .complains("no-such-program");
    env.sh("run --rm --network none busybox /etc/passwd")
        .exits(126)
        .complains("permission denied");
    env.sh("run --rm --no-such-flag busybox true")
        .exits(125)
        .complains("no-such-flag");
    env.sh("run --rm --memory lots busybox true")
        .exits(125)
        .complains("lots");
    env.sh("run --rm --pull never --network none absent true")
        .exits(125)
        .complains("absent");
}

#[test]
fn rm_leaves_nothing() {
    require!();
    let env = Env::busybox();
    busybox(&env, "", &["true"]);
    env.sh("run --rm --network none busybox false").exits(1);
    wait_until("the container is gone", || {
        env.sh("ps -aq").ok().is_empty().then_some(())
    });
    wait_until("no trace is left", || env.traces().none().then_some(()));
}

#[test]
fn environment_is_the_images_then_the_files_then_the_flags() {
    require!();
    let env = Env::busybox();
    let file = env.file("vars", "# comment\nFROM_FILE=1\nBOTH=file\n");
    let out = busybox(
        &env,
        &format!("--env-file {file} -e BOTH=flag -e EMPTY= -h box"),
        &["env"],
    );
    let lines: Vec<&str> = out.lines().collect();
    for expected in [
        "FROM_FILE=1",
        "BOTH=flag",
        "EMPTY=",
        "HOSTNAME=box",
        "HOME=/root",
    ] {
        assert!(lines.contains(&expected), "{expected} in\n{out}");
    }
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("PATH=/usr/local/sbin")),
        "{out}"
    );
    assert!(!lines.contains(&"BOTH=file"), "{out}");
}

#[test]
fn a_variable_without_a_value_comes_from_the_caller() {
    require!();
    let env = Env::busybox();
    let mut command = env.command([
        "run",
        "--rm",
        "--network",
        "none",
        "-e",
        "GIVEN",
        "-e",
        "ABSENT",
    ]);
    command
        .args(["busybox", "env"])
        .env("GIVEN", "here")
        .env_remove("ABSENT");
    let done = hull_test::env::finish(&mut command)
        .exits(0)
        .says("GIVEN=here");
    assert!(!done.out.contains("ABSENT"), "{done}");
}

#[test]
fn working_directory_is_made_when_missing() {
    require!();
    let env = Env::busybox();
    assert_eq!(busybox(&env, "-w /some/where", &["pwd"]), "/some/where");
    env.sh("run --rm --network none -w relative busybox pwd")
        .exits(125)
        .complains("relative");
}

#[test]
fn entrypoint_and_command_go_together() {
    require!();
    let env = Env::busybox();
    assert_eq!(busybox(&env, "--entrypoint echo", &["a", "b"]), "a b");
    assert_eq!(
        env.sh("run --rm --network none --entrypoint /bin/hostname -h box busybox")
            .ok(),
        "box"
    );
}

#[test]
fn cidfile_holds_the_id_and_is_never_overwritten() {
    require!();
    let env = Env::busybox();
    let path = env.path("cid").to_string_lossy().into_owned();
    let id = env
        .hull([
            "run",
            "-d",
            "--cidfile",
            &path,
            "--network",
            "none",
            "busybox",
            "true",
        ])
        .ok();
    assert_eq!(std::fs::read_to_string(&path).expect("the cidfile"), id);
    let again = [
        "run",
        "-d",
        "--cidfile",
        &path,
        "--network",
        "none",
        "busybox",
        "true",
    ];
    env.hull(again).exits(125).complains("cid");
}

#[test]
fn names_are_unique_and_checked() {
    require!();
    let env = Env::busybox();
    env.sh("create --name one busybox true").ok();
    env.sh("create --name one busybox true")
        .exits(1)
        .complains("one");
    env.sh("run --name one --network none busybox true")
        .exits(125)
        .complains("already in use");
    env.sh("create --name bad/name busybox true")
        .exits(1)
        .complains("bad/name");
    let id = env.sh("create --network none busybox true").ok();
    assert_eq!(id.len(), 64);
    let name = env.inspect(&id[..7])["Name"]
        .as_str()
        .expect("Name")
        .to_owned();
    assert!(name.starts_with('/') && name.contains('_'), "{name}");
}

#[test]
fn create_then_start_runs_once() {
    require!();
    let env = Env::busybox();
    env.sh("create --name c1 --network none busybox echo hi")
        .ok();
    assert_eq!(env.state("c1"), "created");
    assert_eq!(env.sh("start c1").ok(), "c1");
    assert_eq!(env.sh("wait c1").ok(), "0");
    assert_eq!(env.logs("c1"), "hi");
    assert_eq!(env.sh("start -a c1").ok(), "hi");
    assert_eq!(env.logs("c1"), "hi\nhi");
}

#[test]
fn stdin_reaches_the_container() {
    require!();
    let env = Env::busybox();
    let words = [
        "run",
        "--rm",
        "-i",
        "--network",
        "none",
        "busybox",
        "wc",
        "-c",
    ];
    assert_eq!(env.feed(words, &vec![b'x'; 1 << 20]).ok().trim(), "1048576");
    let words = ["run", "--rm", "--network", "none", "busybox", "cat"];
    assert_eq!(env.feed(words, b"ignored").ok(), "");
}

#[test]
fn a_million_lines_arrive_whole() {
    require!();
    let env = Env::busybox();
    let out = busybox(&env, "", &["seq", "1", "300000"]);
    assert_eq!(out.lines().count(), 300_000);
    assert!(out.ends_with("\n300000"));
}

#[test]
fn two_hundred_at_once() {
    require!();
    let env = Env::busybox();
    let codes: Vec<i32> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..20)
            .map(|worker| {
                let env = &env;
                scope.spawn(move || {
                    (0..10)
                        .map(|turn| {
                            let want = (worker * 10 + turn) % 100;
                            let exit = format!("exit {want}");
                            let done = env.hull([
                                "run",
                                "--rm",
                                "--network",
                                "none",
                                "busybox",
                                "sh",
                                "-c",
                                &exit,
                            ]);
                            assert_eq!(done.code, want, "{done}");
                            done.code
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|w| w.join().expect("a worker"))
            .collect()
    });
    assert_eq!(codes.len(), 200);
    wait_until("all are gone", || {
        env.sh("ps -aq").ok().is_empty().then_some(())
    });
    wait_until("no trace is left", || env.traces().none().then_some(()));
}

#[test]
fn the_default_network_is_told_once() {
    require!();
    let env = Env::busybox();
    let done = env.sh("run --rm busybox true").exits(0);
    assert!(done.err.lines().count() <= 1, "one line at most: {done}");
    assert!(done.err.contains("network"), "{done}");
}

#[test]
fn stopping_signals_reach_a_foreground_run() {
    require!();
    let env = Env::busybox();
    let script = "trap 'echo got; exit 7' TERM; echo ready; while :; do sleep 0.05; done";
    let mut child = env.spawn([
        "run",
        "--rm",
        "--name",
        "s1",
        "--network",
        "none",
        "busybox",
        "sh",
        "-c",
        script,
    ]);
    wait_until("it is ready", || {
        env.hull(["logs", "s1"]).out.contains("ready").then_some(())
    });
    let pid = child.id().to_string();
    std::process::Command::new("kill")
        .args(["-TERM", &pid])
        .status()
        .expect("kill");
    let code = wait_until("run ends", || child.try_wait().expect("wait")).code();
    assert_eq!(code, Some(7));
}
