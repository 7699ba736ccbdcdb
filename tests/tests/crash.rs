//! `kill -9` of the command, the monitor or the container, at every named failpoint and at random:
//! the next command sees the truth, and nothing is left behind.
//!
//! Invariant: after each kill the same three things are asked: does what `ps` says agree with the
//! kernel, can everything be removed, and is what then remains what was there before.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use hull_test::wait::within;
use hull_test::{Env, images, kernel, leaks, require};
use serde_json::Value;

const SETTLE: Duration = Duration::from_secs(10);

/// The verbs, and what must be there before each.
const VERBS: &[(&str, &[&str])] = &[
    ("run --rm busybox true", &[]),
    ("run --name new busybox echo hi", &[]),
    ("run -d busybox sleep 1000", &[]),
    ("run -d --rm busybox sleep 1000", &[]),
    ("run -d --restart always busybox false", &[]),
    ("start old", &["create --name old busybox sleep 1000"]),
    ("exec up true", &["run -d --name up busybox sleep 1000"]),
    (
        "exec -d up sleep 1000",
        &["run -d --name up busybox sleep 1000"],
    ),
    (
        "stop -t 1 up",
        &["run -d --name up --stop-signal KILL busybox sleep 1000"],
    ),
    ("kill up", &["run -d --name up busybox sleep 1000"]),
    ("restart -t 0 up", &["run -d --name up busybox sleep 1000"]),
    ("rm -f up", &["run -d --name up busybox sleep 1000"]),
    ("rm -f up", &["run -d --rm --name up busybox sleep 1000"]),
    ("rm old", &["create --name old busybox true"]),
];

/// Words of a line; containers have no network here.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    if matches!(words[0].as_str(), "run" | "create") {
        words.splice(1..1, ["--network".to_owned(), "none".to_owned()]);
    }
    words
}

/// Every failpoint of the workspace, from its sources.
fn failpoints() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("sources").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                let text = fs::read_to_string(&path).expect("a source");
                let calls = text.split("failpoint(\"").skip(1);
                found.extend(
                    calls
                        .filter_map(|rest| rest.split('"').next())
                        .map(str::to_owned),
                );
            }
        }
    }
    found
}

/// What is on disk and in the kernel apart from things that may grow: the ledger's files, the journal,
/// compiled filters, and the trash, though not what lies in it.
fn census(env: &Env) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut folders = vec![env.root(), env.run_root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            let grows = ["state.db", "journal", "seccomp-", "trash"]
                .iter()
                .any(|part| name.starts_with(part));
            // An unpacked layer is one thing; its inside is the image's.
            let layer = path
                .parent()
                .is_some_and(|parent| parent.ends_with("layers"));
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) && !layer {
                folders.push(path.clone());
            }
            if !grows {
                found.insert(path);
            }
        }
    }
    found
}

/// What `ps -a` says of every container agrees with what the kernel shows.
fn truth(env: &Env, after: &str) {
    let ids = env.hull(["ps", "-aq", "--no-trunc"]);
    assert!(ids.code == 0 && ids.err.is_empty(), "after {after}: {ids}");
    for id in ids.out.split_whitespace() {
        let agreed = within(SETTLE, || {
            let done = env.hull(["container", "inspect", id]);
            if done.code != 0 {
                // Gone between the two commands: a `--rm` being honoured.
                return Some(());
            }
            let all: Value = serde_json::from_str(&done.out).expect("JSON");
            let state = &all[0]["State"];
            let pid = i32::try_from(state["Pid"].as_i64().expect("a pid")).expect("a pid");
            let running = state["Running"].as_bool().expect("Running");
            let restarting = state["Restarting"].as_bool().expect("Restarting");
            (restarting || running == (pid != 0 && kernel::alive(pid))).then_some(())
        });
        assert!(agreed.is_some(), "after {after}: {}", env.inspect(id));
    }
}

