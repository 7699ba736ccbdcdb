//! `hull stop`.

use std::process::ExitCode;

use hull_engine::container::stop::StopRequest;

use crate::commands::command::{Command, Outcome};
use crate::context::Context;
use crate::grammar::flag::{Flag, int, one};
use crate::grammar::parse::Parsed;
use crate::grammar::usage::Completes;
use crate::output;

/// `hull stop`.
pub(crate) const COMMAND: Command = Command::new(
    &["stop", "container stop"],
    "Stop one or more running containers",
    stop,
)
.takes(
    "CONTAINER [CONTAINER...]",
    1..=usize::MAX,
    Completes::Running,
)
.flags(&[FLAGS])
.examples(&[
    (
        "hull stop web",
        "Ask it to end, and kill it after ten seconds",
    ),
    (
        "hull stop -t 60 -s SIGINT web",
        "Ask with another signal and wait for a minute",
    ),
]);

/// Flags of `stop` and `restart`.
pub(super) const FLAGS: &[Flag] = &[
    one("signal", "string", "Signal to send first").short('s'),
    int(
        "timeout",
        "Seconds to wait before the kill; -1 waits for ever",
    )
    .short('t'),
];

/// What the flags say.
pub(super) fn request(parsed: &Parsed) -> StopRequest {
    StopRequest {
        signal: parsed.text("signal").map(str::to_owned),
        timeout: parsed.int("timeout"),
    }
}

fn stop(context: &Context, parsed: &Parsed) -> Outcome {
    let engine = context.engine()?;
    let request = request(parsed);
    let good = output::each(&parsed.words, |name| {
        engine.containers().stop(name, &request)?;
        output::print_line(name)
    })?;
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
