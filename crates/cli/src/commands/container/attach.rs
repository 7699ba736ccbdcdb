//! `hull attach`.

use hull_monitor::client::Session;
use hull_monitor::protocol::Size;

use super::session::{Attachment, unfinished, wire};
use super::streams::{Streams, check_terminal};
use crate::commands::command::{Command, Outcome};
use crate::context::Context;
use crate::grammar::flag::{Flag, one, switch, switch_on};
use crate::grammar::parse::Parsed;
use crate::grammar::usage::Completes;
use crate::terminal::raw;

/// `hull attach`.
pub(crate) const COMMAND: Command = Command::new(
    &["attach", "container attach"],
    "Attach standard input, output and error to a running container",
    attach,
)
.takes("CONTAINER", 1..=1, Completes::Running)
.flags(&[FLAGS])
.examples(&[
    (
        "hull attach shell",
        "Work in a container again; ctrl-p ctrl-q leaves it running",
    ),
    ("hull attach --no-stdin web", "Only look"),
]);

const FLAGS: &[Flag] = &[
    one(
        "detach-keys",
        "string",
        "Keys that detach from a terminal (default ctrl-p,ctrl-q)",
    ),
    switch("no-stdin", "Do not send it standard input"),
    switch_on("sig-proxy", "Pass signals on to the process"),
];

fn attach(context: &Context, parsed: &Parsed) -> Outcome {
    let engine = context.engine()?;
    let wanted = Streams {
        stdin: !parsed.is("no-stdin"),
        stdout: true,
        stderr: true,
    };
    let attached = engine.containers().attach(parsed.word(0), wire(wanted))?;
    let streams = Streams {
        stdin: wanted.stdin && attached.open_stdin,
        ..wanted
    };
    check_terminal(attached.tty, streams.stdin)?;
    let attachment = Attachment::prepare(
        context,
        parsed,
        (streams, attached.tty),
        parsed.is("sig-proxy"),
    )?;
    let mut session = attached.session;
    if attached.tty {
        redraw(&session);
    }
    // Its exit is settled by whoever started it, or by its monitor.
    unfinished(&attachment.follow(&mut session)?)
}

/// Has full-screen programs draw themselves again: they do when the terminal's size changes.
fn redraw(session: &Session) {
    if let Some(size) = raw::size() {
        // The right size follows at once; a terminal that cannot be resized shows what it shows.
        session
            .resize(Size {
                rows: size.rows.saturating_add(1),
                ..size
            })
            .ok();
    }
}