/// Removes everything and compares with `before`.
fn nothing_left(env: &Env, before: &BTreeSet<PathBuf>, after: &str) {
    env.hull(["system", "reconcile"]).exits(0);
    let left = env.hull(["ps", "-aq", "--no-trunc"]).out;
    if !left.trim().is_empty() {
        let done = env.hull(["rm", "-f"].into_iter().chain(left.split_whitespace()));
        // What was to go by itself may be gone already.
        assert!(
            done.code == 0 || done.err.contains("No such container"),
            "after {after}: {done}"
        );
    }
    let ids = env.ids();
    let look = || leaks::Leaks::of(&env.root(), &env.run_root(), &ids);
    let clean = within(SETTLE, || {
        let now = census(env);
        (look().none() && now == *before && env.hull(["ps", "-aq"]).out.is_empty()).then_some(())
    });
    if clean.is_none() {
        let now = census(env);
        let more: Vec<_> = now.difference(before).collect();
        let less: Vec<_> = before.difference(&now).collect();
        panic!(
            "after {after}: {:#?}\nnew: {more:#?}\ngone: {less:#?}\n{}",
            look(),
            env.sh("ps -a")
        );
    }
}

/// An engine with busybox that has run once, so that whatever is made once is made.
fn engine() -> (Env, BTreeSet<PathBuf>) {
    let env = Env::busybox();
    env.hull(words("run --rm busybox true")).exits(0);
    env.hull(words("run -d --name up busybox sleep 1000"))
        .exits(0);
    env.sh("exec up true").exits(0);
    env.sh("rm -f up").exits(0);
    env.hull(["system", "reconcile"]).exits(0);
    let steady = || {
        let first = census(&env);
        std::thread::sleep(Duration::from_millis(50));
        (first == census(&env)).then_some(first)
    };
    let before = within(SETTLE, steady).expect("an engine at rest");
    (env, before)
}

/// The failpoints that a container's verbs pass, all but those of `load`.
fn of_containers(name: &str) -> bool {
    !name.starts_with("load-") && !name.starts_with("import-") && name != "monitor-panics"
}

#[test]
fn killed_at_every_failpoint_three_times() {
    require!();
    let (env, before) = engine();
    let mut kills = 0;
    for name in failpoints().into_iter().filter(|name| of_containers(name)) {
        let mut struck = 0;
        // A verb that never comes by is asked once only.
        let mut passing: Vec<_> = VERBS.iter().collect();
        for time in [1, 1, 1, 2] {
            passing.retain(|(line, needs)| {
                struck < 3 && {
                    let hit = strike(&env, &before, (&name, time), line, needs);
                    struck += u32::from(hit);
                    hit
                }
            });
        }
        println!("{name}: {struck}");
        assert!(
            struck >= 3,
            "failpoint {name} was reached {struck} times only"
        );
        kills += struck;
    }
    println!("{kills} kills at failpoints");
}

/// Runs `line` with failpoint `name` armed for its `time`-th passing; whether it struck.
fn strike(
    env: &Env,
    before: &BTreeSet<PathBuf>,
    (name, time): (&str, u32),
    line: &str,
    needs: &[&str],
) -> bool {
    for need in needs {
        env.hull(words(need)).exits(0);
    }
    let mark = env.path("mark");
    fs::remove_file(&mark).ok();
    let mut command = env.command(words(line));
    command.env(
        "HULL_FAILPOINT",
        format!("{name}:{time}:{}", mark.display()),
    );
    let mut child = quiet(&mut command);
    let after = format!("{name}:{time} in `{line}`");
    let ended = within(SETTLE, || child.try_wait().expect("wait"));
    if ended.is_none() {
        child.kill().ok();
        child.wait().ok();
        panic!("{after}: the command did not end");
    }
    // A failpoint at the end of a monitor's life strikes a moment later.
    within(Duration::from_millis(30), || mark.exists().then_some(()));
    truth(env, &after);
    nothing_left(env, before, &after);
    mark.exists()
}

fn quiet(command: &mut Command) -> Child {
    use std::process::Stdio;
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().expect("starting hull")
}

/// A small random number generator (xorshift); the seed is printed, so that a failure can be seen again.
struct Chance(u64);

