//! `hull rm`.

use std::process::ExitCode;

use hull_engine::container::remove::RemoveRequest;

use crate::commands::command::{Command, Outcome};
use crate::context::Context;
use crate::grammar::flag::{Flag, switch};
use crate::grammar::parse::Parsed;
use crate::grammar::usage::Completes;
use crate::output;

/// `hull rm`.
pub(crate) const COMMAND: Command = Command::new(
    &["rm", "container rm", "container remove"],
    "Remove one or more containers",
    remove,
)
.takes(
    "CONTAINER [CONTAINER...]",
    1..=usize::MAX,
    Completes::Containers,
)
.flags(&[FLAGS])
.examples(&[
    ("hull rm web", "Remove a container that does not run"),
    (
        "hull rm -f $(hull ps -aq)",
        "Remove all containers, running or not",
    ),
]);

const FLAGS: &[Flag] = &[
    switch("force", "Kill it if it runs").short('f'),
    switch("link", "Remove the link of this name")
        .short('l')
        .later("networks"),
    switch("volumes", "Remove its anonymous volumes too")
        .short('v')
        .differs("anonymous volumes are directories of the container and always go with it"),
];

fn remove(context: &Context, parsed: &Parsed) -> Outcome {
    let engine = context.engine()?;
    let request = RemoveRequest {
        force: parsed.is("force"),
        volumes: parsed.is("volumes"),
    };
    let good = output::each(&parsed.words, |name| {
        let done = engine.containers().remove(name, request);
        if let (true, Err(error)) = (request.force, &done)
            && hull_error::Fault::kind(error) == hull_error::Kind::NotFound
        {
            // As docker: what is already gone need not be removed by force.
            output::complain(error);
            return Ok(());
        }
        done?;
        output::print_line(name)
    })?;
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
