//! `hull start`.

use std::process::ExitCode;

use hull_engine::Engine;
use hull_engine::container::start::StartRequest;

use super::session::{Attachment, console_size, unfinished, wire};
use super::streams::Streams;
use crate::commands::command::{Command, Outcome};
use crate::context::Context;
use crate::error::Error;
use crate::grammar::flag::{Flag, one, switch};
use crate::grammar::parse::Parsed;
use crate::grammar::usage::Completes;
use crate::output;

/// `hull start`.
pub(crate) const COMMAND: Command = Command::new(
    &["start", "container start"],
    "Start one or more stopped containers",
    start,
)
.takes(
    "CONTAINER [CONTAINER...]",
    1..=usize::MAX,
    Completes::Containers,
)
.flags(&[FLAGS])
.examples(&[
    ("hull start web db", "Start two containers"),
    ("hull start -ai shell", "Start one and work in it"),
]);

const FLAGS: &[Flag] = &[
    switch(
        "attach",
        "Stay until it ends: see its output, pass signals on",
    )
    .short('a'),
    switch("interactive", "Send it standard input").short('i'),
    one(
        "detach-keys",
        "string",
        "Keys that detach from a terminal (default ctrl-p,ctrl-q)",
    ),
    one("checkpoint", "string", "Restore this checkpoint").later("checkpoints"),
    one("checkpoint-dir", "string", "Where checkpoints are").later("checkpoints"),
];

fn start(context: &Context, parsed: &Parsed) -> Outcome {
    let engine = context.engine()?;
    if parsed.is("attach") || parsed.is("interactive") {
        let [name] = parsed.words.as_slice() else {
            return Err(Error::options(
                "you cannot start and attach multiple containers at once",
            ));
        };
        return attached(context, &engine, parsed, name);
    }
    let good = output::each(&parsed.words, |name| {
        engine.containers().start(name, StartRequest::default())?;
        output::print_line(name)
    })?;
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Starts `name` and stays until it ends.
fn attached(context: &Context, engine: &Engine, parsed: &Parsed, name: &str) -> Outcome {
    let output = parsed.is("attach");
    let streams = Streams {
        stdin: parsed.is("interactive"),
        stdout: output,
        stderr: output,
    };
    // Whether it has a terminal is known once it runs.
    let mut attachment = Attachment::prepare(context, parsed, (streams, true), true)?;
    let connect = StartRequest {
        attach: Some(wire(streams)),
        console_size: console_size(),
    };
    let started = engine.containers().start(name, connect)?;
    attachment.set_tty(started.tty);
    if let Some(session) = started.session {
        return attachment.to_the_end(engine, &started.id, session);
    }
    // It ran already: as `attach`.
    let mut session = engine.containers().attach(name, wire(streams))?.session;
    unfinished(&attachment.follow(&mut session)?)
}
