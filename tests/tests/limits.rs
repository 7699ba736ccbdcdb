//! Limits: what the groups say, and that they bite.

use hull_test::{Env, kernel, require, wait_until};

/// Starts a sleeper with these flags and answers its pid.
fn sleeper(env: &Env, flags: &str) -> i32 {
    env.sh(&format!(
        "run -d --name c1 --network none {flags} busybox sleep 1000"
    ))
    .ok();
    env.pid("c1")
}

#[test]
fn the_groups_hold_the_wish() {
    require!(
        Need::CgroupV1("memory"),
        Need::CgroupV1("cpu"),
        Need::CgroupV1("pids")
    );
    let env = Env::busybox();
    let pid = sleeper(
        &env,
        "-m 64m --memory-reservation 32m --cpus 0.5 --cpu-shares 512 --pids-limit 50 --cpuset-cpus 0",
    );
    let check = |controller: &str, file: &str, value: &str| {
        assert_eq!(kernel::limit(pid, controller, file), value, "{file}");
    };
    check("memory", "memory.limit_in_bytes", "67108864");
    check("memory", "memory.soft_limit_in_bytes", "33554432");
    check("memory", "memory.memsw.limit_in_bytes", "134217728");
    check("cpu", "cpu.cfs_quota_us", "50000");
    check("cpu", "cpu.cfs_period_us", "100000");
    check("cpu", "cpu.shares", "512");
    check("pids", "pids.max", "50");
    check("cpuset", "cpuset.cpus", "0");
}

#[test]
fn period_and_quota_by_hand() {
    require!(Need::CgroupV1("cpu"));
    let env = Env::busybox();
    let pid = sleeper(&env, "--cpu-period 50000 --cpu-quota 20000");
    assert_eq!(kernel::limit(pid, "cpu", "cpu.cfs_period_us"), "50000");
    assert_eq!(kernel::limit(pid, "cpu", "cpu.cfs_quota_us"), "20000");
    env.sh("run --rm --cpus 1 --cpu-quota 1000 busybox true")
        .exits(125);
}

#[test]
fn too_much_memory_is_an_oom_kill() {
    require!(Need::CgroupV1("memory"));
    let env = Env::busybox();
    let eat = "x=a; while :; do x=$x$x; done";
    env.hull([
        "run",
        "--name",
        "c1",
        "--network",
        "none",
        "-m",
        "16m",
        "--memory-swap",
        "16m",
        "busybox",
        "sh",
        "-c",
        eat,
    ])
    .exits(137);
    assert_eq!(
        env.inspect("c1")["State"]["OOMKilled"].as_bool(),
        Some(true)
    );
    env.sh("run --name fine --network none -m 16m busybox true")
        .exits(0);
    assert_eq!(
        env.inspect("fine")["State"]["OOMKilled"].as_bool(),
        Some(false)
    );
}

#[test]
fn too_many_processes_are_refused_by_the_kernel() {
    require!(Need::CgroupV1("pids"));
    let env = Env::busybox();
    let script = "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 5 & done; wait";
    let done = env.hull([
        "run",
        "--rm",
        "--network",
        "none",
        "--pids-limit",
        "5",
        "busybox",
        "sh",
        "-c",
        script,
    ]);
    assert!(done.err.contains("can't fork"), "{done}");
}

#[test]
fn half_a_cpu_is_half_a_cpu() {
    require!(Need::CgroupV1("cpu"));
    let env = Env::busybox();
    env.hull([
        "run",
        "-d",
        "--name",
        "c1",
        "--network",
        "none",
        "--cpus",
        "0.2",
        "busybox",
        "sh",
        "-c",
        "while :; do :; done",
    ])
    .ok();
    let pid = env.pid("c1");
    wait_until("the limit was met", || {
        let stat = kernel::limit(pid, "cpu", "cpu.stat");
        let throttled = stat
            .lines()
            .find_map(|line| line.strip_prefix("nr_throttled "));
        throttled
            .and_then(|count| count.parse::<u64>().ok())
            .filter(|count| *count > 5)
    });
}

