//! `hull tag`.

use std::process::ExitCode;

use crate::commands::command::{Command, Outcome};
use crate::context::Context;
use crate::grammar::parse::Parsed;
use crate::grammar::usage::Completes;

/// `hull tag`.
pub(crate) const COMMAND: Command =
    Command::new(&["tag", "image tag"], "Give an image another name", tag)
        .takes(
            "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
            2..=2,
            Completes::Images,
        )
        .examples(&[("hull tag app:latest app:v1", "Keep this one as v1")]);

fn tag(context: &Context, parsed: &Parsed) -> Outcome {
    context
        .engine()?
        .images()
        .tag(parsed.word(0), parsed.word(1))?;
    Ok(ExitCode::SUCCESS)
}
