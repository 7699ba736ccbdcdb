//! The rows: what is done, how often, in which order.
//!
//! Invariant: whatever a row starts it removes before it ends, and a command that fails ends the
//! bench of its engine with what it said, for a fast failure is no speed.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::engines::{Engine, Ground, Speech};
use super::report::Row;
use super::{memory, worker::Worker};
use crate::workspace::{Workspace, output, run as run_command};

/// Containers of the rows that start many.
const MANY: usize = 50;
/// The pause before a sample of an idle machine.
const IDLE: Duration = Duration::from_millis(150);
/// What a container of docker's defaults may do, as `CapEff` shows it.
const DEFAULT_CAPABILITIES: &str = "00000000a80425fb";

/// A bench in progress.
pub(super) struct Bench<'a> {
    ground: &'a Ground,
    engines: Vec<Engine>,
    samples: usize,
    plain: Worker,
    v1_only: Worker,
    turn: usize,
}

impl<'a> Bench<'a> {
    /// Starts the workers.
    pub(super) fn new(
        ground: &'a Ground,
        engines: Vec<Engine>,
        samples: usize,
    ) -> Result<Self, String> {
        let hide = "! mountpoint -q /sys/fs/cgroup/unified || umount -l /sys/fs/cgroup/unified; \
                    exec \"$@\"";
        Ok(Self {
            ground,
            engines,
            samples,
            plain: Worker::start(&[])?,
            v1_only: Worker::start(&[
                "unshare",
                "--mount",
                "--propagation",
                "private",
                "sh",
                "-c",
                hide,
                "worker",
            ])?,
            turn: 0,
        })
    }

    /// Gives every engine the image and asks hull's container what it is.
    pub(super) fn prepare(&mut self, workspace: &Workspace) -> Result<(), String> {
        let archive = hull_test::images::busybox();
        for at in self.speaking(Speech::Docker) {
            let line = self.engine(at)?.load(archive);
            self.time(at, &[line], 1)?;
        }
        let mut words = vec!["--root".into(), self.ground.disk.join("root")];
        words.extend(["--run-root".into(), self.ground.memory.join("run")]);
        let ask = [
            "run",
            "--rm",
            "--network",
            "none",
            "busybox",
            "cat",
            "/proc/self/status",
        ];
        let mut command = workspace.command(&self.ground.hull);
        let status = output(command.args(words).args(ask))?;
        let has = |line: &str| {
            status
                .lines()
                .any(|l| l.split_whitespace().eq(line.split(' ')))
        };
        if !has("Seccomp: 2") || !has(&format!("CapEff: {DEFAULT_CAPABILITIES}")) {
            return Err(format!(
                "hull's container lacks docker's defaults:\n{status}"
            ));
        }
        println!("hull's container: Seccomp 2, CapEff {DEFAULT_CAPABILITIES}");
        Ok(())
    }

    /// Removes hull's containers, should a row have failed.
    pub(super) fn clear(&self) {
        let mut command = Command::new(&self.ground.hull);
        command.arg("--root").arg(self.ground.disk.join("root"));
        command
            .arg("--run-root")
            .arg(self.ground.memory.join("run"));
        if let Err(why) = run_command(command.args(["container", "prune", "-f"])) {
            println!("{why}");
        }
    }

    fn speaking(&self, speech: Speech) -> Vec<usize> {
        (0..self.engines.len())
            .filter(|at| self.engines.get(*at).is_some_and(|e| e.speech == speech))
            .collect()
    }

    fn named(&self, names: &[&str]) -> Vec<usize> {
        (0..self.engines.len())
            .filter(|at| {
                self.engines
                    .get(*at)
                    .is_some_and(|e| names.contains(&e.name))
            })
            .collect()
    }

    fn engine(&self, at: usize) -> Result<&Engine, String> {
        self.engines
            .get(at)
            .ok_or_else(|| "no such engine".to_owned())
    }

    /// Runs lines for an engine, `parallel` at a time; milliseconds of all together.
    fn time(&mut self, at: usize, lines: &[Vec<String>], parallel: usize) -> Result<f64, String> {
        let v1_only = self.engine(at)?.v1_only;
        let worker = if v1_only {
            &mut self.v1_only
        } else {
            &mut self.plain
        };
        let sample = worker.run(lines, parallel)?;
        if sample.code != 0 {
            let line = lines
                .first()
                .map(|words| words.join(" "))
                .unwrap_or_default();
            return Err(format!("{line}: exit {}", sample.code));
        }
        Ok(sample.micros / 1e3)
    }

