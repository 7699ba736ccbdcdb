//! `hull image inspect`.

use crate::commands::command::{Command, Outcome};
use crate::commands::filters::DOCUMENT;
use crate::commands::system::document::inspect;
use crate::context::Context;
use crate::grammar::flag::{Flag, one};
use crate::grammar::parse::Parsed;
use crate::grammar::usage::Completes;
use crate::render::value::Value;

/// `hull image inspect`.
pub(crate) const COMMAND: Command = Command::new(
    &["image inspect"],
    "Show everything about one or more images",
    run,
)
.takes("IMAGE [IMAGE...]", 1..=usize::MAX, Completes::Images)
.flags(&[FLAGS])
.examples(&[(
    "hull image inspect -f '{{.Config.Cmd}}' busybox",
    "What it runs",
)]);

const FLAGS: &[Flag] = &[
    DOCUMENT,
    one(
        "platform",
        "string",
        "The image's variant for this platform",
    )
    .later("images of several platforms"),
];

fn run(context: &Context, parsed: &Parsed) -> Outcome {
    let engine = context.engine()?;
    inspect(
        &parsed.words,
        parsed.text("format").unwrap_or_default(),
        |name| Ok(Value::of(&engine.images().inspect(name)?)),
    )
}
