//! `hull inspect`: containers and images by whatever name.

use hull_engine::Engine;
use hull_error::{Fault, Kind};

use super::document::inspect;
use crate::commands::command::{Command, Outcome};
use crate::commands::filters::DOCUMENT;
use crate::context::Context;
use crate::error::Error;
use crate::grammar::flag::{Flag, one, switch};
use crate::grammar::parse::Parsed;
use crate::grammar::usage::Completes;
use crate::render::value::Value;

/// `hull inspect`.
pub(crate) const COMMAND: Command = Command::new(
    &["inspect"],
    "Show everything about containers or images",
    run,
)
.takes(
    "NAME|ID [NAME|ID...]",
    1..=usize::MAX,
    Completes::Containers,
)
.flags(&[FLAGS])
.examples(&[
    ("hull inspect web", "Everything, as JSON"),
    ("hull inspect -f '{{.State.Pid}}' web", "One thing"),
    (
        "hull inspect -f '{{json .Mounts}}' web",
        "One part, as JSON",
    ),
]);

const FLAGS: &[Flag] = &[
    DOCUMENT,
    switch("size", "Also sizes, of containers").short('s'),
    one(
        "type",
        "string",
        "Only objects of this type: container or image",
    ),
];

fn run(context: &Context, parsed: &Parsed) -> Outcome {
    let kind = Wanted::read(parsed.text("type").unwrap_or_default())?;
    let engine = context.engine()?;
    let size = parsed.is("size");
    inspect(
        &parsed.words,
        parsed.text("format").unwrap_or_default(),
        |name| find(&engine, name, (kind, size)),
    )
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Anything,
    Container,
    Image,
}

/// Types docker knows and hull has not yet.
const OTHERS: &[&str] = &[
    "config", "network", "node", "plugin", "secret", "service", "task", "volume",
];

impl Wanted {
    fn read(word: &str) -> Result<Self, Error> {
        match word {
            "" => Ok(Self::Anything),
            "container" => Ok(Self::Container),
            "image" => Ok(Self::Image),
            other if OTHERS.contains(&other) => Err(Error::NotYet {
                what: format!("--type {other}"),
                why: "hull has containers and images so far".into(),
                code: 1,
            }),
            other => Err(Error::options(format!(
                "unknown type: {other:?}: must be one of \"config\", \"container\", \"image\", \
                 \"network\", \"node\", \"plugin\", \"secret\", \"service\", \"task\", \"volume\""
            ))),
        }
    }
}

/// A container of this name first, then an image, as docker looks.
fn find(engine: &Engine, name: &str, (kind, size): (Wanted, bool)) -> Result<Value, Error> {
    let container = || Ok(Value::of(&engine.containers().inspect(name, size)?));
    let image = || Ok(Value::of(&engine.images().inspect(name)?));
    let missing = |error: &Error| error.kind() == Kind::NotFound;
    match kind {
        Wanted::Container => container(),
        Wanted::Image => image(),
        Wanted::Anything => match container() {
            Err(error) if missing(&error) => match image() {
                Err(error) if missing(&error) => Err(Error::NoSuchObject {
                    name: name.to_owned(),
                }),
                found => found,
            },
            found => found,
        },
    }
}
