//! What a container has of its own: namespaces, users, mounts, names.

use hull_test::{Env, kernel, require, wait_until};

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
fn users_by_name_and_number() {
    require!();
    let env = Env::busybox();
    let ids = ["sh", "-c", "id -u; id -g; id -G; echo $HOME"];
    assert_eq!(busybox(&env, "", &ids), "0\n0\n0\n/root");
    assert_eq!(
        busybox(&env, "-u alice", &ids),
        "1000\n1000\n1000 10 29\n/home/alice"
    );
    assert_eq!(
        busybox(&env, "-u 1000:10", &ids),
        "1000\n10\n10\n/home/alice"
    );
    assert_eq!(busybox(&env, "-u 4321", &ids), "4321\n0\n0\n/");
    assert_eq!(
        busybox(&env, "-u alice:audio --group-add 77", &["id", "-G"]),
        "29 77"
    );
    env.sh("run --rm --network none -u nobody-here busybox id")
        .exits(125)
        .complains("nobody-here");
}

#[test]
fn hostname_and_domain() {
    require!();
    let env = Env::busybox();
    let out = busybox(
        &env,
        "-h box --domainname example.org",
        &[
            "sh",
            "-c",
            "hostname; cat /proc/sys/kernel/domainname; cat /etc/hostname",
        ],
    );
    assert_eq!(out, "box\nexample.org\nbox");
    let hosts = busybox(&env, "-h box", &["cat", "/etc/hosts"]);
    assert!(hosts.contains("127.0.0.1\tlocalhost"), "{hosts}");
    env.sh("run -d --name named --network none busybox sleep 100")
        .ok();
    let id = env.inspect("named")["Id"].as_str().expect("Id").to_owned();
    assert_eq!(env.sh("exec named hostname").ok(), id[..12]);
}

#[test]
fn namespaces_are_the_containers_own() {
    require!();
    let env = Env::busybox();
    env.sh("run -d --name c1 --network none busybox sleep 100")
        .ok();
    let (pid, own) = (env.pid("c1"), std::process::id().cast_signed());
    for kind in ["mnt", "pid", "uts", "ipc", "net"] {
        assert_ne!(
            kernel::namespace(pid, kind),
            kernel::namespace(own, kind),
            "{kind}"
        );
    }
    assert_eq!(
        kernel::namespace(pid, "user"),
        kernel::namespace(own, "user")
    );
    assert_eq!(env.sh("exec c1 sh -c echo").exits(0).code, 0);
    let first = env.hull(["exec", "c1", "cat", "/proc/1/comm"]).ok();
    assert_eq!(first, "sleep");
}

#[test]
fn namespaces_can_be_shared() {
    require!();
    let env = Env::busybox();
    let own = std::process::id().cast_signed();
    env.sh("run -d --name h1 --network host --pid host --ipc host --uts host busybox sleep 100")
        .ok();
    for kind in ["net", "pid", "ipc", "uts"] {
        assert_eq!(
            kernel::namespace(env.pid("h1"), kind),
            kernel::namespace(own, kind),
            "{kind}"
        );
    }
    env.sh("run -d --name a1 --network none --ipc shareable busybox sleep 100")
        .ok();
    env.sh("run -d --name b1 --network container:a1 --pid container:a1 --ipc container:a1 busybox sleep 100").ok();
    for kind in ["net", "pid", "ipc"] {
        let (a, b) = (env.pid("a1"), env.pid("b1"));
        assert_eq!(
            kernel::namespace(a, kind),
            kernel::namespace(b, kind),
            "{kind}"
        );
    }
}

#[test]
fn loopback_is_up_without_a_network() {
    require!();
    let env = Env::busybox();
    let out = busybox(
        &env,
        "",
        &["sh", "-c", "ls /sys/class/net; ip addr show lo"],
    );
    assert!(out.starts_with("lo\n"), "{out}");
    assert!(out.contains("127.0.0.1/8") && out.contains("UP"), "{out}");
}

#[test]
fn an_init_reaps_orphans() {
    require!();
    let env = Env::busybox();
    env.sh("run -d --init --name i1 --network none busybox sleep 100")
        .ok();
    assert_ne!(
        env.hull(["exec", "i1", "cat", "/proc/1/comm"]).ok(),
        "sleep"
    );
    env.hull(["exec", "i1", "sh", "-c", "(sleep 0.1 &) ; true"])
        .ok();
    wait_until("the orphan is reaped", || {
        let list = env.hull(["exec", "i1", "ps"]).ok();
        (!list.contains("sleep 0.1")).then_some(())
    });
    let start = std::time::Instant::now();
    env.sh("stop i1").ok();
    assert!(start.elapsed().as_secs() < 5, "an init forwards SIGTERM");
}

#[test]
fn binds_and_tmpfs() {
    require!();
    let env = Env::busybox();
    let file = env.file("shared", "from the host");
    let folder = env.path("").to_string_lossy().into_owned();
    let out = busybox(
        &env,
        &format!("-v {folder}:/data"),
        &["sh", "-c", "cat /data/shared; echo back > /data/answer"],
    );
    assert_eq!(out, "from the host");
    assert_eq!(
        std::fs::read_to_string(env.path("answer")).expect("an answer"),
        "back\n"
    );
    let words = [
        "run",
        "--rm",
        "--network",
        "none",
        "-v",
        &format!("{folder}:/data:ro"),
        "busybox",
    ];
    env.hull(words.into_iter().chain(["touch", "/data/x"]))
        .exits(1)
        .complains("read-only");
    let mounts = busybox(
        &env,
        &format!("--tmpfs /scratch:size=1m,mode=1770 --mount type=bind,src={file},dst=/f,readonly"),
        &["cat", "/proc/mounts"],
    );
    let scratch = mounts
        .lines()
        .find(|line| line.contains(" /scratch "))
        .expect("/scratch");
    assert!(
        scratch.contains("tmpfs") && scratch.contains("size=1024k"),
        "{scratch}"
    );
    assert!(
        scratch.contains("mode=1770") && scratch.contains("nosuid"),
        "{scratch}"
    );
    assert!(
        mounts
            .lines()
            .any(|line| line.contains(" /f ") && line.contains("ro,")),
        "{mounts}"
    );
    env.hull([
        "run",
        "--rm",
        "--network",
        "none",
        "--mount",
        "type=bind,src=/no/such,dst=/x",
        "busybox",
    ])
    .exits(125)
    .complains("/no/such");
}

#[test]
fn read_only_keeps_the_root_but_not_its_tmpfs() {
    require!();
    let env = Env::busybox();
    let words = "run --rm --network none --read-only --tmpfs /tmp busybox touch /x";
    env.sh(words).exits(1).complains("read-only file system");
    busybox(&env, "--read-only --tmpfs /tmp", &["touch", "/tmp/x"]);
}

#[test]
fn shm_has_the_asked_size() {
    require!();
    let env = Env::busybox();
    let size = |flags: &str| busybox(&env, flags, &["sh", "-c", "df -k /dev/shm | tail -1"]);
    assert!(size("").contains(" 65536 "), "64 MiB is the default");
    assert!(size("--shm-size 8m").contains(" 8192 "));
}
