//! `hull wait`.

use std::process::ExitCode;

use hull_engine::container::wait::WaitCondition;

use crate::commands::command::{Command, Outcome};
use crate::context::Context;
use crate::grammar::parse::Parsed;
use crate::grammar::usage::Completes;
use crate::output;

/// `hull wait`.
pub(crate) const COMMAND: Command = Command::new(
    &["wait", "container wait"],
    "Wait until one or more containers stop, and print their exit codes",
    wait,
)
.takes(
    "CONTAINER [CONTAINER...]",
    1..=usize::MAX,
    Completes::Containers,
)
.examples(&[("hull wait job", "Wait for a job and see how it ended")]);

fn wait(context: &Context, parsed: &Parsed) -> Outcome {
    let engine = context.engine()?;
    let good = output::each(&parsed.words, |name| {
        let waited = engine.containers().wait(name, WaitCondition::NotRunning)?;
        output::print_line(&waited.code.to_string())
    })?;
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
