//! `hull __tables`: every command and flag as JSON, for `cargo xtask compat` and for tests.
//!
//! Invariant: what is told here is the very table that the line is read against.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::commands::command::{Command, Outcome};
use crate::commands::others::OTHERS;
use crate::context::Context;
use crate::grammar::flag::{Flag, Support, Take};
use crate::grammar::parse::Parsed;
use crate::grammar::usage::Usage;
use crate::output;

/// `hull __tables`.
pub(crate) const COMMAND: Command =
    Command::new(&["__tables"], "Show every command and flag as JSON", tables).hidden();

fn tables(context: &Context, _: &Parsed) -> Outcome {
    let commands = (context.usages)().into_iter().filter(|usage| !usage.hidden);
    let commands: Vec<Value> = commands.map(command_json).collect();
    let others: Vec<Value> = OTHERS
        .iter()
        .map(|(verb, support)| {
            let (kind, why) = words(*support);
            json!({ "verb": verb, "later": kind == "later", "why": why })
        })
        .collect();
    output::print_line(&json!({ "commands": commands, "others": others }).to_string())?;
    Ok(ExitCode::SUCCESS)
}

fn command_json(command: &Usage) -> Value {
    json!({
        "name": command.name,
        "paths": command.paths,
        "words": command.words,
        "flags": command.all_flags().map(flag_json).collect::<Vec<_>>(),
    })
}

fn flag_json(flag: &Flag) -> Value {
    let (support, why) = words(flag.support);
    json!({
        "long": flag.long,
        "short": flag.short,
        "kind": flag.kind,
        "switch": matches!(flag.take, Take::Switch(_)),
        "support": support,
        "why": why,
    })
}

fn words(support: Support) -> (&'static str, &'static str) {
    match support {
        Support::Works => ("works", ""),
        Support::Differs(how) => ("differs", how),
        Support::Later(thing) => ("later", thing),
        Support::Never(why) => ("never", why),
    }
}
