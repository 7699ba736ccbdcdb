//! A small process that starts commands and says how long they took.
//!
//! Leaves to `mod` what is measured. Invariant: nothing but the start and the wait lies between the
//! two readings of the clock, and the worker stays small, so that its own size never shows.
#![expect(
    clippy::indexing_slicing,
    reason = "indexing a JSON value answers null"
)]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

use crate::Outcome;

/// What one command took and how it ended.
pub(super) struct Sample {
    /// Microseconds from before its start to after its reaping.
    pub(super) micros: f64,
    /// Exit code, -1 when a signal ended it.
    pub(super) code: i64,
}

/// A worker, spoken to in lines of JSON.
pub(super) struct Worker {
    child: Child,
    words: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Worker {
    /// Starts this program again as a worker; `prefix` may put it into other namespaces.
    pub(super) fn start(prefix: &[&str]) -> Result<Self, String> {
        let own =
            std::env::current_exe().map_err(|error| format!("cannot find myself: {error}"))?;
        let own = own.to_string_lossy().into_owned();
        let mut line: Vec<String> = prefix.iter().map(|word| (*word).to_owned()).collect();
        line.extend([own, "bench".into(), "--worker".into()]);
        let (program, rest) = line.split_first().ok_or("no program")?;
        let mut child = Command::new(program)
            .args(rest)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start a worker: {error}"))?;
        let words = child.stdin.take().ok_or("a worker without stdin")?;
        let answers = BufReader::new(child.stdout.take().ok_or("a worker without stdout")?);
        Ok(Self {
            child,
            words,
            answers,
        })
    }

    /// Runs a command line, `parallel` copies of the list at a time, and answers the time of all.
    pub(super) fn run(&mut self, lines: &[Vec<String>], parallel: usize) -> Result<Sample, String> {
        let request = json!({"lines": lines, "parallel": parallel});
        writeln!(self.words, "{request}").map_err(|error| format!("worker: {error}"))?;
        let mut answer = String::new();
        self.answers
            .read_line(&mut answer)
            .map_err(|error| format!("worker: {error}"))?;
        let answer: Value =
            serde_json::from_str(&answer).map_err(|error| format!("worker: {error}"))?;
        Ok(Sample {
            micros: answer["micros"].as_f64().unwrap_or_default(),
            code: answer["code"].as_i64().unwrap_or(-1),
        })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The worker's own loop: a request a line until there are no more.
pub(super) fn serve() -> Outcome {
    for line in std::io::stdin().lines() {
        let line = line.map_err(|error| error.to_string())?;
        let request: Value = serde_json::from_str(&line).map_err(|error| error.to_string())?;
        let lines: Vec<Vec<String>> =
            serde_json::from_value(request["lines"].clone()).map_err(|error| error.to_string())?;
        let parallel = request["parallel"]
            .as_u64()
            .and_then(|n| usize::try_from(n).ok());
        let (micros, code) = timed(&lines, parallel.unwrap_or(1));
        println!("{}", json!({"micros": micros, "code": code}));
    }
    Ok(())
}

/// Runs the lines, at most `parallel` at a time; answers the wall time and the worst exit code.
fn timed(lines: &[Vec<String>], parallel: usize) -> (f64, i64) {
    let mut commands: Vec<Command> = lines.iter().map(|words| command(words)).collect();
    let mut running = Vec::with_capacity(parallel);
    let mut worst = 0;
    let start = Instant::now();
    for command in &mut commands {
        if running.len() >= parallel {
            worst = worst.max(ended(running.remove(0)));
        }
        match command.spawn() {
            Ok(child) => running.push(child),
            Err(_) => worst = 127,
        }
    }
    for child in running {
        worst = worst.max(ended(child));
    }
    (start.elapsed().as_secs_f64() * 1e6, worst)
}

fn ended(mut child: Child) -> i64 {
    match child.wait() {
        Ok(status) => status.code().map_or(255, i64::from),
        Err(_) => 255,
    }
}

/// A command whose streams lead nowhere.
fn command(words: &[String]) -> Command {
    let (program, rest) = words
        .split_first()
        .map_or(("false", &[][..]), |(p, r)| (p.as_str(), r));
    let mut command = Command::new(program);
    command
        .args(rest)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}
