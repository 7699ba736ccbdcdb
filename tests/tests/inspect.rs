//! `ps`, `inspect`, `top`: what is shown, in which form, and what filters leave.

use hull_test::{Env, require};
use serde_json::json;

#[test]
fn ps_shows_what_runs_and_with_a_all() {
    require!();
    let env = Env::busybox();
    env.sh("run -d --name up --network none busybox sleep 1000")
        .ok();
    env.sh("run --name down --network none busybox sh -c true")
        .exits(0);
    let table = env.sh("ps").ok();
    assert!(table.starts_with("CONTAINER ID   IMAGE"), "{table}");
    assert!(table.contains("up") && !table.contains("down"), "{table}");
    assert!(
        table.contains("\"sleep 1000\"") && table.contains("Up "),
        "{table}"
    );
    let all = env.sh("ps -a").ok();
    assert!(all.contains("Exited (0)"), "{all}");
    assert_eq!(env.sh("ps -q").ok().len(), 12);
    assert_eq!(env.sh("ps -l -q --no-trunc").ok().len(), 64);
}

#[test]
fn formats_and_filters() {
    require!();
    let env = Env::busybox();
    env.sh("run -d --name a1 --network none -l team=red busybox sleep 1000")
        .ok();
    env.sh("create --name b1 --network none -l team=blue busybox")
        .ok();
    let names = |filter: &str| {
        env.hull(["ps", "-a", "--format", "{{.Names}}", "--filter", filter])
            .ok()
    };
    assert_eq!(names("name=a1"), "a1");
    assert_eq!(names("status=created"), "b1");
    assert_eq!(names("label=team=red"), "a1");
    assert_eq!(names("label=team").lines().count(), 2);
    assert_eq!(names("ancestor=busybox").lines().count(), 2);
    env.hull(["ps", "--filter", "nonsense=1"])
        .exits(1)
        .complains("nonsense");
    let line = env.hull(["ps", "--format", "json"]).ok();
    let row: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(
        (row["Names"].as_str(), row["State"].as_str()),
        (Some("a1"), Some("running"))
    );
    let table = env
        .hull(["ps", "--format", "table {{.ID}}\t{{.Status}}"])
        .ok();
    assert!(table.starts_with("CONTAINER ID   STATUS"), "{table}");
}

#[test]
fn inspect_tells_the_wish_in_dockers_words() {
    require!();
    let env = Env::busybox();
    env.sh("create --name c1 --network none -m 64m --cpus 1.5 -e A=1 -l k=v -w /tmp -u alice -h box --restart on-failure:3 --cap-add NET_ADMIN --read-only busybox sleep 9").ok();
    let all = env.inspect("c1");
    assert_eq!(all["Name"], "/c1");
    assert_eq!(all["Config"]["Cmd"], json!(["sleep", "9"]));
    assert_eq!(all["Config"]["User"], "alice");
    assert_eq!(all["Config"]["WorkingDir"], "/tmp");
    assert_eq!(all["Config"]["Hostname"], "box");
    assert_eq!(all["Config"]["Labels"]["k"], "v");
    assert_eq!(all["HostConfig"]["Memory"], 67_108_864);
    assert_eq!(all["HostConfig"]["NanoCpus"], 1_500_000_000);
    assert_eq!(all["HostConfig"]["NetworkMode"], "none");
    assert_eq!(all["HostConfig"]["ReadonlyRootfs"], true);
    assert_eq!(
        all["HostConfig"]["RestartPolicy"],
        json!({"Name": "on-failure", "MaximumRetryCount": 3})
    );
    assert_eq!(all["State"]["Status"], "created");
    assert!(all["Image"].as_str().expect("Image").starts_with("sha256:"));
    assert_eq!(
        env.hull([
            "inspect",
            "-f",
            "{{.HostConfig.Memory}} {{json .Config.Cmd}}",
            "c1"
        ])
        .ok(),
        "67108864 [\"sleep\",\"9\"]"
    );
    env.sh("inspect nobody")
        .exits(1)
        .complains("no such object: nobody");
}

#[test]
fn top_shows_its_processes() {
    require!();
    let env = Env::busybox();
    env.sh("run -d --name c1 --network none busybox sleep 1000")
        .ok();
    let out = env.sh("top c1").ok();
    assert!(
        out.starts_with("UID") && out.contains("sleep 1000"),
        "{out}"
    );
    assert!(out.contains(&env.pid("c1").to_string()), "{out}");
}

#[test]
fn many_containers_are_listed_in_no_time() {
    require!();
    let env = Env::busybox();
    for _ in 0..100 {
        env.sh("create --network none busybox true").ok();
    }
    let start = std::time::Instant::now();
    assert_eq!(env.sh("ps -aq").ok().lines().count(), 100);
    assert!(start.elapsed().as_millis() < 500, "{:?}", start.elapsed());
}
