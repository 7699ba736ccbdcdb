//! `hull rename`.

use std::process::ExitCode;

use crate::commands::command::{Command, Outcome};
use crate::context::Context;
use crate::grammar::parse::Parsed;
use crate::grammar::usage::Completes;

/// `hull rename`.
pub(crate) const COMMAND: Command = Command::new(
    &["rename", "container rename"],
    "Rename a container",
    rename,
)
.takes("CONTAINER NEW_NAME", 2..=2, Completes::Containers)
.examples(&[("hull rename web old-web", "Free the name web")]);

fn rename(context: &Context, parsed: &Parsed) -> Outcome {
    context
        .engine()?
        .containers()
        .rename(parsed.word(0), parsed.word(1))?;
    Ok(ExitCode::SUCCESS)
}
