//! How containers end: restarts, faults of the monitor, signals, the out-of-memory killer.

use std::time::Duration;

use hull_monitor::client::Client;
use hull_monitor::facts;
use hull_monitor::protocol::RestartPolicy;

use super::place::{ALL, Place, until};
use super::streams::collect;

pub(crate) fn restarts(runtime: Option<&str>) {
    let place = Place::new(runtime, &["sh", "-c", "echo life; exit 1"])
        .with_restart(RestartPolicy::OnFailure { maximum: 2 });
    place.launch(None).unwrap();
    let record = place.exit();
    assert_eq!(
        (record.code, record.restart_count, record.restarting),
        (1, 2, false)
    );
    assert_eq!(place.log().matches("life").count(), 3);
    let place = Place::new(runtime, &["true"])
        .with_restart(RestartPolicy::Always)
        .with_overlay();
    place.launch(None).unwrap();
    let restarting = || facts::read(&place.run_dir(), &facts::boot_id().unwrap()).unwrap();
    until("two restarts", || {
        restarting()
            .state
            .is_some_and(|state| state.restart_count >= 2)
    });
    Client::connect(&place.run_dir())
        .unwrap()
        .stop_restarting()
        .unwrap();
    assert!(!place.exit().restarting);
}

pub(crate) fn a_panicking_monitor(runtime: Option<&str>) {
    let place = Place::new(runtime, &["sh", "-c", "sleep 0.3; exit 5"]);
    place
        .launch_with(None, &[(hull_sys::failpoint::VARIABLE, "monitor-panics")])
        .unwrap();
    let record = place.exit();
    assert_eq!(record.code, 5);
    assert!(
        record.error.as_deref().unwrap().contains("asked to"),
        "{record:?}"
    );
}

pub(crate) fn a_killed_monitor(runtime: Option<&str>) {
    let script =
        "i=0; while [ $i -lt 200 ]; do echo line $i; i=$((i+1)); sleep 0.005; done; sleep 100";
    let place = Place::new(runtime, &["sh", "-c", script]);
    let launched = place.launch(None).unwrap();
    let status = Client::connect(&place.run_dir()).unwrap().status().unwrap();
    let monitor = hull_sys::pidfd::open(status.state.monitor_pid).unwrap();
    hull_sys::pidfd::signal(&monitor, 9).unwrap();
    let boot = facts::boot_id().unwrap();
    until("the monitor's death", || {
        !facts::read(&place.run_dir(), &boot).unwrap().monitored
    });
    std::thread::sleep(Duration::from_millis(300));
    let seen = facts::read(&place.run_dir(), &boot).unwrap();
    assert!(seen.orphaned(), "{seen:?}");
    assert!(facts::alive(
        launched.started.pid,
        facts::start_time(launched.started.pid).unwrap()
    ));
    let record = hull_monitor::orphan::clear(&place.run_dir()).unwrap();
    assert_eq!(record.code, 137);
    assert!(!facts::read(&place.run_dir(), &boot).unwrap().running());
    assert_eq!(place.cgroups().len(), 0);
}

pub(crate) fn sigterm(runtime: Option<&str>) {
    let place = Place::new(
        runtime,
        &[
            "sh",
            "-c",
            "trap 'exit 4' TERM; while :; do sleep 0.01; done",
        ],
    )
    .with_restart(RestartPolicy::Always);
    place.launch(None).unwrap();
    let status = Client::connect(&place.run_dir()).unwrap().status().unwrap();
    let monitor = hull_sys::pidfd::open(status.state.monitor_pid).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    for ignored in [1, 2, 3, 13] {
        hull_sys::pidfd::signal(&monitor, ignored).unwrap();
    }
    hull_sys::pidfd::signal(&monitor, 15).unwrap();
    assert_eq!(place.exit().code, 4);
}

pub(crate) fn a_second_monitor_is_refused(runtime: Option<&str>) {
    let place = Place::new(runtime, &["sleep", "100"]);
    place.launch(None).unwrap();
    let error = place.launch(None).unwrap_err();
    assert!(error.to_string().contains("one is running"), "{error}");
    assert!(Client::connect(&place.run_dir()).unwrap().status().is_ok());
}

pub(crate) fn out_of_memory(runtime: Option<&str>) {
    let place = Place::new(
        runtime,
        &["dd", "if=/dev/zero", "of=/dev/null", "bs=100M", "count=1"],
    );
    place.launch(None).unwrap();
    let record = place.exit();
    assert_eq!((record.code, record.oom_killed), (137, true));
}

pub(crate) fn clean_signals(runtime: Option<&str>) {
    let place = Place::new(runtime, &["cat", "/proc/self/status"]);
    let mut session = place.launch(Some(ALL)).unwrap().session.unwrap();
    let (out, _, _) = collect(&mut session);
    // Signals 32 and 33 are the C library's, out of reach of the calls that set actions.
    let value = |name: &str| {
        let line = out.lines().find(|line| line.starts_with(name)).unwrap();
        let mask = line.split_whitespace().nth(1).unwrap();
        u64::from_str_radix(mask, 16).unwrap() & !0x1_8000_0000
    };
    assert_eq!((value("SigBlk:"), value("SigIgn:")), (0, 0));
}
