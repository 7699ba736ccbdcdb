//! Version 2 cgroups on a real kernel: what was asked is what the files show and what happens to
//! processes. Needs root and a pure version 2 host, as `cargo xtask vm` boots; each test says so when
//! it can't run.

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::process::ExitStatusExt;
    use std::path::Path;
    use std::process::{Child, Command, Stdio};
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    use hull_oci::runtime_spec::Resources;
    use hull_runtime::cgroup::{Cgroup, CgroupMode, Error, Location, OomEvents};

    /// A container's group, removed with everything in it whatever happens to the test.
    struct Held(Cgroup);

    impl Drop for Held {
        fn drop(&mut self) {
            drop(self.0.kill_all(9));
            let end = Instant::now() + Duration::from_secs(5);
            while self.0.remove().is_err() && Instant::now() < end {
                sleep(Duration::from_millis(10));
            }
        }
    }

    impl std::ops::Deref for Held {
        type Target = Cgroup;
        fn deref(&self) -> &Cgroup {
            &self.0
        }
    }

    /// The mode, if this machine can run these tests.
    fn mode() -> Option<CgroupMode> {
        let mode = CgroupMode::detect().unwrap();
        let root = fs::metadata("/proc/self").unwrap();
        if std::os::unix::fs::MetadataExt::uid(&root) != 0 {
            println!("skipped: needs root");
            return None;
        }
        if !mode.is_v2() {
            println!("skipped: no pure version 2 host; `cargo xtask vm` boots one");
            return None;
        }
        Some(mode)
    }

    fn location(name: &str) -> Location {
        Location::of(&format!("/hull-test/{name}"), name, false).unwrap()
    }

    fn resources(json: &str) -> Resources {
        serde_json::from_str(json).unwrap()
    }

    fn make(name: &str, json: &str) -> Option<Held> {
        let mode = mode()?;
        Some(Held(
            Cgroup::create(&mode, &location(name), &resources(json)).unwrap(),
        ))
    }

    fn path(cgroup: &Cgroup) -> std::path::PathBuf {
        cgroup.paths()[""].clone()
    }

    fn show(cgroup: &Cgroup, file: &str) -> String {
        let path = path(cgroup).join(file);
        fs::read_to_string(&path)
            .unwrap_or_else(|e| panic!("{path:?}: {e}"))
            .trim()
            .to_owned()
    }

    /// A shell in the group.
    fn shell(cgroup: &Cgroup, script: &str) -> Child {
        let join = format!(
            "echo 0 > {}/cgroup.procs || exit 99\n",
            path(cgroup).display()
        );
        #[expect(clippy::disallowed_methods, reason = "a test needs a process to limit")]
        let mut command = Command::new("/bin/sh");
        command
            .stdin(Stdio::null())
            .arg("-c")
            .arg(format!("{join}{script}"));
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn output(child: Child) -> (i32, String) {
        let out = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&out.stdout).into_owned()
            + &String::from_utf8_lossy(&out.stderr);
        let code = out
            .status
            .code()
            .unwrap_or_else(|| 128 + out.status.signal().unwrap());
        (code, text)
    }

    fn until(what: &str, mut done: impl FnMut() -> bool) {
        let end = Instant::now() + Duration::from_secs(20);
        while !done() {
            assert!(Instant::now() < end, "{what} did not happen");
            sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn limits_are_in_the_files() {
        let json = r#"{"memory":{"limit":67108864,"swap":134217728,"reservation":33554432},
            "cpu":{"shares":512,"quota":20000,"period":50000,"burst":1000,"cpus":"1","mems":"0"},
            "pids":{"limit":33},"unified":{"memory.high":"50331648"},
            "hugepageLimits":[{"pageSize":"2MB","limit":4194304}]}"#;
        let Some(group) = make("files", json) else {
            return;
        };
        let check = |file, expected: &str| assert_eq!(show(&group, file), expected, "{file}");
        check("memory.max", "67108864");
        check("memory.swap.max", "67108864");
        check("memory.low", "33554432");
        check("memory.high", "50331648");
        check("cpu.weight", "59");
        check("cpu.max", "20000 50000");
        check("cpu.max.burst", "1000");
        check("cpuset.cpus", "1");
        check("cpuset.mems", "0");
        check("pids.max", "33");
        check("hugetlb.2MB.max", "4194304");
        let (code, text) = output(shell(&group, "grep Cpus_allowed_list /proc/self/status"));
        assert_eq!((code, text.split_whitespace().last()), (0, Some("1")));
    }

    #[test]
    fn updates() {
        let Some(group) = make("update", r#"{"memory":{"limit":67108864,"swap":67108864}}"#) else {
            return;
        };
        assert_eq!(show(&group, "memory.swap.max"), "0");
        let more = r#"{"memory":{"limit":134217728,"swap":-1},"cpu":{"quota":-1,"period":20000},
            "pids":{"limit":-1}}"#;
        group.apply(&resources(more)).unwrap();
        assert_eq!(show(&group, "memory.max"), "134217728");
        assert_eq!(show(&group, "memory.swap.max"), "max");
        assert_eq!(show(&group, "cpu.max"), "max 20000");
        assert_eq!(show(&group, "pids.max"), "max");
        let mut child = shell(
            &group,
            "x=$(head -c 20000000 /dev/zero | tr '\\0' x); sleep 60",
        );
        until("filling", || {
            group.stats().unwrap().memory.usage > 20_000_000
        });
        let checked = r#"{"memory":{"limit":1048576,"checkBeforeUpdate":true}}"#;
        let error = group.apply(&resources(checked)).unwrap_err();
        assert!(
            matches!(
                error,
                Error::MemoryInUse {
                    limit: 1_048_576,
                    ..
                }
            ),
            "{error}"
        );
        assert_eq!(show(&group, "memory.max"), "134217728");
        group.kill_all(9).unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn too_much_memory_is_killed_and_counted() {
        let Some(group) = make("oom", r#"{"memory":{"limit":33554432,"swap":33554432}}"#) else {
            return;
        };
        let Some(OomEvents::V2(_)) = group.oom_events().unwrap() else {
            panic!("no events")
        };
        assert_eq!(group.oom_kills().unwrap(), 0);
        let (code, _) = output(shell(&group, "exec tail /dev/zero"));
        assert_eq!(code, 137);
        assert_eq!(group.oom_kills().unwrap(), 1);
        let stats = group.stats().unwrap();
        assert!(stats.memory.limit == 33_554_432 && stats.memory.failures > 0);
        assert!(stats.cpu.total > 0 && stats.cpu.user > 0, "{:?}", stats.cpu);
    }

    #[test]
    fn too_many_processes_are_refused() {
        let Some(group) = make("pids", r#"{"pids":{"limit":4}}"#) else {
            return;
        };
        let script = "for i in 1 2 3 4 5 6; do sleep 1 & done; wait";
        let (code, text) = output(shell(&group, script));
        assert!(code != 0 && text.contains("fork"), "{code} {text}");
        assert_eq!(group.stats().unwrap().pids_limit, 4);
    }

    #[test]
    fn processor_time_is_limited() {
        let Some(group) = make("cpu", r#"{"cpu":{"quota":10000,"period":100000}}"#) else {
            return;
        };
        let mut child = shell(&group, "while :; do :; done");
        until("throttling", || {
            group.stats().unwrap().cpu.throttled_periods >= 5
        });
        let stats = group.stats().unwrap().cpu;
        // 10 ms per period, and some slack for a slow clock.
        assert!(stats.total < (stats.periods + 3) * 25_000_000, "{stats:?}");
        group.kill_all(9).unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(9));
    }

    #[test]
    fn devices_are_refused_and_can_be_allowed_later() {
        let json = r#"{"devices":[{"allow":false,"access":"rwm"},
            {"allow":true,"type":"c","major":1,"minor":11,"access":"w"}]}"#;
        let Some(group) = make("devices", json) else {
            return;
        };
        let script = "head -c1 /dev/zero >/dev/null && echo zero
            (: </dev/kmsg) 2>&1
            (: >/dev/kmsg) && echo writable
            mknod /tmp/hull-node c 99 9 && rm -f /tmp/hull-node && echo node";
        let (_, text) = output(shell(&group, script));
        assert!(text.contains("zero\n"), "{text}");
        assert!(
            text.contains("not permitted"),
            "reading kmsg is not allowed: {text}"
        );
        assert!(
            text.contains("writable\n") && text.contains("node\n"),
            "{text}"
        );
        for (rules, readable) in [
            (
                r#"[{"allow":true,"type":"c","major":1,"minor":11,"access":"r"}]"#,
                true,
            ),
            (r#"[{"allow":false,"access":"rwm"}]"#, false),
            (r#"[{"allow":true,"access":"rwm"}]"#, true),
            (
                r#"[{"allow":true,"access":"rwm"},
                {"allow":false,"type":"c","major":1,"minor":11,"access":"r"}]"#,
                false,
            ),
        ] {
            group
                .apply(&resources(&format!("{{\"devices\":{rules}}}")))
                .unwrap();
            let (code, text) = output(shell(&group, ": </dev/kmsg"));
            assert_eq!(code == 0, readable, "{rules}: {text}");
        }
    }

    #[test]
    fn disks_are_limited() {
        let Some(mode) = mode() else { return };
        let Ok(number) = fs::read_to_string("/sys/block/nullb0/dev") else {
            println!("skipped: no null block device");
            return;
        };
        let (major, minor) = number.trim().split_once(':').unwrap();
        let device = format!(r#"{{"major":{major},"minor":{minor},"rate":1048576}}"#);
        let json = format!(
            r#"{{"blockIO":{{"throttleWriteBpsDevice":[{device}],"throttleReadIOPSDevice":[{device}]}}}}"#
        );
        let group = Held(Cgroup::create(&mode, &location("io"), &resources(&json)).unwrap());
        let shown = show(&group, "io.max");
        assert!(
            shown.contains("wbps=1048576") && shown.contains("riops=1048576"),
            "{shown}"
        );
        group
            .apply(&resources(&json.replace("1048576", "2097152")))
            .unwrap();
        assert!(show(&group, "io.max").contains("wbps=2097152"));
        let begin = Instant::now();
        let script = "dd if=/dev/zero of=/dev/nullb0 bs=1M count=4 oflag=direct";
        let allowed = r#"{"devices":[{"allow":true,"access":"rwm"}]}"#;
        group.apply(&resources(allowed)).unwrap();
        let (code, text) = output(shell(&group, script));
        assert_eq!(code, 0, "{text}");
        assert!(
            begin.elapsed() > Duration::from_millis(900),
            "{:?}",
            begin.elapsed()
        );
        let block = group.stats().unwrap().block;
        assert!(
            block.iter().any(|one| one.write_bytes == 4 << 20),
            "{block:?}"
        );
    }

    #[test]
    fn freezing_holds_processes_and_killing_reaches_them() {
        let Some(group) = make("freeze", r#"{"pids":{"limit":200}}"#) else {
            return;
        };
        let mut child = shell(&group, "f() { sleep 0.01; f & f & }; f & f & f & sleep 60");
        until("a crowd", || group.pids().unwrap().len() > 10);
        group.freeze().unwrap();
        assert!(group.frozen().unwrap());
        let before = group.stats().unwrap().cpu.total;
        sleep(Duration::from_millis(200));
        assert_eq!(
            group.stats().unwrap().cpu.total,
            before,
            "a frozen process takes no time"
        );
        group.thaw().unwrap();
        assert!(!group.frozen().unwrap());
        group.freeze().unwrap();
        group.kill_all(9).unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(9));
        until("silence", || group.pids().unwrap().is_empty());
        group.remove().unwrap();
        assert!(!group.exists());
    }

    #[test]
    fn what_version_2_lacks_is_an_error() {
        let Some(mode) = mode() else { return };
        let make = |json: &str| Cgroup::create(&mode, &location("lack"), &resources(json));
        let error = make(r#"{"cpu":{"realtimeRuntime":1000}}"#).unwrap_err();
        assert!(
            matches!(error, Error::NotInVersion { version: 2, .. }),
            "{error}"
        );
        let error = make(r#"{"unified":{"misc.frob":"1"}}"#).unwrap_err();
        let lacks = matches!(error, Error::NoFile { .. } | Error::NoController { .. });
        assert!(lacks, "{error}");
        assert!(
            !Cgroup::open(&mode, &location("lack")).exists(),
            "nothing was left behind"
        );
    }

    #[test]
    fn a_child_can_be_born_into_its_group() {
        let Some(group) = make("born", "{}") else {
            return;
        };
        let join = group.join_plan().unwrap();
        assert!(join.tasks.is_empty() && join.unified.is_some());
    }

    /// Where the guest has the binary under test.
    const HULL: &str = "/bin/hull";

    /// Runs a bundle made of the guest's own root with these changes to its configuration.
    fn run_bundle(id: &str, process: &str, resources: &str) -> Option<(i32, String)> {
        mode()?;
        if !Path::new(HULL).exists() {
            println!("skipped: no {HULL}, which is there in the guest only");
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("rootfs/bin")).unwrap();
        for name in ["busybox", "sh"] {
            fs::copy("/bin/busybox", dir.path().join("rootfs/bin").join(name)).unwrap();
        }
        let json = format!(
            r#"{{"ociVersion":"1.2.0","root":{{"path":"rootfs"}},
            "process":{{"cwd":"/","env":["PATH=/bin"],{process}}},
            "mounts":[{{"destination":"/proc","type":"proc","source":"proc"}}],
            "linux":{{"resources":{resources},"namespaces":[{{"type":"pid"}},{{"type":"mount"}},
            {{"type":"ipc"}},{{"type":"uts"}},{{"type":"cgroup"}}]}}}}"#
        );
        fs::write(dir.path().join("config.json"), json).unwrap();
        #[expect(clippy::disallowed_methods, reason = "hull is under test")]
        let child = Command::new(HULL)
            .args(["oci", "run", "--bundle"])
            .arg(dir.path())
            .arg(id)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Some(output(child))
    }

    #[test]
    fn with_all_capabilities_limits_go_up_and_scores_down() {
        let process = r#""args":["sh","-c","ulimit -Hn; busybox cat /proc/self/oom_score_adj"],
            "oomScoreAdj":-500,"rlimits":[{"type":"RLIMIT_NOFILE","hard":900000,"soft":900000}]"#;
        let Some((code, text)) = run_bundle("raised", process, "{}") else {
            return;
        };
        assert_eq!((code, text.as_str()), (0, "900000\n-500\n"));
    }

    #[test]
    fn a_container_is_in_its_group() {
        let process =
            r#""args":["sh","-c","busybox cat /proc/self/cgroup; exec busybox tail /dev/zero"]"#;
        let limit = r#"{"memory":{"limit":33554432,"swap":33554432},"pids":{"limit":9}}"#;
        let Some((code, text)) = run_bundle("inside", process, limit) else {
            return;
        };
        assert_eq!((code, text.as_str()), (137, "0::/\n"));
        assert!(
            !Path::new("/sys/fs/cgroup/hull/inside").exists(),
            "the group is gone"
        );
    }
}
