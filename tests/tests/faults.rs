//! A hostile machine: full disks, read-only roots, wrong permissions, broken blobs, foreign runtimes.

use std::process::Command;

use hull_test::{Env, images, kernel, require, wait_until};

/// A small tmpfs that is unmounted when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn new(size: &str) -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let options = format!("size={size}");
        let done = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "hull-test"])
            .arg(folder.path())
            .status();
        assert!(done.expect("mount").success());
        Self(folder)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount")
            .arg("-l")
            .arg(self.0.path())
            .status()
            .ok();
    }
}

fn on(disk: &SmallDisk, env: &Env, words: &[&str]) -> hull_test::Done {
    let mut command = env.command(words);
    command.env("HULL_ROOT", disk.0.path().join("root"));
    hull_test::env::finish(&mut command)
}

#[test]
fn a_full_disk_is_said_and_survived() {
    require!();
    let disk = SmallDisk::new("1m");
    let env = Env::empty();
    let path = images::busybox().to_string_lossy().into_owned();
    on(&disk, &env, &["load", "-i", &path])
        .exits(1)
        .complains("space");
    on(&disk, &env, &["images", "-q"]).exits(0);
    let remount = Command::new("mount")
        .args(["-o", "remount,size=64m"])
        .arg(disk.0.path())
        .status();
    assert!(remount.expect("mount").success());
    on(&disk, &env, &["load", "-i", &path]).exits(0);
    on(
        &disk,
        &env,
        &["run", "--rm", "--network", "none", "busybox", "true"],
    )
    .exits(0);
}

#[test]
fn a_read_only_root_is_said() {
    require!();
    let disk = SmallDisk::new("64m");
    let env = Env::empty();
    let path = images::busybox().to_string_lossy().into_owned();
    on(&disk, &env, &["load", "-i", &path]).exits(0);
    let remount = Command::new("mount")
        .args(["-o", "remount,ro"])
        .arg(disk.0.path())
        .status();
    assert!(remount.expect("mount").success());
    let done = on(
        &disk,
        &env,
        &["run", "--rm", "--network", "none", "busybox", "true"],
    )
    .exits(125);
    let said = done.err.to_lowercase();
    assert!(
        said.contains("read-only") || said.contains("readonly"),
        "{done}"
    );
}

#[test]
fn a_corrupted_ledger_is_said() {
    require!();
    let env = Env::busybox();
    let path = env.root().join("state.db");
    let good = std::fs::read(&path).expect("the ledger");
    std::fs::write(&path, vec![0x55; 8192]).expect("damage");
    for name in ["state.db-wal", "state.db-shm"] {
        std::fs::remove_file(env.root().join(name)).ok();
    }
    let done = env.sh("ps -a");
    assert!(done.code != 0 && !done.err.contains("panicked"), "{done}");
    assert!(done.err.contains("state.db"), "{done}");
    std::fs::write(&path, good).expect("repair");
}

#[test]
fn an_unwritable_run_root_is_said() {
    require!();
    let env = Env::busybox();
    let blocked = env.file("not-a-folder", "");
    let mut command = env.command(["run", "--rm", "--network", "none", "busybox", "true"]);
    command.env("HULL_RUN", format!("{blocked}/run"));
    hull_test::env::finish(&mut command)
        .exits(125)
        .complains("not-a-folder");
}

#[test]
fn a_dead_cli_changes_nothing() {
    require!();
    let env = Env::busybox();
    let mut child = env.spawn([
        "run",
        "--name",
        "c1",
        "--network",
        "none",
        "busybox",
        "sleep",
        "1000",
    ]);
    wait_until("it runs", || {
        (env.hull(["inspect", "-f", "{{.State.Status}}", "c1"]).out == "running\n").then_some(())
    });
    child.kill().expect("kill");
    child.wait().expect("wait");
    assert_eq!(env.state("c1"), "running");
    env.sh("rm -f c1").exits(0);
}

#[test]
fn a_dead_init_is_seen() {
    require!();
    let env = Env::busybox();
    env.sh("run -d --name c1 --network none busybox sleep 1000")
        .ok();
    Command::new("kill")
        .args(["-9", &env.pid("c1").to_string()])
        .status()
        .expect("kill");
    assert_eq!(env.sh("wait c1").ok(), "137");
    wait_until("it is exited", || {
        (env.state("c1") == "exited").then_some(())
    });
    assert_eq!(
        env.inspect("c1")["State"]["OOMKilled"].as_bool(),
        Some(false)
    );
}

#[test]
fn a_dead_monitor_leaves_its_container() {
    require!();
    let env = Env::busybox();
    env.sh("run -d --name c1 --network none busybox sleep 1000")
        .ok();
    let pid = env.pid("c1");
    let parent: i32 = kernel::status(pid)["PPid"].parse().expect("a pid");
    Command::new("kill")
        .args(["-9", &parent.to_string()])
        .status()
        .expect("kill");
    assert!(kernel::alive(pid), "the container goes on");
    assert_eq!(env.state("c1"), "running");
    assert_eq!(env.sh("ps -q").ok().lines().count(), 1);
    env.sh("stop -t 1 c1").exits(0);
    wait_until("it has ended", || (!kernel::alive(pid)).then_some(()));
    env.sh("rm c1").exits(0);
}

#[test]
fn foreign_runtimes_run_it_too() {
    require!();
    let env = Env::busybox();
    for runtime in ["runc", "crun"] {
        if hull_test::requires::program(runtime).is_none() {
            hull_test::requires::note_skip(
                "faults::foreign_runtimes_run_it_too",
                &format!("no {runtime} here"),
            );
            continue;
        }
        let words = [
            "run",
            "--rm",
            "--network",
            "none",
            "--runtime",
            runtime,
            "busybox",
            "echo",
            "hi",
        ];
        let done = env.hull(words);
        if runtime == "crun" && done.err.contains("cgroup") {
            // crun refuses hybrid cgroups; see the compatibility page.
            hull_test::requires::note_skip(
                "faults::foreign_runtimes_run_it_too",
                "crun refuses hybrid cgroups here",
            );
            continue;
        }
        assert_eq!(done.ok(), "hi");
    }
    env.sh("run --rm --network none --runtime no-such busybox true")
        .exits(125)
        .complains("no-such");
}
