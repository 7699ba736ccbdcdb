//! `hull restart`.

use std::process::ExitCode;

use super::stop::{FLAGS, request};
use crate::commands::command::{Command, Outcome};
use crate::context::Context;
use crate::grammar::parse::Parsed;
use crate::grammar::usage::Completes;
use crate::output;

/// `hull restart`.
pub(crate) const COMMAND: Command = Command::new(
    &["restart", "container restart"],
    "Stop and start one or more containers",
    restart,
)
.takes(
    "CONTAINER [CONTAINER...]",
    1..=usize::MAX,
    Completes::Containers,
)
.flags(&[FLAGS])
.examples(&[(
    "hull restart -t 2 web",
    "Stop it within two seconds and start it again",
)]);

fn restart(context: &Context, parsed: &Parsed) -> Outcome {
    let engine = context.engine()?;
    let request = request(parsed);
    let good = output::each(&parsed.words, |name| {
        engine.containers().restart(name, &request)?;
        output::print_line(name)
    })?;
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
