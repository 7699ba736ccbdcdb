//! `cargo xtask bench`: hull beside the floor and its peers, on this machine, in one run.
//!
//! Leaves the command lines to `engines`, the clock to `worker`, the rows to `rows`. Invariant:
//! engines are interleaved, one sample of each per round, and only ratios of one run are compared.

mod engines;
mod machine;
mod memory;
mod report;
mod rows;
mod worker;

use std::path::PathBuf;

use crate::Outcome;
use crate::workspace::{Workspace, output};
use engines::{Given, Ground};
use report::Row;
use rows::Bench;

/// What measures a row or several that belong together.
type Measure = fn(&mut Bench<'_>) -> Result<Vec<Row>, String>;

/// The rows by their words.
const ROWS: &[(&str, Measure)] = &[
    ("run", rows::run),
    ("exec", rows::exec),
    ("oci", rows::oci),
    ("many", rows::many),
    ("ps", rows::list),
    ("load", rows::load),
];

/// What was asked on the command line.
struct Wish {
    rows: Vec<String>,
    samples: usize,
    write: bool,
    given: Given,
}

/// Measures the rows named in `arguments`, or all.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Outcome {
    if arguments.first().is_some_and(|word| word == "--worker") {
        return worker::serve();
    }
    let wish = parse(arguments)?;
    let hull = crate::test::build(workspace)?;
    let ground = Scratch::make(hull)?;
    engines::make_bundles(&ground.0)?;
    let (engines, absent) = engines::find(&ground.0, &wish.given);
    let mut text = machine::describe();
    for reason in &absent {
        println!("left out: {reason}");
        text.push_str(&format!("Left out: {reason}.\n"));
    }
    text.push('\n');
    let mut bench = Bench::new(&ground.0, engines, wish.samples)?;
    bench.prepare(workspace)?;
    for (name, measure) in ROWS {
        if !wish.rows.is_empty() && !wish.rows.iter().any(|row| row == name) {
            continue;
        }
        println!("== {name}");
        for row in measure(&mut bench)? {
            let table = row.table();
            println!("{table}");
            text.push_str(&table);
        }
    }
    bench.clear();
    if wish.write {
        let path = workspace.at("docs/benchmarks.md");
        std::fs::write(&path, text)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    Ok(())
}

/// Reads `[ROW...] [--samples N] [--docker "WORDS"] [--podman "WORDS"] [--write]`.
fn parse(arguments: &[String]) -> Result<Wish, String> {
    let mut wish = Wish {
        rows: Vec::new(),
        samples: 50,
        write: false,
        given: Given {
            docker: None,
            podman: None,
        },
    };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().cloned().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--samples" => {
                wish.samples = value()?.parse().map_err(|_| "--samples needs a number")?;
            }
            "--docker" => wish.given.docker = Some(value()?),
            "--podman" => wish.given.podman = Some(value()?),
            "--write" => wish.write = true,
            row if ROWS.iter().any(|(name, _)| *name == row) => wish.rows.push(row.to_owned()),
            other => {
                let known: Vec<_> = ROWS.iter().map(|(name, _)| *name).collect();
                return Err(format!("no row {other}; there are {}", known.join(", ")));
            }
        }
    }
    Ok(wish)
}

/// Directories of a bench, removed when it ends.
struct Scratch(Ground);

impl Scratch {
    fn make(hull: PathBuf) -> Result<Self, String> {
        let own = std::process::id();
        let memory = if std::path::Path::new("/dev/shm").is_dir() {
            "/dev/shm"
        } else {
            "/run"
        };
        let ground = Ground {
            disk: std::env::temp_dir().join(format!("hull-bench-{own}")),
            memory: PathBuf::from(format!("{memory}/hull-bench-{own}")),
            hull,
        };
        for folder in [&ground.disk, &ground.memory] {
            std::fs::create_dir_all(folder)
                .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        }
        Ok(Self(ground))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        for folder in [&self.0.disk, &self.0.memory] {
            let mut command = std::process::Command::new("rm");
            if let Err(why) = output(command.args(["-rf", "--one-file-system"]).arg(folder)) {
                println!("{}: {why}", folder.display());
            }
        }
    }
}
