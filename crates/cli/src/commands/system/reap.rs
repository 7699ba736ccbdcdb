//! `hull system reap`, `note` and `reconcile`: what monitors call, and what puts a host right.
//!
//! Invariant: monitors of older releases call these with the same words.

use std::process::ExitCode;

use crate::commands::command::{Command, Outcome};
use crate::context::Context;
use crate::grammar::parse::Parsed;
use crate::grammar::usage::Completes;
use crate::output;

/// `hull system reap ID`.
pub(crate) const REAP: Command = Command::new(
    &["system reap"],
    "Settle the end of a container",
    |context, parsed| {
        context.engine()?.system().reap(parsed.word(0))?;
        Ok(ExitCode::SUCCESS)
    },
)
.takes("ID", 1..=1, Completes::Nothing)
.hidden();

/// `hull system note ID WHAT [DETAIL]`.
pub(crate) const NOTE: Command = Command::new(
    &["system note"],
    "Note what happened to a container",
    |context, parsed| {
        let detail = Some(parsed.word(2)).filter(|detail| !detail.is_empty());
        context
            .engine()?
            .system()
            .note(parsed.word(0), parsed.word(1), detail)?;
        Ok(ExitCode::SUCCESS)
    },
)
.takes("ID WHAT [DETAIL]", 2..=3, Completes::Nothing)
.hidden();

/// `hull system reconcile`.
pub(crate) const RECONCILE: Command = Command::new(
    &["system reconcile"],
    "Settle what a crash cut short, and sweep what belongs to nobody",
    reconcile,
)
.examples(&[(
    "hull system reconcile",
    "After a crash or a reboot; harmless at any time",
)]);

fn reconcile(context: &Context, _: &Parsed) -> Outcome {
    let done = context.engine()?.system().reconcile()?;
    let mut text = String::new();
    for id in &done.settled {
        text.push_str(&format!("settled {id}\n"));
    }
    for path in &done.swept {
        text.push_str(&format!("swept {path}\n"));
    }
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}
