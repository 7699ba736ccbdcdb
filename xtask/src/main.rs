//! Developer tasks, one word each: `cargo xtask TASK`.
//!
//! Holds the table of tasks and nothing else; each task is a file or folder beside this one.
//! Invariant: a task finds what it needs from the workspace's root, never from where it was
//! started, and says with one line on stderr why it failed.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a developer's tool: it prints, starts programs and reads the environment"
)]

mod bench;
mod check;
mod compat;
mod dist;
mod fuzz;
mod test;
mod vm;
mod workspace;

use std::process::ExitCode;

use workspace::Workspace;

/// What a task answers: nothing, or the one line that says why it failed.
type Outcome = Result<(), String>;

/// A task: its word, what it is for, and the function that does it.
struct Task {
    name: &'static str,
    about: &'static str,
    run: fn(&Workspace, &[String]) -> Outcome,
}

/// Every task, in the order in which `cargo xtask` shows them.
const TASKS: &[Task] = &[
    Task {
        name: "check",
        about: "format, clippy, layers, heads, sizes, unsafe, docs links, compat [NAME...: only these]",
        run: check::run,
    },
    Task {
        name: "test",
        about: "install what tests need, build, run every shelf [cargo] [conformance]",
        run: test::run,
    },
    Task {
        name: "compat",
        about: "compare docker's flags with ours and keep docs/compat/cli.md [--check]",
        run: compat::run,
    },
    Task {
        name: "bench",
        about: "hull beside its peers [ROW...] [--samples N] [--docker CMD] [--podman CMD] [--write]",
        run: bench::run,
    },
    Task {
        name: "fuzz",
        about: "bent bytes for every parser of untrusted input [SECONDS] [TARGET...]",
        run: fuzz::run,
    },
    Task {
        name: "vm",
        about: "cgroup v2 and what needs every capability, in a guest [TEST...]",
        run: vm::run,
    },
    Task {
        name: "dist",
        about: "the release binary as an archive in target/dist",
        run: dist::run,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Finds the task named by the first word and runs it with the others.
fn dispatch(arguments: &[String]) -> Outcome {
    let Some((name, rest)) = arguments.split_first() else {
        usage();
        return Err("no task given".into());
    };
    if matches!(name.as_str(), "help" | "-h" | "--help") {
        usage();
        return Ok(());
    }
    let Some(task) = TASKS.iter().find(|task| task.name == name) else {
        usage();
        return Err(format!("unknown task {name}"));
    };
    (task.run)(&Workspace::find()?, rest)
}

/// Prints the table of tasks.
fn usage() {
    println!("usage: cargo xtask TASK [ARGUMENT...]\n");
    for task in TASKS {
        println!("  {:<10} {}", task.name, task.about);
    }
}
