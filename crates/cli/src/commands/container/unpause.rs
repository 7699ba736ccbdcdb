//! `hull unpause`.

use std::process::ExitCode;

use crate::commands::command::{Command, Outcome};
use crate::context::Context;
use crate::grammar::parse::Parsed;
use crate::grammar::usage::Completes;
use crate::output;

/// `hull unpause`.
pub(crate) const COMMAND: Command = Command::new(
    &["unpause", "container unpause"],
    "Let one or more paused containers go on",
    unpause,
)
.takes(
    "CONTAINER [CONTAINER...]",
    1..=usize::MAX,
    Completes::Running,
)
.examples(&[("hull unpause web", "Let it go on")]);

fn unpause(context: &Context, parsed: &Parsed) -> Outcome {
    let engine = context.engine()?;
    let good = output::each(&parsed.words, |name| {
        engine.containers().unpause(name)?;
        output::print_line(name)
    })?;
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
