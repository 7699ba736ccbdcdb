//! `hull top`.

use std::process::ExitCode;

use crate::commands::command::{Command, Outcome};
use crate::context::Context;
use crate::grammar::parse::Parsed;
use crate::grammar::usage::Completes;
use crate::output;
use crate::render::table::align;

/// `hull top`.
pub(crate) const COMMAND: Command = Command::new(
    &["top", "container top"],
    "Show the processes of a container",
    top,
)
.takes("CONTAINER [ps OPTIONS]", 1..=usize::MAX, Completes::Running)
.passes_rest(1)
.examples(&[
    ("hull top web", "All processes"),
    ("hull top web -o pid,rss,args", "Columns of ps(1)"),
]);

fn top(context: &Context, parsed: &Parsed) -> Outcome {
    let arguments = parsed.words.get(1..).unwrap_or_default();
    let top = context
        .engine()?
        .containers()
        .top(parsed.word(0), arguments)?;
    let lines = std::iter::once(&top.titles).chain(&top.processes);
    let text: String = lines.map(|cells| cells.join("\t") + "\n").collect();
    output::print(&align(&text, 20))?;
    Ok(ExitCode::SUCCESS)
}
