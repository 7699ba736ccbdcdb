//! hull: the door. Words in, words out, exit codes.
//!
//! Finds the role or command named on the line and runs it; errors are printed here and nowhere
//! else. Leaves reading flags to `grammar` and every command to its file. Invariant: the hidden
//! roles are found before anything else is looked at, so that a monitor starts as lean as it can.
#![forbid(unsafe_code)]

mod commands;
mod config;
mod context;
mod error;
mod grammar;
mod hello_world;
mod output;
mod render;
mod roles;
mod terminal;

use std::ffi::OsString;
use std::process::ExitCode;

use commands::table::{self, Found};
use context::{Context, Globals, VERSION, width};
use error::Error;
use grammar::help;
use grammar::parse::{Line, parse};

fn main() -> ExitCode {
    context::arm_failpoint();
    let (program, arguments) = context::arguments();
    if let Some(code) = roles::role(program.as_deref(), &arguments) {
        return code;
    }
    match run(arguments) {
        Ok(code) => code,
        Err((error, failure)) => fail(&error, failure),
    }
}

/// Prints an error; the exit code it means.
fn fail(error: &Error, failure: u8) -> ExitCode {
    if !error.is_broken_pipe() {
        output::complain(error);
        if let Some(after) = error.after() {
            output::note(after);
        }
    }
    ExitCode::from(error.code(failure))
}

/// Runs the command on the line; a failure comes with the command's own exit code.
fn run(arguments: Vec<OsString>) -> Result<ExitCode, (Error, u8)> {
    let own = |error| (error, 1);
    let words = context::words(arguments).map_err(own)?;
    let (globals, mut rest) = table::globals(words).map_err(own)?;
    if globals.debug {
        output::show_debug();
    }
    if globals.version {
        output::print_line(&format!("hull version {VERSION}")).map_err(own)?;
        return Ok(ExitCode::SUCCESS);
    }
    let context = Context {
        globals: Globals {
            root: globals.root,
            run_root: globals.run_root,
            config: globals.config,
        },
        usages: table::usages,
    };
    if globals.help || rest.is_empty() {
        output::print(&table::overview()).map_err(own)?;
        return Ok(ExitCode::SUCCESS);
    }
    let command = match table::find(&mut rest).map_err(own)? {
        Found::Command(command) => command,
        Found::Group(text) => {
            output::print(&text).map_err(own)?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    let failed = |error| (error, command.usage.failure);
    match parse(&command.usage, rest).map_err(failed)? {
        Line::Help => {
            output::print(&help::of_command(&command.usage, width())).map_err(failed)?;
            Ok(ExitCode::SUCCESS)
        }
        Line::Run(parsed) => (command.run)(&context, &parsed).map_err(failed),
    }
}