    /// One sample of `line` for each engine per round, `rounds` times, after `pause` each.
    fn interleave(
        &mut self,
        row: &mut Row,
        engines: &[usize],
        (rounds, pause): (usize, Duration),
        line: impl Fn(&Engine, usize) -> Vec<String>,
    ) -> Result<(), String> {
        for round in 0..rounds {
            for at in engines {
                self.turn += 1;
                let engine = self.engine(*at)?;
                // The slow peers need fewer samples to be told apart.
                if round >= 10 && matches!(engine.name, "docker" | "podman") {
                    continue;
                }
                let (name, words) = (engine.name, line(engine, self.turn));
                std::thread::sleep(pause);
                let took = self.time(*at, &[words], 1)?;
                row.add(name, took);
            }
        }
        Ok(())
    }

    fn each(&self) -> usize {
        self.samples
    }
}

/// Names of the containers of a row.
fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("hull-bench-{n}")).collect()
}

/// `run --rm true`, back to back and after idleness.
pub(super) fn run(bench: &mut Bench) -> Result<Vec<Row>, String> {
    let engines = bench.named(&["hull", "crun", "runc", "podman", "docker"]);
    let goal = "faster than bare crun run; 50 times docker, 30 times podman";
    let mut hot = Row::new(
        "run --rm --network none busybox true, back to back",
        "ms",
        goal,
    );
    for took in floor(bench)? {
        hot.add("floor", took);
    }
    let rounds = bench.each();
    bench.interleave(&mut hot, &engines, (rounds, Duration::ZERO), Engine::run)?;
    let mut own = Row::new(
        "the same, one engine alone, one after the other",
        "ms",
        goal,
    );
    for at in bench.named(&["hull", "crun"]) {
        bench.interleave(&mut own, &[at], (rounds, Duration::ZERO), Engine::run)?;
    }
    let mut idle = Row::new("the same, each after 150 ms of idleness", "ms", goal);
    bench.interleave(&mut idle, &engines, (rounds / 2, IDLE), Engine::run)?;
    Ok(vec![hot, own, idle])
}

/// The floor program, compiled and run.
fn floor(bench: &Bench) -> Result<Vec<f64>, String> {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bench/floor.c");
    let binary = bench.ground.disk.join("floor");
    let mut compile = Command::new("cc");
    run_command(compile.args(["-O2", "-o"]).arg(&binary).arg(source))?;
    let scratch = bench.ground.disk.join("floor-scratch");
    std::fs::create_dir_all(&scratch).map_err(|error| error.to_string())?;
    let mut command = Command::new(&binary);
    command.arg(bench.ground.disk.join("rootfs")).arg(&scratch);
    let text = output(command.arg(bench.samples.to_string()))?;
    Ok(text
        .lines()
        .filter_map(|line| line.parse::<f64>().ok())
        .map(|us| us / 1e3)
        .collect())
}

/// `exec true` in a running container.
pub(super) fn exec(bench: &mut Bench) -> Result<Vec<Row>, String> {
    let engines = bench.named(&["hull", "hull oci", "crun", "runc", "podman", "docker"]);
    let name = "hull-bench-exec".to_owned();
    for at in &engines {
        let line = bench.engine(*at)?.sleeper(&name);
        bench.time(*at, &[line], 1)?;
    }
    let goal = "at most 0.75 of crun exec, 20 times docker";
    let mut hot = Row::new("exec of true, back to back", "ms", goal);
    let mut idle = Row::new("the same, each after 150 ms of idleness", "ms", goal);
    let rounds = bench.each();
    let line = |engine: &Engine, _| engine.exec("hull-bench-exec");
    let measured = bench
        .interleave(&mut hot, &engines, (rounds, Duration::ZERO), line)
        .and_then(|()| bench.interleave(&mut idle, &engines, (rounds / 2, IDLE), line));
    for at in &engines {
        let lines = bench.engine(*at)?.remove(std::slice::from_ref(&name));
        bench.time(*at, &lines, 1)?;
    }
    measured.map(|()| vec![hot, idle])
}

/// `hull oci run` of a bundle beside the runtimes.
pub(super) fn oci(bench: &mut Bench) -> Result<Vec<Row>, String> {
    let engines = bench.named(&["hull oci", "crun", "runc"]);
    let goal = "at most 0.6 of crun";
    let mut hot = Row::new("run of a bundle, back to back", "ms", goal);
    let mut idle = Row::new("the same, each after 150 ms of idleness", "ms", goal);
    let rounds = bench.each();
    bench.interleave(&mut hot, &engines, (rounds, Duration::ZERO), Engine::run)?;
    bench.interleave(&mut idle, &engines, (rounds / 2, IDLE), Engine::run)?;
    Ok(vec![hot, idle])
}

