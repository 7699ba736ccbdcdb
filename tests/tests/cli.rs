//! The command line itself: usage errors beside docker's own client, help, completion, files that
//! flags name, signals and pipes.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use hull_test::requires::program;
use hull_test::{Env, require, wait_until};

/// Lines that are wrong, one per kind of mistake; docker is asked too and must say the same.
const WRONG: &[&str] = &[
    "ps --bogus",
    "ps -Z",
    "ps extra",
    "ps --last x",
    "ps --filter x",
    "run",
    "run --bogus x",
    "run --name",
    "run -itz image",
    "run --rm=maybe image",
    "run -m xx image",
    "run --memory 1x image",
    "run --cpus x image",
    "run --cpus 0.0000000001 image",
    "run --memory-swappiness x image",
    "run --memory-swappiness 101 image",
    "run --blkio-weight 99999999 image",
    "run --blkio-weight-device x image",
    "run --blkio-weight-device /dev/sda:5 image",
    "run --device-read-bps x image",
    "run --device-read-bps /x:1 image",
    "run --device-write-bps /dev/sda:x image",
    "run --device-read-iops /dev/sda:1mb image",
    "run --ulimit x image",
    "run --ulimit nofile=5:2 image",
    "run --ulimit bogus=1 image",
    "run --ulimit nofile=1:2:3 image",
    "run --mount x image",
    "run --mount type=bind,src=x image",
    "run --mount type=bind,bogus=1,target=/x image",
    "run --mount type=bind,src=/a,dst=/b,ro=maybe image",
    "run --gpus x image",
    "run --sysctl x image",
    "run --storage-opt x image",
    "run -a x image",
    "run --security-opt x image",
    "run --restart on-failure:x image",
    "run --restart :3 image",
    "run --rm --restart always image",
    "run --stop-timeout x image",
    "run --shm-size x image",
    "run --health-interval x image",
    "run --pull x image",
    "run --pid x image",
    "run --uts x image",
    "run --userns x image",
    "run --cgroupns x image",
    "run --device-cgroup-rule x image",
    "run -e =x image",
    "run -l =x image",
    "run --expose x image",
    "exec",
    "exec container",
    "exec -z container",
    "logs",
    "logs a b",
    "stop",
    "stop -t x y",
    "kill",
    "rm",
    "rename a",
    "tag a",
    "images a b",
    "load x",
    "inspect",
    "history",
    "wait",
    "save",
    "import",
    "container inspect",
    "image inspect",
];

#[test]
fn mistakes_are_told_in_dockers_words() {
    let Some(docker) = program("docker") else {
        return;
    };
    let env = Env::empty();
    for line in WRONG {
        let theirs = Command::new(&docker)
            .args(["-H", "unix:///nonexistent/docker.sock"])
            .args(line.split(' '))
            .stdin(Stdio::null())
            .output()
            .expect("docker");
        let ours = env.sh(line);
        let said = String::from_utf8_lossy(&theirs.stderr);
        let wanted = first_line(&said, "docker: ").replace("docker", "hull");
        assert_eq!(first_line(&ours.err, "hull: "), wanted, "{line}");
        assert_eq!(Some(ours.code), theirs.status.code(), "{line}");
    }
}

/// The first line, without the program's name before it.
fn first_line<'t>(text: &'t str, prefix: &str) -> &'t str {
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix(prefix).unwrap_or(line)
}

#[test]
fn what_waits_for_later_work_says_so() {
    let env = Env::empty();
    for (line, what) in [
        ("run -p 80:80 image", "--publish: comes with networks"),
        ("run --dns 1.1.1.1 image", "--dns: comes with networks"),
        (
            "run --network mine image",
            "--network mine: comes with networks",
        ),
        (
            "run --health-cmd true image",
            "--health-cmd: comes with health checks",
        ),
        (
            "run --volumes-from x image",
            "--volumes-from: comes with volumes",
        ),
        ("-H unix:///x ps", "--host: hull has no daemon"),
    ] {
        env.sh(line)
            .exits(125)
            .complains(what)
            .complains("not supported");
    }
}

#[test]
fn near_misses_are_pointed_out() {
    let env = Env::empty();
    env.sh("rum x")
        .exits(1)
        .complains("did you mean `hull run`?");
    env.sh("container runn")
        .exits(1)
        .complains("`hull container run`");
    env.sh("run --nmae x y")
        .exits(125)
        .complains("did you mean --name?");
}

#[test]
fn every_command_has_help_that_fits() {
    let env = Env::empty();
    let tables = env.sh("__tables").ok();
    let tables: serde_json::Value = serde_json::from_str(&tables).expect("JSON");
    let paths = tables["commands"].as_array().into_iter().flatten();
    let paths: Vec<&str> = paths
        .flat_map(|command| command["paths"].as_array().into_iter().flatten())
        .filter_map(serde_json::Value::as_str)
        .collect();
    assert!(paths.len() > 60, "{paths:?}");
    for path in paths {
        let help = env.sh(&format!("{path} --help")).exits(0).out;
        assert!(help.starts_with("Usage:  hull "), "{path}: {help}");
        let options = help.split("Options:").nth(1).unwrap_or_default();
        let wide = options.lines().find(|line| line.chars().count() > 80);
        assert_eq!(wide, None, "{path}");
    }
}

