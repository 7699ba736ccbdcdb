//! `hull load`.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;

use hull_image::load::{LoadSource, Progress as Step};

use crate::commands::command::{Command, Outcome};
use crate::context::Context;
use crate::error::Error;
use crate::grammar::flag::{Flag, one, switch};
use crate::grammar::parse::Parsed;
use crate::grammar::usage::Completes;
use crate::output;
use crate::render::progress::Progress;

/// `hull load`.
pub(crate) const COMMAND: Command =
    Command::new(&["load", "image load"], "Load images from an archive", load)
        .takes("", 0..=0, Completes::Nothing)
        .flags(&[FLAGS])
        .examples(&[
            (
                "hull load -i debian.tar.gz",
                "An archive of docker save or an OCI layout, packed or not",
            ),
            (
                "ssh host docker save app | hull load",
                "From another machine",
            ),
        ]);

const FLAGS: &[Flag] = &[
    one(
        "input",
        "string",
        "Read this file or layout instead of standard input",
    )
    .short('i'),
    one(
        "platform",
        "string",
        "Only the variant for this platform: os[/arch[/variant]]",
    ),
    switch("quiet", "Do not show how far it is").short('q'),
];

fn load(context: &Context, parsed: &Parsed) -> Outcome {
    let source = source(parsed.text("input").unwrap_or_default())?;
    let engine = context.engine()?;
    let bar = Mutex::new((
        Progress::new("Loading", parsed.is("quiet")),
        0_u64,
        Totals::default(),
    ));
    let progress = |step: Step| {
        let Ok(mut state) = bar.lock() else { return };
        let (bar, done, totals) = &mut *state;
        *done += step.more;
        let total = totals.with(step.layer.as_str(), step.total);
        bar.show(*done, Some(total));
    };
    let loaded = engine
        .images()
        .load(source, parsed.text("platform"), &progress)?;
    drop(bar);
    let mut text = String::new();
    for image in &loaded {
        for name in &image.names {
            text.push_str(&format!("Loaded image: {name}\n"));
        }
        if image.names.is_empty() {
            text.push_str(&format!("Loaded image ID: {}\n", image.id));
        }
        for (name, old) in &image.replaced {
            output::note(&format!(
                "The image {name} already exists, renaming the old one with ID {old} to empty string"
            ));
        }
    }
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Bytes of all layers seen so far.
#[derive(Default)]
struct Totals {
    layers: Vec<(String, u64)>,
}

impl Totals {
    fn with(&mut self, layer: &str, total: u64) -> u64 {
        match self.layers.iter_mut().find(|(known, _)| known == layer) {
            Some((_, known)) => *known = total,
            None => self.layers.push((layer.to_owned(), total)),
        }
        self.layers.iter().map(|(_, total)| total).sum()
    }
}

/// A file, a directory with a layout, or standard input.
fn source(input: &str) -> Result<LoadSource<'_>, Error> {
    if input.is_empty() {
        if io::stdin().is_terminal() {
            return Err(Error::Terminal {
                text: "requested load from stdin, but stdin is empty",
                hint: "name an archive with -i, or pipe one in",
            });
        }
        return Ok(LoadSource::Stream(
            Box::new(io::stdin()),
            "standard input".into(),
        ));
    }
    let path = Path::new(input);
    if path.is_dir() {
        return Ok(LoadSource::Directory(path));
    }
    let file = File::open(path).map_err(|source| Error::File {
        step: "open",
        path: path.into(),
        source,
    })?;
    Ok(LoadSource::File(file, input.to_owned()))
}
