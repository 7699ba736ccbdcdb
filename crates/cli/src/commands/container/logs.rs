//! `hull logs`.

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use hull_engine::container::logs::LogsRequest;
use hull_model::time::Timestamp;
use hull_monitor::log::read::Entry;
use hull_monitor::protocol::Stream;

use crate::commands::command::{Command, Outcome};
use crate::context::{Context, now};
use crate::error::Error;
use crate::grammar::flag::{Flag, one, switch};
use crate::grammar::parse::Parsed;
use crate::grammar::usage::Completes;
use crate::render::moment::{moment, nanoseconds};

/// `hull logs`.
pub(crate) const COMMAND: Command = Command::new(
    &["logs", "container logs"],
    "Show what a container wrote",
    logs,
)
.takes("CONTAINER", 1..=1, Completes::Containers)
.flags(&[FLAGS])
.examples(&[
    (
        "hull logs -f -n 100 web",
        "The last hundred lines, and what comes",
    ),
    (
        "hull logs -t --since 10m web",
        "The last ten minutes, with times",
    ),
]);

const FLAGS: &[Flag] = &[
    switch("details", "Also labels and variables named in --log-opt"),
    switch("follow", "Go on until the container ends").short('f'),
    one(
        "since",
        "string",
        "From here on: a time, or a span such as 10m",
    ),
    one(
        "tail",
        "string",
        "Only so many lines from the end (default all)",
    )
    .short('n'),
    switch("timestamps", "Show when each line was written").short('t'),
    one(
        "until",
        "string",
        "Up to here: a time, or a span such as 10m",
    ),
];

fn logs(context: &Context, parsed: &Parsed) -> Outcome {
    let now = now();
    let at = |flag: &'static str| {
        let word = parsed.text(flag).filter(|word| !word.is_empty());
        word.map(|word| moment(flag, word, now)).transpose()
    };
    let request = LogsRequest {
        follow: parsed.is("follow"),
        tail: tail(parsed.text("tail").unwrap_or("all")),
        since: at("since")?,
        until: at("until")?,
    };
    let engine = context.engine()?;
    let mut logs = engine.containers().logs(parsed.word(0), request)?;
    let mut page = Page {
        out: BufWriter::new(io::stdout().lock()),
        err: BufWriter::new(io::stderr().lock()),
        timestamps: parsed.is("timestamps"),
        details: parsed.is("details"),
        follow: request.follow,
    };
    while let Some(entry) = logs.next_line()? {
        page.line(&entry)?;
    }
    page.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// How many lines; a word that is no number means all, as with docker.
fn tail(word: &str) -> Option<u64> {
    word.parse().ok()
}

struct Page<O: Write, E: Write> {
    out: O,
    err: E,
    timestamps: bool,
    details: bool,
    follow: bool,
}

impl<O: Write, E: Write> Page<O, E> {
    fn line(&mut self, entry: &Entry) -> Result<(), Error> {
        let mut prefix = String::new();
        if self.timestamps {
            let time = Timestamp(i64::try_from(entry.time).unwrap_or(i64::MAX));
            prefix.push_str(&nanoseconds(time));
            prefix.push(' ');
        }
        if self.details {
            prefix.push_str(&details(entry));
            prefix.push(' ');
        }
        let write = |out: &mut dyn Write| {
            out.write_all(prefix.as_bytes())?;
            out.write_all(entry.log.as_bytes())
        };
        match entry.stream {
            Stream::Stdout => {
                write(&mut self.out).map_err(Error::stream("write to standard output"))?
            }
            Stream::Stderr => {
                write(&mut self.err).map_err(Error::stream("write to standard error"))?
            }
        }
        if self.follow { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.out
            .flush()
            .map_err(Error::stream("write to standard output"))?;
        self.err
            .flush()
            .map_err(Error::stream("write to standard error"))
    }
}

/// `key=value` pairs, joined by commas, with what would break them escaped as in a query.
fn details(entry: &Entry) -> String {
    let escape = |text: &str| {
        text.replace('%', "%25")
            .replace(',', "%2C")
            .replace('=', "%3D")
    };
    let pairs = entry
        .attrs
        .iter()
        .map(|(key, value)| format!("{}={}", escape(key), escape(value)));
    pairs.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_carry_what_was_asked_for() {
        let entry = Entry {
            stream: Stream::Stderr,
            time: 1_767_323_045_120_000_000,
            log: "hello\n".into(),
            attrs: [
                ("a".to_owned(), "1".to_owned()),
                ("b".to_owned(), "x,y".to_owned()),
            ]
            .into(),
        };
        let shown = |timestamps: bool, details: bool| {
            let mut page = Page {
                out: Vec::new(),
                err: Vec::new(),
                timestamps,
                details,
                follow: false,
            };
            page.line(&entry).unwrap();
            assert!(page.out.is_empty());
            String::from_utf8(page.err).unwrap()
        };
        assert_eq!(shown(false, false), "hello\n");
        assert_eq!(shown(true, false), "2026-01-02T03:04:05.120000000Z hello\n");
        assert_eq!(shown(false, true), "a=1,b=x%2Cy hello\n");
    }

    #[test]
    fn a_tail_that_is_no_number_is_everything() {
        assert_eq!(
            (tail("5"), tail("0"), tail("all"), tail("x")),
            (Some(5), Some(0), None, None)
        );
    }
}
