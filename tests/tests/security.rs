//! What a container may not do: capabilities, seccomp, masks, devices, and the ways out.

use hull_test::{Env, kernel, require};

/// docker's fourteen default capabilities by number.
const DEFAULT: [u32; 14] = [0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31];

/// `/proc/self/status` of a container run with these flags.
#[track_caller]
fn status(env: &Env, flags: &str) -> std::collections::BTreeMap<String, String> {
    kernel::fields(
        &env.sh(&format!(
            "run --rm --network none {flags} busybox cat /proc/self/status"
        ))
        .ok(),
    )
}

#[test]
fn the_default_capabilities_are_dockers() {
    require!();
    let env = Env::busybox();
    let fields = status(&env, "");
    for set in ["CapEff", "CapPrm", "CapBnd"] {
        assert_eq!(kernel::bits(&fields[set]), DEFAULT, "{set}");
    }
    assert_eq!(kernel::bits(&fields["CapInh"]), [] as [u32; 0]);
    assert_eq!(kernel::bits(&fields["CapAmb"]), [] as [u32; 0]);
    assert_eq!(
        (fields["Seccomp"].as_str(), fields["NoNewPrivs"].as_str()),
        ("2", "0")
    );
}

#[test]
fn capabilities_are_added_and_dropped() {
    require!();
    let env = Env::busybox();
    let effective = |flags: &str| kernel::bits(&status(&env, flags)["CapEff"]);
    assert_eq!(effective("--cap-drop ALL"), [] as [u32; 0]);
    assert_eq!(effective("--cap-drop ALL --cap-add NET_ADMIN"), [12]);
    assert_eq!(effective("--cap-drop all --cap-add cap_chown"), [0]);
    assert!(effective("--cap-add SYS_PTRACE").contains(&19));
    assert!(!effective("--cap-drop CHOWN").contains(&0));
    env.sh("run --rm --network none --cap-add NO_SUCH busybox true")
        .exits(125)
        .complains("no_such");
}

#[test]
fn a_user_other_than_root_has_none() {
    require!();
    let env = Env::busybox();
    let fields = status(&env, "-u 1000");
    assert_eq!(kernel::bits(&fields["CapEff"]), [] as [u32; 0]);
    assert_eq!(kernel::bits(&fields["CapPrm"]), [] as [u32; 0]);
    assert_eq!(kernel::bits(&fields["CapBnd"]), DEFAULT);
}

#[test]
fn seccomp_answers_as_dockers_profile() {
    require!();
    let env = Env::busybox();
    let run = |flags: &str, command: &str| {
        env.hull(
            ["run", "--rm", "--network", "none"]
                .into_iter()
                .chain(flags.split_whitespace())
                .chain(["busybox", "sh", "-c", command]),
        )
    };
    run("", "unshare -m true")
        .exits(1)
        .complains("not permitted");
    run("--cap-add SYS_ADMIN", "unshare -m true").exits(0);
    run("", "mount -t tmpfs x /tmp").complains("permi");
    assert_eq!(
        status(&env, "--security-opt seccomp=unconfined")["Seccomp"],
        "0"
    );
    let profile = r#"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
        {"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":38}]}"#;
    let path = env.file("profile.json", profile);
    run(&format!("--security-opt seccomp={path}"), "mkdir /x")
        .exits(1)
        .complains("not implemented");
    let broken = env.file("broken.json", "{");
    run(&format!("--security-opt seccomp={broken}"), "true")
        .exits(125)
        .complains("broken.json");
}

#[test]
fn masked_and_read_only_paths() {
    require!();
    let env = Env::busybox();
    let mounts = env
        .sh("run --rm --network none busybox cat /proc/mounts")
        .ok();
    let find = |path: &str| {
        mounts
            .lines()
            .find(|line| line.split(' ').nth(1) == Some(path))
    };
    for path in [
        "/proc/bus",
        "/proc/fs",
        "/proc/irq",
        "/proc/sys",
        "/proc/sysrq-trigger",
    ] {
        if !std::path::Path::new(path).exists() {
            continue;
        }
        let options = find(path)
            .and_then(|line| line.split(' ').nth(3))
            .unwrap_or("absent");
        assert!(options.starts_with("ro"), "{path}: {options}");
    }
    for path in ["/proc/kcore", "/proc/keys", "/proc/timer_list"] {
        if std::path::Path::new(path).exists() {
            assert!(find(path).is_some(), "{path} is masked");
        }
    }
    assert!(
        find("/sys").is_some_and(|line| line.contains("ro,")),
        "{mounts}"
    );
    assert_eq!(
        env.sh("run --rm --network none busybox head -c 1 /proc/kcore")
            .out,
        ""
    );
    env.hull([
        "run",
        "--rm",
        "--network",
        "none",
        "busybox",
        "sh",
        "-c",
        "echo 1 > /proc/sys/kernel/panic",
    ])
    .exits(1)
    .complains("read-only");
}

