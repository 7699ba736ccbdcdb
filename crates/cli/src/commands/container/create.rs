//! `hull create`, and the part of `run` that makes the container.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use hull_engine::Engine;
use hull_engine::container::create::{CreateRequest, Created, PullPolicy};

use super::options::{APART, LIMITED, WISH};
use super::streams::{Streams, streams};
use super::wish::wish;
use crate::commands::command::{Command, Outcome};
use crate::context::Context;
use crate::error::Error;
use crate::grammar::parse::Parsed;
use crate::grammar::usage::Completes;
use crate::output;

/// `hull create`.
pub(crate) const COMMAND: Command = Command::new(
    &["create", "container create"],
    "Create a new container",
    create,
)
.takes(
    "IMAGE [COMMAND] [ARG...]",
    1..=usize::MAX,
    Completes::Images,
)
.flags(&[WISH, LIMITED, APART])
.passes_rest(1)
.examples(&[
    (
        "hull create --name web busybox httpd -f",
        "Make a container, to be started later",
    ),
    ("hull start -a web", "Start it and see what it prints"),
]);

fn create(context: &Context, parsed: &Parsed) -> Outcome {
    let created = make(&context.engine()?, parsed, streams(parsed, false)?)?;
    output::print_line(created.id.as_str())?;
    Ok(ExitCode::SUCCESS)
}

/// Makes the container that the flags wish for, and writes its id to the file of `--cidfile`.
pub(super) fn make(engine: &Engine, parsed: &Parsed, streams: Streams) -> Result<Created, Error> {
    let request = request(parsed, streams)?;
    let id_file = parsed.text("cidfile").map(IdFile::reserve).transpose()?;
    let created = engine.containers().create(request)?;
    for warning in &created.warnings {
        output::note(&format!("WARNING: {warning}"));
    }
    if let Some(file) = id_file {
        file.write(created.id.as_str())?;
    }
    Ok(created)
}

/// What the flags ask of the engine.
pub(super) fn request(parsed: &Parsed, streams: Streams) -> Result<CreateRequest, Error> {
    let pull = match parsed.text("pull").unwrap_or_default() {
        "always" => PullPolicy::Always,
        "" | "missing" => PullPolicy::Missing,
        "never" => PullPolicy::Never,
        other => {
            return Err(Error::Usage {
                text: format!(
                    "invalid pull option: '{other}': must be one of \"always\", \"missing\" or \
                     \"never\""
                ),
                hint: None,
                after: format!(
                    "\nRun '{} --help' for more information",
                    parsed.command().called()
                ),
                code: 125,
            });
        }
    };
    let config =
        wish(parsed, streams).map_err(|error| Error::in_command(parsed.command(), error))?;
    Ok(CreateRequest {
        config,
        name: parsed.text("name").map(str::to_owned),
        pull,
    })
}

/// The file of `--cidfile`: made before the container, so that none is made when it cannot be.
pub(super) struct IdFile {
    path: PathBuf,
    written: bool,
}

impl IdFile {
    /// Makes the file, which must not exist.
    pub(super) fn reserve(path: &str) -> Result<Self, Error> {
        let path = PathBuf::from(path);
        if path.exists() {
            return Err(Error::options(format!(
                "container ID file found, make sure the other container isn't running or delete {}",
                path.display()
            )));
        }
        let failed = |source| Error::File {
            step: "create container ID file",
            path: path.clone(),
            source,
        };
        std::fs::File::create_new(&path).map_err(failed)?;
        Ok(Self {
            path,
            written: false,
        })
    }

    /// Writes the id.
    pub(super) fn write(mut self, id: &str) -> Result<(), Error> {
        let write = |path: &Path| std::fs::File::create(path)?.write_all(id.as_bytes());
        write(&self.path).map_err(|source| Error::File {
            step: "write container ID file",
            path: self.path.clone(),
            source,
        })?;
        self.written = true;
        Ok(())
    }
}

impl Drop for IdFile {
    fn drop(&mut self) {
        if !self.written {
            // Best effort: the command fails for another reason already.
            std::fs::remove_file(&self.path).ok();
        }
    }
}
