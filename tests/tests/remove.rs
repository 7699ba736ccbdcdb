//! `rm`, `rename`, `container prune`: what goes, what stays, and what is refused.

use hull_test::{Env, require, wait_until};

#[test]
fn a_running_container_goes_only_by_force() {
    require!();
    let env = Env::busybox();
    env.sh("run -d --name c1 --network none busybox sleep 1000")
        .ok();
    env.sh("rm c1").exits(1).complains("running");
    assert_eq!(env.state("c1"), "running");
    let traces = env.traces();
    assert!(
        !traces.cgroups.is_empty() && !traces.directories.is_empty(),
        "{traces:?}"
    );
    assert_eq!(env.sh("rm -f c1").ok(), "c1");
    env.sh("inspect c1").exits(1).complains("no such");
    wait_until("no trace is left", || env.traces().none().then_some(()));
}

#[test]
fn what_is_not_there_is_said() {
    require!();
    let env = Env::busybox();
    env.sh("rm nobody")
        .exits(1)
        .complains("no such container: nobody");
    env.sh("rm -f nobody").exits(0);
    env.sh("create --name a1 --network none busybox").ok();
    let done = env.sh("rm a1 nobody").exits(1).complains("nobody");
    assert_eq!(done.out, "a1\n", "the others go all the same");
}

#[test]
fn a_prefix_must_mean_one() {
    require!();
    let env = Env::busybox();
    let mut ids = Vec::new();
    for _ in 0..17 {
        ids.push(env.sh("create --network none busybox").ok());
    }
    let one = ids
        .iter()
        .map(|id| &id[..1])
        .find(|p| ids.iter().filter(|id| id.starts_with(p)).count() > 1);
    let prefix = one.expect("17 ids share a digit");
    env.hull(["inspect", prefix]).exits(1);
    env.hull(["rm", prefix]).exits(1).complains("multiple");
    env.hull(["rm", &ids[0][..16]]).exits(0);
}

#[test]
fn prune_takes_the_stopped_only() {
    require!();
    let env = Env::busybox();
    env.sh("run -d --name up --network none busybox sleep 1000")
        .ok();
    env.sh("run --name down --network none busybox true")
        .exits(0);
    env.sh("create --name new --network none busybox").ok();
    env.sh("container prune -f").exits(0);
    assert_eq!(env.hull(["ps", "-a", "--format", "{{.Names}}"]).ok(), "up");
}

#[test]
fn rename_keeps_the_container() {
    require!();
    let env = Env::busybox();
    env.sh("run -d --name old --network none busybox sleep 1000")
        .ok();
    env.sh("create --name taken --network none busybox").ok();
    let pid = env.pid("old");
    env.sh("rename old taken").exits(1).complains("taken");
    env.sh("rename old new").exits(0);
    assert_eq!(env.pid("new"), pid);
    env.sh("inspect old").exits(1);
}

#[test]
fn fifty_go_at_once() {
    require!();
    let env = Env::busybox();
    for n in 0..50 {
        env.hull([
            "run",
            "-d",
            "--name",
            &format!("n{n}"),
            "--network",
            "none",
            "busybox",
            "sleep",
            "1000",
        ])
        .ok();
    }
    assert_eq!(env.sh("ps -q").ok().lines().count(), 50);
    let names: Vec<String> = (0..50).map(|n| format!("n{n}")).collect();
    env.hull(
        ["rm", "-f"]
            .into_iter()
            .chain(names.iter().map(String::as_str)),
    )
    .exits(0);
    assert_eq!(env.sh("ps -aq").ok(), "");
    wait_until("no trace is left", || env.traces().none().then_some(()));
}
