//! `hull run`: make a container, start it, stay until it ends.
//!
//! Leaves the wish to [`super::wish`] and moving bytes to `terminal`. Invariant: nothing is printed
//! but what the container prints; the exit code is the container's, or 125, 126, 127.

use std::process::ExitCode;

use hull_engine::container::create::Created;
use hull_engine::container::start::{StartRequest, Started};

use super::create::{IdFile, request};
use super::options::{APART, LIMITED, WISH};
use super::session::{Attachment, console_size, wire};
use super::streams::{check_terminal, streams};
use crate::commands::command::{Command, Outcome};
use crate::context::Context;
use crate::error::Error;
use crate::grammar::flag::{Flag, one, switch, switch_on};
use crate::grammar::parse::Parsed;
use crate::grammar::usage::Completes;
use crate::output;

/// `hull run`.
pub(crate) const COMMAND: Command = Command::new(
    &["run", "container run"],
    "Create and run a new container from an image",
    run,
)
.takes(
    "IMAGE [COMMAND] [ARG...]",
    1..=usize::MAX,
    Completes::Images,
)
.flags(&[FLAGS, WISH, LIMITED, APART])
.passes_rest(125)
.examples(&[
    (
        "hull run --rm hello-world",
        "Run the image that comes with hull",
    ),
    (
        "hull run -it --rm debian bash",
        "Work in a container that is gone afterwards",
    ),
    (
        "hull run -d --name web -v /srv/www:/www:ro busybox httpd -f -h /www",
        "Serve files",
    ),
    (
        "hull run --rm -m 256m --cpus 0.5 busybox sh -c 'nproc; free'",
        "Limit what it may use",
    ),
]);

const FLAGS: &[Flag] = &[
    switch("detach", "Run in the background and print the id")
        .short('d')
        .group("Terminal and streams"),
    one(
        "detach-keys",
        "string",
        "Keys that detach from a terminal (default ctrl-p,ctrl-q)",
    )
    .group("Terminal and streams"),
    switch_on("sig-proxy", "Pass signals on to the process").group("Terminal and streams"),
];

fn run(context: &Context, parsed: &Parsed) -> Outcome {
    let detach = parsed.is("detach");
    let streams = streams(parsed, detach)?;
    let tty = parsed.is("tty");
    check_terminal(tty, streams.stdin)?;
    let wish = request(parsed, streams)?;
    let id_file = parsed.text("cidfile").map(IdFile::reserve).transpose()?;
    let engine = context.engine()?;
    let attachment = match detach {
        true => None,
        false => Some(Attachment::prepare(
            context,
            parsed,
            (streams, tty),
            parsed.is("sig-proxy"),
        )?),
    };
    let connect = StartRequest {
        attach: attachment.is_some().then(|| wire(streams)),
        console_size: tty.then(console_size).flatten(),
    };
    let mut known = Known {
        id_file,
        failed: None,
    };
    let started = engine
        .containers()
        .run(wish, connect, &mut |created| known.created(created))?;
    if let Some(error) = known.failed {
        return Err(error);
    }
    match (attachment, started) {
        (
            Some(attachment),
            Started {
                id,
                session: Some(session),
                ..
            },
        ) => attachment.to_the_end(&engine, &id, session),
        (_, started) => {
            output::print_line(started.id.as_str())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// What is done once the container exists.
struct Known {
    id_file: Option<IdFile>,
    failed: Option<Error>,
}

impl Known {
    fn created(&mut self, created: &Created) {
        for warning in &created.warnings {
            output::note(&format!("WARNING: {warning}"));
        }
        if let Some(file) = self.id_file.take() {
            self.failed = file.write(created.id.as_str()).err();
        }
    }
}
