//! `hull kill`.

use std::process::ExitCode;

use crate::commands::command::{Command, Outcome};
use crate::context::Context;
use crate::grammar::flag::{Flag, one};
use crate::grammar::parse::Parsed;
use crate::grammar::usage::Completes;
use crate::output;

/// `hull kill`.
pub(crate) const COMMAND: Command = Command::new(
    &["kill", "container kill"],
    "Kill one or more running containers",
    kill,
)
.takes(
    "CONTAINER [CONTAINER...]",
    1..=usize::MAX,
    Completes::Running,
)
.flags(&[FLAGS])
.examples(&[
    ("hull kill web", "End it at once"),
    ("hull kill -s HUP web", "Send it another signal"),
]);

const FLAGS: &[Flag] = &[one("signal", "string", "Signal to send (default SIGKILL)").short('s')];

fn kill(context: &Context, parsed: &Parsed) -> Outcome {
    let engine = context.engine()?;
    let signal = parsed.text("signal");
    let good = output::each(&parsed.words, |name| {
        engine.containers().kill(name, signal)?;
        output::print_line(name)
    })?;
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
