//! Feeds mutated bytes to every parser of untrusted input: `hull-fuzz SECONDS [TARGET...]`.
//!
//! Runs on a stable compiler, so there is no coverage to guide it; an input is kept when its outcome
//! is of a kind not seen before. Leaves what is fed to `targets`, how it is bent to `mutate`.
//! Invariant: a panic, an abort or a target that takes longer than ten seconds is a finding, and its
//! input is written to a file before anything else happens.
#![forbid(unsafe_code)]

mod archives;
mod mutate;
mod targets;

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use mutate::Mutator;
use targets::{TARGETS, Target};

/// An input that takes longer than this is a finding.
const PATIENCE: Duration = Duration::from_secs(10);
/// Inputs kept per target.
const KEPT: usize = 4000;

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let Some(seconds) = words.next().and_then(|word| word.parse::<u64>().ok()) else {
        println!("usage: hull-fuzz SECONDS [TARGET...], SECONDS for each target");
        for target in TARGETS {
            println!("  {}", target.name);
        }
        return ExitCode::FAILURE;
    };
    let wanted: Vec<String> = words.collect();
    std::panic::set_hook(Box::new(|_| {}));
    let mut findings = 0;
    for target in TARGETS {
        if wanted.is_empty() || wanted.iter().any(|name| name == target.name) {
            findings += u64::from(!fuzz(target, Duration::from_secs(seconds)));
        }
    }
    println!("{findings} findings");
    if findings == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Fuzzes one target; answers whether nothing was found.
fn fuzz(target: &Target, patience: Duration) -> bool {
    let seed = std::time::UNIX_EPOCH
        .elapsed()
        .map_or(1, |since| since.as_nanos() as u64);
    let mut corpus = (target.seeds)();
    let mut mutator = Mutator::new(seed, target.words, target.repair);
    let mut outcomes = HashSet::new();
    let (start, mut count) = (Instant::now(), 0_u64);
    while start.elapsed() < patience {
        let input = mutator.input(&corpus);
        count += 1;
        match judge(target, &input) {
            Ok(outcome) => {
                if corpus.len() < KEPT && outcomes.insert(outcome) {
                    corpus.push(input);
                }
            }
            Err(why) => {
                let path = save(target.name, &input);
                println!("{}: {why} (seed {seed}, input in {path})", target.name);
                return false;
            }
        }
    }
    println!(
        "{}: {count} inputs, {} kinds of outcome, no finding",
        target.name,
        outcomes.len()
    );
    true
}

/// The kind of outcome, or what is wrong with it.
fn judge(target: &Target, input: &[u8]) -> Result<String, String> {
    let start = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(input))).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        format!(
            "panic: {}",
            text.or(panic.downcast_ref::<&str>().copied())
                .unwrap_or("?")
        )
    })?;
    if start.elapsed() > PATIENCE {
        return Err(format!("took {:?}", start.elapsed()));
    }
    Ok(outcome)
}

/// Writes an input down and answers where.
fn save(name: &str, input: &[u8]) -> String {
    let folder = Path::new("target/fuzz");
    let path = folder.join(format!("{name}-{}", hull_test::archive::digest(input)));
    match std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, input)) {
        Ok(()) => path.display().to_string(),
        Err(error) => format!("nowhere: {error}"),
    }
}
