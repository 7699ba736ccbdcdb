//! Version 1 cgroups on a real kernel: what was asked is what the files show and what happens to
//! processes. Needs root and version 1 controllers; each test says so when it can't run.

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Child, Command, Stdio};
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    use hull_oci::runtime_spec::Resources;
    use hull_runtime::cgroup::{Cgroup, CgroupMode, Error, Location, OomEvents};

    /// A container's groups, removed with everything in them whatever happens to the test.
    struct Held(Cgroup);

    impl Drop for Held {
        fn drop(&mut self) {
            drop(self.0.kill_all(9));
            let end = Instant::now() + Duration::from_secs(5);
            while self.0.remove().is_err() && Instant::now() < end {
                sleep(Duration::from_millis(10));
            }
            sweep(&self.0.path());
        }
    }

    /// Removes the group above the one at `path`, which every test has for itself.
    fn sweep(path: &str) {
        let above = path.rsplit_once('/').unwrap().0.trim_start_matches('/');
        for one in CgroupMode::detect().unwrap().hierarchies() {
            drop(fs::remove_dir(one.mount.join(above)));
        }
    }

    impl std::ops::Deref for Held {
        type Target = Cgroup;
        fn deref(&self) -> &Cgroup {
            &self.0
        }
    }

    /// The mode, if this machine can run these tests with the `controllers`.
    fn mode(controllers: &[&str]) -> Option<CgroupMode> {
        let mode = CgroupMode::detect().unwrap();
        let missing = controllers
            .iter()
            .find(|name| mode.hierarchy_of(name).is_none());
        let root = fs::metadata("/proc/self").unwrap();
        if std::os::unix::fs::MetadataExt::uid(&root) != 0 {
            println!("skipped: needs root");
            return None;
        }
        if let Some(name) = missing {
            println!("skipped: no version 1 controller {name} here");
            return None;
        }
        Some(mode)
    }

    fn location(name: &str) -> Location {
        let path = format!("/hull-test-{}-{name}/inner", std::process::id());
        Location::of(&path, name, false).unwrap()
    }

    fn resources(json: &str) -> Resources {
        serde_json::from_str(json).unwrap()
    }

    fn make(name: &str, controllers: &[&str], json: &str) -> Option<Held> {
        let mode = mode(controllers)?;
        let made = Cgroup::create(&mode, &location(name), &resources(json));
        Some(Held(made.unwrap()))
    }

    fn show(cgroup: &Cgroup, controller: &str, file: &str) -> String {
        let path = cgroup.paths().get(controller).unwrap().join(file);
        fs::read_to_string(&path)
            .unwrap_or_else(|e| panic!("{path:?}: {e}"))
            .trim()
            .to_owned()
    }

    /// A shell in the groups, joined as a container's first process does: by itself, with "0".
    fn shell(cgroup: &Cgroup, script: &str) -> Child {
        let joins: String = cgroup
            .paths()
            .iter()
            .filter(|(name, _)| !name.is_empty())
            .map(|(_, path)| format!("echo 0 > {}/tasks || exit 99\n", path.display()))
            .collect();
        #[expect(clippy::disallowed_methods, reason = "a test needs a process to limit")]
        let mut command = Command::new("/bin/sh");
        command
            .stdin(Stdio::null())
            .arg("-c")
            .arg(format!("{joins}{script}"));
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
        let end = Instant::now() + Duration::from_secs(10);
        while !done() {
            assert!(Instant::now() < end, "{what} did not happen");
            sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn limits_are_in_the_files() {
        let json = r#"{"memory":{"limit":67108864,"swap":134217728,"reservation":33554432,
            "swappiness":7},"cpu":{"shares":512,"quota":20000,"period":50000,"cpus":"1","mems":"0"},
            "pids":{"limit":33},"blockIO":{"weight":250}}"#;
        let needs = ["memory", "cpu", "cpuset", "pids", "blkio", "devices"];
        let Some(group) = make("files", &needs, json) else {
            return;
        };
        let check = |controller, file, expected: &str| {
            assert_eq!(show(&group, controller, file), expected, "{file}");
        };
        check("memory", "memory.limit_in_bytes", "67108864");
        check("memory", "memory.memsw.limit_in_bytes", "134217728");
        check("memory", "memory.soft_limit_in_bytes", "33554432");
        check("memory", "memory.swappiness", "7");
        check("cpu", "cpu.shares", "512");
        check("cpu", "cpu.cfs_quota_us", "20000");
        check("cpu", "cpu.cfs_period_us", "50000");
        check("cpuset", "cpuset.cpus", "1");
        check("cpuset", "cpuset.mems", "0");
        check("pids", "pids.max", "33");
        check("blkio", "blkio.bfq.weight", "250");
        let devices = show(&group, "devices", "devices.list");
        assert!(
            devices.contains("c 1:3 rwm") && !devices.contains("a *:*"),
            "{devices}"
        );
        let (code, text) = output(shell(&group, "grep Cpus_allowed_list /proc/self/status"));
        assert_eq!((code, text.split_whitespace().last()), (0, Some("1")));
    }

    #[test]
    fn updates_work_in_both_directions() {
        let json = r#"{"memory":{"limit":67108864,"swap":67108864},"cpu":{"quota":50000,"period":100000}}"#;
        let Some(group) = make("update", &["memory", "cpu", "pids"], json) else {
            return;
        };
        for (limit, swap, period) in [(200, 300, 10_000), (32, 32, 500_000), (64, -1, 100_000)] {
            let (limit, swap) = (limit << 20, if swap > 0 { swap << 20 } else { swap });
            let quota = period / 2;
            let json = format!(
                r#"{{"memory":{{"limit":{limit},"swap":{swap}}},
                "cpu":{{"quota":{quota},"period":{period}}},"pids":{{"limit":-1}}}}"#
            );
            group.apply(&resources(&json)).unwrap();
            assert_eq!(
                show(&group, "memory", "memory.limit_in_bytes"),
                limit.to_string()
            );
            assert_eq!(show(&group, "cpu", "cpu.cfs_period_us"), period.to_string());
            assert_eq!(show(&group, "cpu", "cpu.cfs_quota_us"), quota.to_string());
            assert_eq!(show(&group, "pids", "pids.max"), "max");
        }
        group
            .apply(&resources(r#"{"memory":{"limit":-1}}"#))
            .unwrap();
        assert_eq!(group.stats().unwrap().memory.limit, u64::MAX);
    }

    #[test]
    fn an_update_can_ask_for_a_controller_that_was_not_joined() {
        let Some(group) = make("late", &["cpuset", "pids"], "{}") else {
            return;
        };
        assert!(
            !group.paths().contains_key("cpuset"),
            "cpuset is joined only when asked for"
        );
        let mut child = shell(&group, "sleep 60");
        until("joining", || group.pids().unwrap().len() == 2);
        // `create` forgets the groups it did not make; a later command finds them all by path.
        let later = Cgroup::open(&mode(&["cpuset"]).unwrap(), &location("late"));
        later.apply(&resources(r#"{"cpu":{"cpus":"1"}}"#)).unwrap();
        assert_eq!(show(&later, "cpuset", "cpuset.cpus"), "1");
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        assert!(status.contains("Cpus_allowed_list:\t1\n"), "{status}");
        later.kill_all(9).unwrap();
        child.wait().unwrap();
        later.remove().unwrap();
        assert!(!later.exists());
    }

    #[test]
    fn too_much_memory_is_killed_and_counted() {
        let json = r#"{"memory":{"limit":33554432,"swap":33554432}}"#;
        let Some(group) = make("oom", &["memory"], json) else {
            return;
        };
        let Some(OomEvents::V1(event)) = group.oom_events().unwrap() else {
            panic!("no events")
        };
        assert_eq!(group.oom_kills().unwrap(), 0);
        let (code, _) = output(shell(&group, "exec tail /dev/zero"));
        assert_eq!(code, 137);
        assert_eq!(group.oom_kills().unwrap(), 1);
        let mut count = [0u8; 8];
        use std::io::Read;
        fs::File::from(event).read_exact(&mut count).unwrap();
        assert!(u64::from_ne_bytes(count) >= 1);
        let stats = group.stats().unwrap();
        assert_eq!(stats.memory.limit, 33_554_432);
        assert!(stats.memory.peak >= 30 << 20, "{:?}", stats.memory);
    }

    #[test]
    fn a_limit_below_the_use_is_told_as_such() {
        let Some(group) = make(
            "busy",
            &["memory"],
            r#"{"memory":{"disableOOMKiller":false}}"#,
        ) else {
            return;
        };
        // Anonymous memory that cannot be reclaimed without swap.
        let script = "x=$(head -c 40000000 /dev/zero | tr '\\0' x); echo ready; sleep 60";
        let mut child = shell(&group, script);
        until("filling", || {
            group.stats().unwrap().memory.usage > 40_000_000
        });
        let error = group.apply(&resources(r#"{"memory":{"limit":1048576}}"#));
        match error {
            Err(Error::MemoryInUse { limit, usage }) => {
                assert_eq!(limit, 1_048_576);
                assert!(usage > limit.unsigned_abs());
            }
            // The kernel may also manage by killing.
            Ok(()) => assert!(group.oom_kills().unwrap() > 0),
            other => panic!("{other:?}"),
        }
        group.kill_all(9).unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn too_many_processes_are_refused() {
        let Some(group) = make("pids", &["pids"], r#"{"pids":{"limit":4}}"#) else {
            return;
        };
        let script = "for i in 1 2 3 4 5 6; do sleep 1 & done; wait";
        let (code, text) = output(shell(&group, script));
        assert!(code != 0 && text.contains("fork"), "{code} {text}");
        let stats = group.stats().unwrap();
        assert_eq!(stats.pids_limit, 4);
    }

    #[test]
    fn devices_are_refused_and_can_be_allowed_later() {
        let json = r#"{"devices":[{"allow":false,"access":"rwm"},
            {"allow":true,"type":"c","major":10,"minor":229,"access":"r"}]}"#;
        let Some(group) = make("devices", &["devices"], json) else {
            return;
        };
        let script = "head -c1 /dev/zero >/dev/null && echo zero
            (head -c1 /dev/kmsg >/dev/null) 2>&1
            true >/dev/fuse; true </dev/fuse && echo fuse
            mknod /tmp/hull-node-$$ c 99 9 && rm -f /tmp/hull-node-$$ && echo node";
        let (_, text) = output(shell(&group, script));
        assert!(text.contains("zero\n"), "{text}");
        assert!(text.contains("/dev/kmsg"), "{text}");
        assert!(
            text.contains("fuse: Operation not permitted"),
            "writing is not allowed: {text}"
        );
        assert!(text.contains("node\n"), "{text}");
        let more = r#"{"devices":[{"allow":true,"type":"c","major":1,"minor":11,"access":"r"}]}"#;
        group.apply(&resources(more)).unwrap();
        let list = show(&group, "devices", "devices.list");
        assert!(
            list.contains("c 1:11 r") && !list.contains("10:229"),
            "{list}"
        );
        group
            .apply(&resources(r#"{"devices":[{"allow":true,"access":"rwm"}]}"#))
            .unwrap();
        assert_eq!(show(&group, "devices", "devices.list"), "a *:* rwm");
    }

    #[test]
    fn freezing_holds_processes_and_thawing_lets_them_go() {
        let Some(group) = make("freeze", &["freezer", "cpuacct"], "{}") else {
            return;
        };
        let mut child = shell(&group, "while :; do :; done");
        until("running", || group.stats().unwrap().cpu.total > 20_000_000);
        group.freeze().unwrap();
        assert!(group.frozen().unwrap());
        let before = group.stats().unwrap().cpu.total;
        sleep(Duration::from_millis(100));
        assert_eq!(
            group.stats().unwrap().cpu.total,
            before,
            "a frozen process takes no time"
        );
        // A signal waits for the thaw.
        group.kill_all(15).unwrap();
        sleep(Duration::from_millis(50));
        assert!(child.try_wait().unwrap().is_none());
        assert!(group.frozen().unwrap());
        group.thaw().unwrap();
        assert!(!group.frozen().unwrap());
        assert_eq!(child.wait().unwrap().signal(), Some(15));
    }

    #[test]
    fn killing_reaches_frozen_and_forking_processes() {
        let Some(group) = make("kill", &["freezer", "pids"], r#"{"pids":{"limit":200}}"#) else {
            return;
        };
        let mut child = shell(&group, "f() { sleep 0.01; f & f & }; f & f & f & sleep 60");
        until("a crowd", || group.pids().unwrap().len() > 20);
        group.freeze().unwrap();
        group.kill_all(9).unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(9));
        until("silence", || group.pids().unwrap().is_empty());
        group.remove().unwrap();
        assert!(!group.exists());
    }

    #[test]
    fn removal_takes_groups_made_inside_and_refuses_living_ones() {
        let Some(group) = make("remove", &["pids", "memory"], "{}") else {
            return;
        };
        let inner = group.paths()["pids"].join("a/b");
        fs::create_dir_all(&inner).unwrap();
        let script = format!("echo 0 > {}/tasks; exec sleep 60", inner.display());
        let mut child = shell(&group, &script);
        until("joining", || group.pids().unwrap().len() == 1);
        let error = group.remove().unwrap_err();
        assert!(matches!(error, Error::Remove { .. }), "{error}");
        group.kill_all(9).unwrap();
        child.wait().unwrap();
        group.remove().unwrap();
        assert!(!group.exists());
        group.remove().unwrap();
    }

    #[test]
    fn what_the_host_lacks_is_an_error_only_when_asked_for() {
        let Some(mode) = mode(&["pids"]) else { return };
        if mode.hierarchy_of("hugetlb").is_none() {
            let json = r#"{"hugepageLimits":[{"pageSize":"2MB","limit":0}]}"#;
            let error = Cgroup::create(&mode, &location("lack"), &resources(json)).unwrap_err();
            assert_eq!(
                error.to_string(),
                "cannot set hugetlb.2MB.limit_in_bytes: no hugetlb cgroup controller on this host"
            );
        }
        assert!(
            !Cgroup::open(&mode, &location("lack")).exists(),
            "nothing was left behind"
        );
        // Refused by the kernel half-way: what was made before is gone again.
        let json = r#"{"cpu":{"cpus":"4000-5000"}}"#;
        let error = Cgroup::create(&mode, &location("lack"), &resources(json)).unwrap_err();
        assert!(matches!(error, Error::Write { .. }), "{error}");
        assert!(
            !Cgroup::open(&mode, &location("lack")).exists(),
            "nothing was left behind"
        );
        sweep(&location("lack").path());
    }

    #[test]
    fn throttled_disks() {
        let json = r#"{"blockIO":{"throttleReadBpsDevice":[{"major":7,"minor":0,"rate":1048576}],
            "throttleWriteIOPSDevice":[{"major":7,"minor":0,"rate":55}]}}"#;
        let Some(group) = make("blkio", &["blkio"], json) else {
            return;
        };
        if !std::path::Path::new("/sys/block/loop0").exists() {
            println!("skipped: no loop0");
            return;
        }
        let file = |name| show(&group, "blkio", name);
        assert_eq!(file("blkio.throttle.read_bps_device"), "7:0 1048576");
        assert_eq!(file("blkio.throttle.write_iops_device"), "7:0 55");
    }

    #[test]
    fn real_time_budgets_reach_the_groups_above() {
        let json = r#"{"cpu":{"realtimePeriod":1000000,"realtimeRuntime":95000}}"#;
        let Some(mode) = mode(&["cpu"]) else { return };
        match Cgroup::create(&mode, &location("rt"), &resources(json)) {
            Ok(made) => {
                let group = Held(made);
                assert_eq!(show(&group, "cpu", "cpu.rt_runtime_us"), "95000");
            }
            Err(Error::NoFile { setting }) => println!("skipped: no {setting} here"),
            Err(error) => panic!("{error:?}"),
        }
    }

    #[test]
    fn making_joining_and_removing_is_cheap() {
        let Some(mode) = mode(&["pids"]) else { return };
        let plain = resources(r#"{"devices":[{"allow":false,"access":"rwm"}]}"#);
        drop(Held(
            Cgroup::create(&mode, &location("warm"), &plain).unwrap(),
        ));
        let mut best = [Duration::MAX; 3];
        for _ in 0..50 {
            let steps = [Instant::now(); 1];
            let group = Cgroup::create(&mode, &location("speed"), &plain).unwrap();
            let made = steps[0].elapsed();
            let join = group.join_plan().unwrap();
            let opened = steps[0].elapsed() - made;
            assert!(join.tasks.len() >= 2 && join.unified.is_none());
            drop(join);
            let begin = Instant::now();
            group.remove().unwrap();
            best = [
                best[0].min(made),
                best[1].min(opened),
                best[2].min(begin.elapsed()),
            ];
        }
        sweep(&location("speed").path());
        println!(
            "create {:?}, open for joining {:?}, remove {:?}",
            best[0], best[1], best[2]
        );
        // A gross mistake such as a wait for RCU shows even on a loaded machine.
        assert!(best[0] < Duration::from_millis(3), "{best:?}");
    }
}
