//! `hull exec`.

use std::process::ExitCode;

use hull_engine::container::exec::ExecRequest;
use hull_model::grammar::{lines, pair};

use super::session::{Attachment, console_size, exit_code, unfinished, wire};
use super::streams::{Streams, check_terminal};
use crate::commands::command::{Command, Outcome};
use crate::context::{Context, variable};
use crate::error::Error;
use crate::grammar::flag::{Flag, many, one, switch};
use crate::grammar::parse::Parsed;
use crate::grammar::usage::Completes;
use crate::terminal::attach::Ended;

/// `hull exec`.
pub(crate) const COMMAND: Command = Command::new(
    &["exec", "container exec"],
    "Execute a command in a running container",
    exec,
)
.takes(
    "CONTAINER COMMAND [ARG...]",
    2..=usize::MAX,
    Completes::Running,
)
.flags(&[FLAGS])
.passes_rest(1)
.examples(&[
    ("hull exec -it web sh", "Look around in a container"),
    (
        "hull exec -u www -w /www -e LANG=C web ls",
        "As another user, elsewhere",
    ),
    ("tar c . | hull exec -i web tar x -C /www", "Send it files"),
]);

const FLAGS: &[Flag] = &[
    switch("detach", "Run it in the background").short('d'),
    one(
        "detach-keys",
        "string",
        "Keys that detach from a terminal (default ctrl-p,ctrl-q)",
    ),
    many("env", "list", "Set environment variables")
        .short('e')
        .check(|word| pair::variable(word, |_| None).map(drop)),
    many("env-file", "list", "Read environment variables from a file"),
    switch("interactive", "Send it standard input").short('i'),
    switch("privileged", "Give it all capabilities"),
    switch("tty", "Give it a terminal").short('t'),
    one(
        "user",
        "string",
        "User name or id, and group: <name|uid>[:<group|gid>]",
    )
    .short('u'),
    one("workdir", "string", "Working directory in the container").short('w'),
];

fn exec(context: &Context, parsed: &Parsed) -> Outcome {
    let detach = parsed.is("detach");
    let streams = match detach {
        true => Streams::default(),
        false => Streams {
            stdin: parsed.is("interactive"),
            stdout: true,
            stderr: true,
        },
    };
    let tty = parsed.is("tty");
    check_terminal(tty, streams.stdin)?;
    let request = request(parsed, streams, detach)?;
    let engine = context.engine()?;
    let attachment = match detach {
        true => None,
        // Signals end an exec's client, as with docker; its process goes on.
        false => Some(Attachment::prepare(context, parsed, (streams, tty), false)?),
    };
    let mut executed = engine.containers().exec(parsed.word(0), request)?;
    let (Some(attachment), Some(mut session)) = (attachment, executed.session.take()) else {
        return Ok(ExitCode::SUCCESS);
    };
    match attachment.follow(&mut session)? {
        Ended::Exit(record) => {
            engine.containers().finish_exec(&executed, &record)?;
            Ok(exit_code(record.code))
        }
        other => unfinished(&other),
    }
}

fn request(parsed: &Parsed, streams: Streams, detach: bool) -> Result<ExecRequest, Error> {
    let mut env = Vec::new();
    for path in parsed.list("env-file") {
        let content = std::fs::read(path).map_err(|source| Error::File {
            step: "open",
            path: path.into(),
            source,
        })?;
        env.extend(lines::variables(path, &content, variable)?);
    }
    for word in parsed.list("env") {
        env.extend(pair::variable(word, variable)?);
    }
    let text = |flag| {
        parsed
            .text(flag)
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
    };
    Ok(ExecRequest {
        command: parsed.words.get(1..).unwrap_or_default().to_vec(),
        env,
        user: text("user"),
        working_dir: text("workdir"),
        privileged: parsed.is("privileged"),
        tty: parsed.is("tty"),
        open_stdin: parsed.is("interactive"),
        attach: (!detach).then(|| wire(streams)),
        console_size: parsed.is("tty").then(console_size).flatten(),
    })
}
