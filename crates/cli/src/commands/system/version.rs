//! `hull version`.

use std::process::ExitCode;

use crate::commands::command::{Command, Outcome};
use crate::context::{Context, VERSION};
use crate::error::Error;
use crate::grammar::flag::{Flag, one};
use crate::grammar::parse::Parsed;
use crate::output;
use crate::render::list::escapes;
use crate::render::template::Template;
use crate::render::value::{Shape, Value};

/// `hull version`.
pub(crate) const COMMAND: Command = Command::new(&["version"], "Show the version", version)
    .flags(&[FLAGS])
    .examples(&[(
        "hull version --format '{{.Client.Version}}'",
        "Only the number",
    )]);

const FLAGS: &[Flag] =
    &[one("format", "string", "Show it as 'json' or in a Go template").short('f')];

fn version(_: &Context, parsed: &Parsed) -> Outcome {
    let facts = [
        ("Version", VERSION),
        ("Os", std::env::consts::OS),
        ("Arch", architecture()),
    ];
    let text = match parsed.text("format").unwrap_or_default() {
        "" => format!(
            "hull:\n Version:           {VERSION}\n OS/Arch:           {}/{}\n Engine:            in \
             this process, no daemon\n",
            std::env::consts::OS,
            architecture()
        ),
        format => {
            let of = |_: &str| {
                let fields = facts
                    .iter()
                    .map(|(name, text)| ((*name).into(), Value::text(*text)));
                Value::Map(fields.collect(), Shape::Structure)
            };
            let sides = ["Client", "Server"].map(|side| (side.to_owned(), of(side)));
            let source = if format == "json" {
                "{{json .}}"
            } else {
                format
            };
            let failed = |text: String| Error::Template { text, code: 64 };
            let template = Template::parse(&escapes(source))
                .map_err(|why| failed(format!("template parsing error: {why}")))?;
            let data = Value::Map(sides.into(), Shape::Structure);
            let text = template
                .render(&data)
                .map_err(|why| failed(format!("template parsing error: {why}")))?;
            format!("{text}\n")
        }
    };
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Docker's name of this machine's architecture.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
