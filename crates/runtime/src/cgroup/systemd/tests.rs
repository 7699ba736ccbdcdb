//! The driver against a real bus daemon with a manager of our own behind it, and its pure parts.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value as Json, json};

use super::*;

fn resources(json: &str) -> Resources {
    serde_json::from_str(json).unwrap()
}

#[test]
fn limits_become_properties() {
    let all = resources(
        r#"{"memory":{"limit":64,"swap":96,"reservation":32},"pids":{"limit":7},
        "cpu":{"shares":1024,"quota":25000,"period":50000,"cpus":"0-1,9","mems":"0"}}"#,
    );
    let number = Value::Number;
    assert_eq!(
        limits(&all, true),
        [
            ("MemoryMax", number(64)),
            ("MemoryLow", number(32)),
            ("MemorySwapMax", number(32)),
            ("CPUWeight", number(100)),
            ("CPUQuotaPeriodUSec", number(50_000)),
            ("CPUQuotaPerSecUSec", number(500_000)),
            ("AllowedCPUs", Value::Bytes(vec![0b11, 0b10])),
            ("AllowedMemoryNodes", Value::Bytes(vec![1])),
            ("TasksMax", number(7)),
        ]
    );
    let open = resources(r#"{"memory":{"limit":-1},"cpu":{"quota":-1},"pids":{"limit":-1}}"#);
    assert_eq!(
        limits(&open, false),
        [
            ("MemoryLimit", number(u64::MAX)),
            ("CPUQuotaPerSecUSec", number(u64::MAX)),
            ("TasksMax", number(u64::MAX)),
        ]
    );
    assert_eq!(limits(&Resources::default(), true), []);
}

#[test]
fn masks() {
    assert_eq!(mask(""), None);
    assert_eq!(mask("8"), Some(vec![0, 1]));
    assert_eq!(mask("0-7, 8"), Some(vec![0xff, 1]));
    for bad in ["x", "1-", "99999", "3-99999999999999999999"] {
        assert_eq!(mask(bad), None, "{bad}");
    }
}

/// A bus daemon and the manager on it.
struct Bus {
    dir: tempfile::TempDir,
    daemon: Child,
    manager: Child,
    told: BufReader<ChildStdout>,
}

impl Drop for Bus {
    fn drop(&mut self) {
        for child in [&mut self.manager, &mut self.daemon] {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a bus is a program of its own")]
fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

fn bus() -> Option<Bus> {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("bus");
    let config = dir.path().join("bus.conf");
    let text = format!(
        "<busconfig><type>system</type><listen>unix:path={}</listen><auth>EXTERNAL</auth>
        <policy context='default'><allow send_destination='*'/><allow receive_sender='*'/>
        <allow own='*'/><allow user='*'/></policy></busconfig>",
        socket.display()
    );
    std::fs::write(&config, text).unwrap();
    let mut start = program("dbus-daemon");
    start
        .arg("--nofork")
        .arg("--print-address")
        .arg("--config-file")
        .arg(&config);
    let Ok(mut daemon) = start.spawn() else {
        println!("skipped: no dbus-daemon");
        return None;
    };
    let mut address = String::new();
    BufReader::new(daemon.stdout.take().unwrap())
        .read_line(&mut address)
        .unwrap();
    let mut python = program("/usr/bin/python3");
    python
        .arg("-c")
        .arg(include_str!("fake_manager.py"))
        .arg(address.trim());
    let mut manager = python.spawn().unwrap();
    let mut told = BufReader::new(manager.stdout.take().unwrap());
    let mut ready = String::new();
    told.read_line(&mut ready).unwrap();
    let bus = Bus {
        dir,
        daemon,
        manager,
        told,
    };
    if ready.trim() != "ready" {
        println!("skipped: python3-dbus or python3-gi is not installed");
        return None;
    }
    Some(bus)
}

impl Bus {
    fn manager(&self) -> Manager {
        Manager::at(&self.dir.path().join("bus"), true).unwrap()
    }

    /// The next call that reached the manager.
    fn told(&mut self) -> Json {
        let mut line = String::new();
        self.told.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

#[test]
fn a_unit_is_started_changed_and_stopped() {
    let Some(mut bus) = bus() else { return };
    let mut manager = bus.manager();
    let mut list = unit_properties("a-b.slice", "hull-x.scope", 4321);
    list.extend(limits(
        &resources(r#"{"memory":{"limit":64},"cpu":{"cpus":"1"}}"#),
        true,
    ));
    manager.start("hull-x.scope", &list).unwrap();
    assert_eq!(
        bus.told(),
        json!([
            "start",
            "hull-x.scope",
            "fail",
            [
                ["Description", "hull container"],
                ["Slice", "a-b.slice"],
                ["Delegate", true],
                ["PIDs", [4321]],
                ["MemoryAccounting", true],
                ["CPUAccounting", true],
                ["IOAccounting", true],
                ["TasksAccounting", true],
                ["DefaultDependencies", false],
                ["MemoryMax", 64],
                ["AllowedCPUs", [2]]
            ],
            []
        ])
    );
    manager
        .set("hull-x.scope", &[("TasksMax", Value::Number(5))])
        .unwrap();
    assert_eq!(
        bus.told(),
        json!(["set", "hull-x.scope", true, [["TasksMax", 5]]])
    );
    manager.stop("hull-x.scope").unwrap();
    assert_eq!(bus.told(), json!(["stop", "hull-x.scope", "replace"]));
    manager.stop("hull-gone.scope").unwrap();
}

#[test]
fn what_systemd_refuses_is_told() {
    let Some(mut bus) = bus() else { return };
    let mut manager = bus.manager();
    let error = manager.start("hull-fail.scope", &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot start unit hull-fail.scope: the job ended as failed"
    );
    bus.told();
    // One that failed before is reset and started.
    manager.start("hull-there.scope", &[]).unwrap();
    let words: Vec<String> = (0..3)
        .map(|_| bus.told()[0].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(words, ["start", "reset", "start"]);
}

#[test]
fn a_host_without_systemd_says_so() {
    if is_running() {
        println!("skipped: systemd runs here");
        return;
    }
    let error = stop("hull-x.scope").unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot reach systemd over the system bus"
    );
}