#[test]
fn no_new_privileges_disarms_setuid() {
    require!();
    let env = Env::busybox();
    assert_eq!(
        status(&env, "--security-opt no-new-privileges")["NoNewPrivs"],
        "1"
    );
    assert_eq!(
        status(&env, "--security-opt no-new-privileges:true")["NoNewPrivs"],
        "1"
    );
    env.sh("run --rm --security-opt bogus=1 busybox true")
        .exits(125)
        .complains("bogus");
}

#[test]
fn privileged_has_what_we_hold_and_no_filter() {
    require!();
    let env = Env::busybox();
    let fields = status(&env, "--privileged");
    let own = kernel::status(std::process::id().cast_signed());
    assert_eq!(fields["CapEff"], own["CapEff"]);
    assert_eq!(fields["Seccomp"], "0");
    let mounts = env
        .sh("run --rm --network none --privileged busybox cat /proc/mounts")
        .ok();
    let proc_sys = mounts
        .lines()
        .any(|line| line.split(' ').nth(1) == Some("/proc/sys"));
    assert!(!proc_sys, "/proc is writable whole");
    assert!(
        mounts.lines().any(|line| line.contains(" /sys sysfs rw")),
        "{mounts}"
    );
    let devices = env
        .sh("run --rm --network none --privileged busybox ls /dev")
        .ok();
    assert!(
        devices.lines().any(|name| name == "kmsg"),
        "the host's devices are there"
    );
}

#[test]
fn dev_holds_what_programs_expect() {
    require!();
    let env = Env::busybox();
    let out = env.sh("run --rm --network none busybox ls /dev").ok();
    let mut names: Vec<&str> = out.lines().collect();
    names.sort_unstable();
    for name in [
        "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin",
        "stdout", "tty", "urandom", "zero",
    ] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    for name in ["kmsg", "mem", "kvm", "vda", "sda", "console"] {
        assert!(!names.contains(&name), "{name} in {names:?}");
    }
}

#[test]
fn no_descriptor_of_the_engine_leaks_in() {
    require!();
    let env = Env::busybox();
    let list = ["ls", "-l", "/proc/self/fd"];
    let out = env
        .hull(
            ["run", "--rm", "--network", "none", "busybox"]
                .into_iter()
                .chain(list),
        )
        .ok();
    for line in out.lines().filter(|line| line.contains("->")) {
        let fd: u32 = line
            .split("->")
            .next()
            .and_then(|left| left.split_whitespace().last())
            .expect("fd")
            .parse()
            .expect("a number");
        assert!(fd <= 3, "{out}");
    }
    env.sh("run -d --name c1 --network none busybox sleep 100")
        .ok();
    let out = env.hull(["exec", "c1"].into_iter().chain(list)).ok();
    assert!(
        out.lines().filter(|line| line.contains("->")).count() <= 4,
        "{out}"
    );
}

#[test]
fn the_host_is_out_of_sight() {
    require!();
    let env = Env::busybox();
    let mounts = env
        .sh("run --rm --network none busybox cat /proc/self/mountinfo")
        .ok();
    let root = env.root().to_string_lossy().into_owned();
    for line in mounts.lines().filter(|line| !line.contains(" - overlay ")) {
        let place = line.split(' ').nth(4).expect("a mount point");
        assert!(!place.contains(&root), "{line}");
    }
    let out = env
        .hull([
            "run",
            "--rm",
            "--network",
            "none",
            "busybox",
            "sh",
            "-c",
            "ls /proc | grep -c '^[0-9]'",
        ])
        .ok();
    assert!(
        out.parse::<u32>().expect("a number") <= 3,
        "only its own processes"
    );
    env.hull([
        "run",
        "--rm",
        "--network",
        "none",
        "busybox",
        "sh",
        "-c",
        "cd /; cd ..; cd ../../..; ls etc/passwd",
    ])
    .exits(0);
}

#[test]
fn a_workdir_that_is_a_link_cannot_lead_out() {
    require!();
    let env = Env::busybox();
    // /proc/self/fd/N as working directory: the leak of CVE-2024-21626.
    for fd in 3..12 {
        let folder = format!("/proc/self/fd/{fd}");
        let done = env.hull([
            "run",
            "--rm",
            "--network",
            "none",
            "-w",
            &folder,
            "busybox",
            "ls",
            "../../../../../../root/.cargo",
        ]);
        assert_ne!(done.code, 0, "{done}");
    }
}

#[test]
fn the_binary_cannot_be_overwritten_from_inside() {
    require!();
    let env = Env::busybox();
    let before = std::fs::read(hull_test::env::binary()).expect("the binary");
    // The write end of CVE-2019-5736: an entrypoint that is the runtime itself, seen through /proc.
    let script = "for p in /proc/[0-9]*; do { echo x > $p/exe; } 2>/dev/null; done; true";
    env.hull([
        "run",
        "--rm",
        "--network",
        "none",
        "busybox",
        "sh",
        "-c",
        script,
    ])
    .exits(0);
    env.sh("run --rm --network none --entrypoint /proc/self/exe busybox --help");
    assert!(before == std::fs::read(hull_test::env::binary()).expect("the binary"));
}
