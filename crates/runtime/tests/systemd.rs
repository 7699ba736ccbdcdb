//! The systemd driver with a real systemd, as `cargo xtask vm` boots one; each test says so when it
//! can't run.

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::process::ExitStatusExt;
    use std::path::Path;
    use std::process::{Child, Command, Stdio};

    use hull_oci::runtime_spec::Resources;
    use hull_runtime::cgroup::{Cgroup, CgroupMode, Location};

    /// Where the guest has the binary under test.
    const HULL: &str = "/bin/hull";

    fn mode() -> Option<CgroupMode> {
        let mode = CgroupMode::detect().unwrap();
        if mode.is_v2() && Path::new("/run/systemd/private").exists() {
            return Some(mode);
        }
        println!("skipped: no systemd on a version 2 host; `cargo xtask vm` boots one");
        None
    }

    #[expect(clippy::disallowed_methods, reason = "a test needs processes")]
    fn command(program: &str) -> Command {
        let mut command = Command::new(program);
        command.stdin(Stdio::null());
        command
    }

    fn resources(json: &str) -> Resources {
        serde_json::from_str(json).unwrap()
    }

    fn sleeper() -> Child {
        command("/bin/sleep").arg("600").spawn().unwrap()
    }

    #[test]
    fn a_scope_holds_the_container_and_its_limits() {
        let Some(mode) = mode() else { return };
        let mut child = sleeper();
        let pid = i32::try_from(child.id()).unwrap();
        let location = Location::of("hull-test.slice:hull:one", "one", true).unwrap();
        let limits = r#"{"memory":{"limit":67108864},"pids":{"limit":9},
            "cpu":{"quota":50000,"period":100000},"devices":[{"allow":false,"access":"rwm"}]}"#;
        let made = Cgroup::create_unit(&mode, &location, &resources(limits), pid).unwrap();
        let dir = Path::new("/sys/fs/cgroup/hull.slice/hull-test.slice/hull-one.scope");
        let shown = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap();
        assert_eq!(shown, "0::/hull.slice/hull-test.slice/hull-one.scope\n");
        let show = |file| {
            fs::read_to_string(dir.join(file))
                .unwrap()
                .trim()
                .to_owned()
        };
        assert_eq!(show("memory.max"), "67108864");
        assert_eq!(show("pids.max"), "9");
        assert_eq!(show("cpu.max"), "50000 100000");
        made.apply(&resources(r#"{"memory":{"limit":134217728}}"#))
            .unwrap();
        assert_eq!(show("memory.max"), "134217728");
        // systemd writes what it knows again when it reloads.
        assert!(
            command("/bin/systemctl")
                .arg("daemon-reload")
                .status()
                .unwrap()
                .success()
        );
        assert_eq!(show("memory.max"), "134217728");
        assert_eq!(show("cpu.max"), "50000 100000");
        // A later command finds the container by its location.
        let later = Cgroup::open(&mode, &location);
        assert_eq!(later.pids().unwrap(), [pid]);
        later.freeze().unwrap();
        later.kill_all(9).unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(9));
        later.remove().unwrap();
        assert!(!dir.exists());
        later.remove().unwrap();
    }

    #[test]
    fn a_unit_that_exists_is_an_error_that_names_it() {
        let Some(mode) = mode() else { return };
        let (mut first, mut second) = (sleeper(), sleeper());
        let pid = |child: &Child| i32::try_from(child.id()).unwrap();
        let location = Location::of(":hull:twice", "twice", true).unwrap();
        let none = Resources::default();
        let made = Cgroup::create_unit(&mode, &location, &none, pid(&first)).unwrap();
        let error = Cgroup::create_unit(&mode, &location, &none, pid(&second)).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot start unit hull-twice.scope:"),
            "{error}"
        );
        for child in [&mut first, &mut second] {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        made.remove().unwrap();
    }

    #[test]
    fn hull_oci_runs_a_container_in_a_scope() {
        if mode().is_none() {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("rootfs/bin")).unwrap();
        for name in ["busybox", "sh"] {
            fs::copy("/bin/busybox", dir.path().join("rootfs/bin").join(name)).unwrap();
        }
        let json = r#"{"ociVersion":"1.2.0","root":{"path":"rootfs"},
            "process":{"cwd":"/","env":["PATH=/bin"],"args":["sh","-c","busybox cat /proc/1/cgroup"]},
            "mounts":[{"destination":"/proc","type":"proc","source":"proc"}],
            "linux":{"cgroupsPath":"system.slice:hull:run","resources":{"pids":{"limit":20}},
            "namespaces":[{"type":"pid"},{"type":"mount"}]}}"#;
        fs::write(dir.path().join("config.json"), json).unwrap();
        let out = command(HULL)
            .args(["oci", "--systemd-cgroup", "run", "--bundle"])
            .arg(dir.path())
            .arg("run")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&out.stdout).into_owned()
            + &String::from_utf8_lossy(&out.stderr);
        assert_eq!(text, "0::/system.slice/hull-run.scope\n");
        assert!(!Path::new("/sys/fs/cgroup/system.slice/hull-run.scope").exists());
    }
}