#[test]
fn words_are_completed() {
    let env = Env::busybox();
    env.sh("create --name some-name busybox").exits(0);
    let complete = |words: &[&str]| {
        let mut line = vec!["__complete", "--"];
        line.extend(words);
        env.hull(line).ok()
    };
    assert_eq!(complete(&["unp"]), "unpause");
    assert_eq!(complete(&["container", "ren"]), "rename");
    assert_eq!(
        complete(&["run", "--memory-sw"]),
        "--memory-swap\n--memory-swappiness"
    );
    assert_eq!(complete(&["rm", "some"]), "some-name");
    assert_eq!(complete(&["stop", "some"]), "", "it does not run");
    assert_eq!(complete(&["run", "--rm", "busy"]), "busybox:latest");
    assert_eq!(
        complete(&["run", "busybox", ""]),
        "",
        "the rest is the container's"
    );
    for shell in ["bash", "zsh", "fish"] {
        env.hull(["completion", shell])
            .exits(0)
            .says("hull __complete");
    }
}

#[test]
fn ids_and_variables_go_through_files() {
    require!();
    let env = Env::busybox();
    let cid = env.path("cid");
    let cid = cid.to_string_lossy();
    let variables = env.file(
        "env",
        "# a comment\nA=from file\nHULL_TEST_UNSET\nB='quoted'\n",
    );
    let labels = env.file("labels", "team=kernel\n");
    let out = env
        .hull([
            "run",
            "--network",
            "none",
            "--cidfile",
            &cid,
            "--env-file",
            &variables,
            "--label-file",
            &labels,
            "-e",
            "B=last",
            "busybox",
            "sh",
            "-c",
            "echo $A-$B-$HULL_TEST_UNSET",
        ])
        .ok();
    assert_eq!(out, "from file-last-");
    let id = std::fs::read_to_string(&*cid).expect("the id");
    assert_eq!(env.inspect(&id)["Config"]["Labels"]["team"], "kernel");
    env.hull(["run", "--cidfile", &cid, "busybox"])
        .exits(125)
        .complains("container ID file found");
    env.hull(["run", "--env-file", "/nonexistent", "busybox"])
        .exits(125)
        .complains("/nonexistent");
}

#[test]
fn signals_go_to_the_container() {
    require!();
    let env = Env::busybox();
    let mut child = env
        .command([
            "run",
            "--rm",
            "--network",
            "none",
            "busybox",
            "sh",
            "-c",
            "trap 'exit 42' TERM; echo ready; while :; do sleep 0.1; done",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("hull");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe"))
        .read_line(&mut line)
        .expect("a line");
    assert_eq!(line, "ready\n");
    let pid = child.id().to_string();
    Command::new("kill")
        .args(["-TERM", &pid])
        .status()
        .expect("kill");
    assert_eq!(child.wait().expect("wait").code(), Some(42));
}

#[test]
fn a_closed_pipe_ends_the_client_quietly() {
    require!();
    let env = Env::busybox();
    let mut child = env
        .command(["run", "--name", "c1", "--network", "none", "busybox", "yes"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("hull");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe"))
        .read_line(&mut line)
        .expect("a line");
    let done = child.wait_with_output().expect("wait");
    assert_eq!((line.as_str(), done.status.code()), ("y\n", Some(141)));
    assert_eq!(
        String::from_utf8_lossy(&done.stderr),
        "",
        "nothing to complain about"
    );
    wait_until("it goes on without us", || {
        (env.state("c1") == "running").then_some(())
    });
}

#[test]
fn several_names_go_on_after_one_that_fails() {
    require!();
    let env = Env::busybox();
    env.sh("create --name aa busybox").exits(0);
    env.sh("create --name bb busybox").exits(0);
    let done = env
        .sh("rm aa nope bb")
        .exits(1)
        .complains("No such container: nope");
    assert_eq!(done.out, "aa\nbb\n");
    let done = env
        .sh("inspect nope")
        .exits(1)
        .complains("No such object: nope");
    assert_eq!(done.out, "[]\n");
    env.sh("inspect -f {{.Id busybox")
        .exits(64)
        .complains("template parsing error");
}

#[test]
fn configuration_is_read_where_it_is_said() {
    require!();
    let env = Env::busybox();
    env.sh("create --name aa busybox").exits(0);
    let dir = env.path("config");
    std::fs::create_dir_all(&dir).expect("a directory");
    std::fs::write(
        dir.join("config.json"),
        r#"{"psFormat":"{{.Names}}!","auths":{}}"#,
    )
    .expect("a file");
    let dir = dir.to_string_lossy();
    assert_eq!(env.hull(["--config", &dir, "ps", "-a"]).ok(), "aa!");
    assert_eq!(
        env.hull(["--config", &dir, "ps", "-a", "--format", "{{.Names}}"])
            .ok(),
        "aa"
    );
    std::fs::write(format!("{dir}/config.json"), "{").expect("a file");
    env.hull(["--config", &dir, "ps"])
        .exits(1)
        .complains("config.json as JSON");
}