/// Fifty containers: started eight at a time, their monitors' memory, removed by force.
pub(super) fn many(bench: &mut Bench) -> Result<Vec<Row>, String> {
    let mut start = Row::new(
        "start 50, 8 at a time",
        "ms",
        "at most 250 ms; 20 times docker",
    );
    let mut held = Row::new(
        "engine memory per running container (PSS)",
        "MB",
        "at most 0.25 MB, 0 idle",
    );
    let mut gone = Row::new("rm -f of 50 running", "ms", "10 times docker");
    let engines = bench.named(&["hull", "crun", "podman", "docker"]);
    for _ in 0..3 {
        for at in &engines {
            let engine = bench.engine(*at)?;
            let (name, processes) = (engine.name, engine.processes);
            let lines: Vec<_> = names(MANY)
                .iter()
                .map(|name| engine.sleeper(name))
                .collect();
            let removal = engine.remove(&names(MANY));
            let mark = (name == "hull").then(|| bench.ground.memory.to_string_lossy().into_owned());
            let idle = memory::held(processes, mark.as_deref());
            let took = bench.time(*at, &lines, 8)?;
            start.add(name, took);
            std::thread::sleep(Duration::from_secs(1));
            if !processes.is_empty() {
                let more = memory::held(processes, mark.as_deref()) - idle;
                held.add(name, more / 1024.0 / 50.0);
            }
            let took = bench.time(*at, &removal, 1)?;
            gone.add(name, took);
            std::thread::sleep(Duration::from_millis(500));
        }
    }
    Ok(vec![start, held, gone])
}

/// `ps -a` with 100 and 1,000 containers.
pub(super) fn list(bench: &mut Bench) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    let own = bench.named(&["hull"]);
    let peers = bench.named(&["hull", "docker"]);
    let mut there = 0;
    for (count, engines, goal) in [(100, &peers, "at most 3 ms"), (1000, &own, "at most 15 ms")] {
        for at in engines {
            let engine = bench.engine(*at)?;
            let missing = count - if engine.name == "hull" { there } else { 0 };
            let lines: Vec<_> = (0..missing).map(|_| engine.created()).collect();
            bench.time(*at, &lines, 2)?;
        }
        there = count;
        let mut row = Row::new(format!("ps -a with {count} containers"), "ms", goal);
        let line = |engine: &Engine, _| engine.list();
        bench.interleave(&mut row, engines, (20, Duration::ZERO), line)?;
        rows.push(row);
    }
    for at in &peers {
        let mut prune = bench.engine(*at)?.list();
        prune.truncate(prune.len() - 2);
        prune.extend(["container", "prune", "-f"].map(str::to_owned));
        bench.time(*at, &[prune], 1)?;
    }
    Ok(rows)
}

/// Load and save of a big image with twelve layers.
pub(super) fn load(bench: &mut Bench) -> Result<Vec<Row>, String> {
    let archive = big_image(bench)?;
    let mut load = Row::new(
        "load of a 12-layer image",
        "ms",
        "2.5 times the better peer",
    );
    let mut save = Row::new("save of it", "ms", "2 times the better peer");
    let saved = bench.ground.disk.join("saved.tar");
    let engines = bench.speaking(Speech::Docker);
    for _ in 0..3 {
        for at in &engines {
            let engine = bench.engine(*at)?;
            let name = engine.name;
            let (into, out) = (
                engine.load(&archive),
                engine.save("hull-bench-big:1", &saved),
            );
            let forget = engine.forget("hull-bench-big:1");
            sync();
            load.add(name, bench.time(*at, &[into], 1)?);
            sync();
            save.add(name, bench.time(*at, &[out], 1)?);
            bench.time(*at, &[forget], 1)?;
            std::fs::remove_file(&saved).map_err(|error| error.to_string())?;
        }
    }
    Ok(vec![load, save])
}

/// Leaves no dirty pages of one sample to the next.
fn sync() {
    if let Err(why) = run_command(&mut Command::new("sync")) {
        println!("{why}");
    }
}

/// Twelve layers of 3,000 files each, 789 MB in all, half of them hard to compress.
fn big_image(bench: &Bench) -> Result<PathBuf, String> {
    use hull_test::archive::{Entry, docker_archive, tar};
    let mut state = 88_172_645_463_325_252_u64;
    let mut noise = |length: usize| -> Vec<u8> {
        (0..length / 8)
            .flat_map(|at| {
                if at % 2 == 0 {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                }
                state.to_le_bytes()
            })
            .collect()
    };
    let mut layers = Vec::new();
    for layer in 0..12 {
        let files: Vec<(String, Vec<u8>)> = (0..3000)
            .map(|file| {
                (
                    format!("layer{layer}/folder{}/file{file}", file / 50),
                    noise(22_000),
                )
            })
            .collect();
        let entries: Vec<_> = files
            .iter()
            .map(|(path, bytes)| Entry::file(path, bytes))
            .collect();
        layers.push(tar(&entries));
    }
    let archive = docker_archive("hull-bench-big:1", &serde_json::json!({}), &layers);
    let path = bench.ground.disk.join("big.tar");
    std::fs::write(&path, archive).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}