#[test]
fn devices_are_a_short_list() {
    require!(Need::CgroupV1("devices"));
    let env = Env::busybox();
    let pid = sleeper(&env, "");
    let list = kernel::limit(pid, "devices", "devices.list");
    for expected in [
        "c 1:3 rwm",
        "c 1:5 rwm",
        "c 5:0 rwm",
        "c 136:* rwm",
        "c *:* m",
        "b *:* m",
    ] {
        assert!(
            list.lines().any(|line| line == expected),
            "{expected} in\n{list}"
        );
    }
    assert!(!list.contains("a *:* rwm"), "{list}");
    // Root in the container may make the node of a disk but not open it.
    env.hull(["exec", "c1", "sh", "-c", "mknod /disk b 7 0 && cat /disk"])
        .exits(1)
        .complains("not permitted");
}

#[test]
fn a_device_given_is_there_and_usable() {
    require!();
    let env = Env::busybox();
    let words =
        "run --rm --network none --device /dev/zero:/dev/nought:r busybox head -c 3 /dev/nought";
    assert_eq!(env.sh(words).exits(0).out.len(), 3);
    let done = env.sh("run --rm --network none --device /dev/no-such busybox true");
    // docker's own client answers 127 here, taken in by "no such file" in the daemon's text.
    assert!(matches!(done.code, 125 | 127), "{done}");
    done.complains("/dev/no-such");
}

#[test]
fn ulimits_are_set_or_refused() {
    require!();
    let env = Env::busybox();
    let out = env
        .hull([
            "run",
            "--rm",
            "--network",
            "none",
            "--ulimit",
            "nofile=100:200",
            "--ulimit",
            "core=0",
            "busybox",
            "cat",
            "/proc/self/limits",
        ])
        .ok();
    let line = out
        .lines()
        .find(|line| line.starts_with("Max open files"))
        .expect("the line");
    assert_eq!(
        line.split_whitespace().collect::<Vec<_>>()[3..5],
        ["100", "200"]
    );
    env.sh("run --rm --network none --ulimit bogus=1 busybox true")
        .exits(125)
        .complains("bogus");
    env.sh("run --rm --network none --ulimit nofile=200:100 busybox true")
        .exits(125);
}

#[test]
fn sysctls_of_its_own_namespaces_only() {
    require!();
    let env = Env::busybox();
    let words = "run --rm --network none --sysctl net.ipv4.ip_forward=1 --sysctl kernel.msgmax=9000 busybox cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax";
    assert_eq!(env.sh(words).ok(), "1\n9000");
    env.sh("run --rm --network none --sysctl kernel.panic=1 busybox true")
        .exits(125)
        .complains("kernel.panic");
    env.sh("run --rm --network host --sysctl net.ipv4.ip_forward=1 busybox true")
        .exits(125);
}

#[test]
fn oom_score() {
    require!();
    let env = Env::busybox();
    let out = env
        .sh("run --rm --network none --oom-score-adj 300 busybox cat /proc/self/oom_score_adj")
        .ok();
    assert_eq!(out, "300");
    env.sh("run --rm --network none --oom-score-adj 5000 busybox true")
        .exits(125);
}

#[test]
fn a_parent_group_is_respected() {
    require!(Need::CgroupV1("memory"));
    let env = Env::busybox();
    let parent = format!("hull-test-{}", std::process::id());
    let pid = sleeper(&env, &format!("--cgroup-parent /{parent}"));
    let group = kernel::cgroup_v1(pid, "memory");
    assert!(
        group.to_string_lossy().contains(&format!("/{parent}/")),
        "{}",
        group.display()
    );
    env.sh("rm -f c1").ok();
    for entry in std::fs::read_dir("/sys/fs/cgroup")
        .expect("cgroups")
        .flatten()
    {
        std::fs::remove_dir(entry.path().join(&parent)).ok();
    }
}
