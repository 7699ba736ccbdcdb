//! `hull container inspect`.

use crate::commands::command::{Command, Outcome};
use crate::commands::filters::DOCUMENT;
use crate::commands::system::document::inspect;
use crate::context::Context;
use crate::grammar::flag::{Flag, switch};
use crate::grammar::parse::Parsed;
use crate::grammar::usage::Completes;
use crate::render::value::Value;

/// `hull container inspect`.
pub(crate) const COMMAND: Command = Command::new(
    &["container inspect"],
    "Show everything about one or more containers",
    run,
)
.takes(
    "CONTAINER [CONTAINER...]",
    1..=usize::MAX,
    Completes::Containers,
)
.flags(&[FLAGS])
.examples(&[(
    "hull container inspect -s web",
    "With the size of its writable layer",
)]);

const FLAGS: &[Flag] = &[DOCUMENT, switch("size", "Also sizes").short('s')];

fn run(context: &Context, parsed: &Parsed) -> Outcome {
    let engine = context.engine()?;
    let size = parsed.is("size");
    inspect(
        &parsed.words,
        parsed.text("format").unwrap_or_default(),
        |name| Ok(Value::of(&engine.containers().inspect(name, size)?)),
    )
}
