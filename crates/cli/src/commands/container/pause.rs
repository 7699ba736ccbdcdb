//! `hull pause`.

use std::process::ExitCode;

use crate::commands::command::{Command, Outcome};
use crate::context::Context;
use crate::grammar::parse::Parsed;
use crate::grammar::usage::Completes;
use crate::output;

/// `hull pause`.
pub(crate) const COMMAND: Command = Command::new(
    &["pause", "container pause"],
    "Pause all processes of one or more containers",
    pause,
)
.takes(
    "CONTAINER [CONTAINER...]",
    1..=usize::MAX,
    Completes::Running,
)
.examples(&[("hull pause web", "Freeze it; memory and connections stay")]);

fn pause(context: &Context, parsed: &Parsed) -> Outcome {
    let engine = context.engine()?;
    let good = output::each(&parsed.words, |name| {
        engine.containers().pause(name)?;
        output::print_line(name)
    })?;
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