impl Chance {
    fn new() -> Self {
        let given = std::env::var("HULL_CRASH_SEED");
        let given: Option<u64> = given.ok().and_then(|text| text.parse().ok());
        let clock = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let seed = given.unwrap_or_else(|| clock().expect("a clock").subsec_nanos().into());
        println!("HULL_CRASH_SEED={seed}");
        Self(seed | 1)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// Processes of the engine by part: its monitors, or the first processes of its containers.
fn victims(env: &Env, part: u64) -> Vec<i32> {
    let run = env.run_root();
    let ours = leaks::processes(&[&run]);
    let monitors = ours.iter().filter(|(_, line)| line.contains(" monitor "));
    let monitors: Vec<i32> = monitors.map(|(pid, _)| *pid).collect();
    if part == 1 {
        return monitors;
    }
    let children = |pid: &i32| {
        let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let pids = text.unwrap_or_default();
        pids.split_whitespace()
            .filter_map(|pid| pid.parse().ok())
            .collect::<Vec<i32>>()
    };
    monitors.iter().flat_map(children).collect()
}

#[test]
fn killed_at_random() {
    require!();
    let (env, before) = engine();
    let mut chance = Chance::new();
    let mut kills = [0_u32; 3];
    let end = Instant::now() + Duration::from_secs(240);
    while kills.iter().sum::<u32>() < 150 && Instant::now() < end {
        let (line, needs) =
            VERBS[usize::try_from(chance.below(VERBS.len() as u64)).expect("an index")];
        for need in needs {
            env.hull(words(need)).exits(0);
        }
        let mut child = quiet(&mut env.command(words(line)));
        let part = chance.below(3);
        let pause = Duration::from_micros(chance.below(40_000));
        std::thread::sleep(pause);
        let targets = match part {
            0 => vec![child.id().cast_signed()],
            _ => victims(&env, part),
        };
        let index = usize::try_from(part).expect("an index");
        if let Some(&pid) = targets.first() {
            let pid = rustix::process::Pid::from_raw(pid).expect("a pid");
            let killed = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            kills[index] += u32::from(killed.is_ok());
        }
        let who = ["command", "monitor", "container"][index];
        let after = format!("killing the {who} {pause:?} into `{line}`");
        if within(SETTLE, || child.try_wait().expect("wait")).is_none() {
            child.kill().ok();
            child.wait().ok();
            panic!("{after}: the command did not end");
        }
        truth(&env, &after);
        nothing_left(&env, &before, &after);
    }
    println!("random kills of commands, monitors, containers: {kills:?}");
    assert!(kills.iter().sum::<u32>() >= 100, "{kills:?}");
}

#[test]
fn load_killed_at_random_can_be_repeated() {
    require!();
    let whole = Env::busybox();
    let env = Env::empty();
    let archive = images::busybox().to_string_lossy().into_owned();
    let begun = Instant::now();
    let other = Env::empty();
    other.hull(["load", "-q", "-i", &archive]).exits(0);
    let span = u64::try_from(begun.elapsed().as_micros())
        .expect("a short time")
        .max(2000);
    let mut chance = Chance::new();
    for _ in 0..40 {
        let mut child = quiet(&mut env.command(["load", "-q", "-i", &archive]));
        std::thread::sleep(Duration::from_micros(chance.below(span)));
        child.kill().ok();
        child.wait().expect("wait");
        env.hull(["images", "-q"]).exits(0);
    }
    let mark = env.path("mark");
    for name in failpoints()
        .into_iter()
        .filter(|name| name.starts_with("load-"))
    {
        for _ in 0..3 {
            fs::remove_file(&mark).ok();
            let wish = format!("{name}:1:{}", mark.display());
            let mut command = env.command(["load", "-q", "-i", &archive]);
            quiet(command.env("HULL_FAILPOINT", wish))
                .wait()
                .expect("wait");
            assert!(mark.exists(), "failpoint {name} was not reached");
            env.hull(["images", "-q"]).exits(0);
            env.hull(["rmi", "-f", "busybox"]);
        }
    }
    env.hull(["load", "-q", "-i", &archive]).exits(0);
    env.hull(["system", "reconcile"]).exits(0);
    whole.hull(["system", "reconcile"]).exits(0);
    let relative = |env: &Env| -> BTreeSet<PathBuf> {
        let root = env.root();
        census(env)
            .iter()
            .filter_map(|path| path.strip_prefix(&root).ok().map(Path::to_owned))
            .collect()
    };
    let (now, wanted) = (relative(&env), relative(&whole));
    let more: Vec<_> = now.difference(&wanted).collect();
    let less: Vec<_> = wanted.difference(&now).collect();
    assert!(
        more.is_empty() && less.is_empty(),
        "new: {more:#?}\nmissing: {less:#?}"
    );
    env.hull(words("run --rm busybox true")).exits(0);
}
