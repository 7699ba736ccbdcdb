//! `hull rmi`.

use std::process::ExitCode;

use hull_error::{Fault, Kind};

use super::removed::line;
use crate::commands::command::{Command, Outcome};
use crate::context::Context;
use crate::grammar::flag::{Flag, many, switch};
use crate::grammar::parse::Parsed;
use crate::grammar::usage::Completes;
use crate::output;

/// `hull rmi`.
pub(crate) const COMMAND: Command = Command::new(
    &["rmi", "image rm", "image remove"],
    "Remove one or more images",
    remove,
)
.takes("IMAGE [IMAGE...]", 1..=usize::MAX, Completes::Images)
.flags(&[FLAGS])
.examples(&[
    (
        "hull rmi app:v1",
        "Take away a name, and the image with its last name",
    ),
    ("hull rmi -f 3f5a", "Take away an image with all its names"),
]);

const FLAGS: &[Flag] = &[
    switch("force", "Also with several names, or stopped containers").short('f'),
    switch("no-prune", "Keep untagged parents")
        .differs("hull keeps no parent images, so there is nothing to keep"),
    many("platform", "strings", "Only the variant for this platform")
        .commas()
        .later("images of several platforms"),
];

fn remove(context: &Context, parsed: &Parsed) -> Outcome {
    let engine = context.engine()?;
    let force = parsed.is("force");
    let good = output::each(&parsed.words, |name| {
        let removed = engine.images().remove(name, force);
        if let (true, Err(error)) = (force, &removed)
            && error.kind() == Kind::NotFound
        {
            // As docker: what is already gone need not be removed by force.
            output::complain(error);
            return Ok(());
        }
        let lines: String = removed?.iter().map(|one| line(one, false)).collect();
        output::print(&lines)
    })?;
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
