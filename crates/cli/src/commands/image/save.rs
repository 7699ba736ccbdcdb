//! `hull save`.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::commands::command::{Command, Outcome};
use crate::context::Context;
use crate::error::Error;
use crate::grammar::flag::{Flag, one};
use crate::grammar::parse::Parsed;
use crate::grammar::usage::Completes;

/// `hull save`.
pub(crate) const COMMAND: Command =
    Command::new(&["save", "image save"], "Write images to an archive", save)
        .takes("IMAGE [IMAGE...]", 1..=usize::MAX, Completes::Images)
        .flags(&[FLAGS])
        .examples(&[
            (
                "hull save -o app.tar app:v1 app:v2",
                "Two images into one file",
            ),
            (
                "hull save app:v1 | ssh host hull load",
                "To another machine",
            ),
        ]);

const FLAGS: &[Flag] = &[
    one(
        "output",
        "string",
        "Write this file instead of standard output",
    )
    .short('o'),
    one(
        "platform",
        "string",
        "Only the variant for this platform: os[/arch[/variant]]",
    ),
];

fn save(context: &Context, parsed: &Parsed) -> Outcome {
    let output = parsed.text("output").filter(|path| !path.is_empty());
    if output.is_none() && io::stdout().is_terminal() {
        return Err(Error::Terminal {
            text: "cowardly refusing to save to a terminal",
            hint: "name a file with -o, or redirect the output",
        });
    }
    let engine = context.engine()?;
    let save = |out: &File| {
        engine
            .images()
            .save(&parsed.words, parsed.text("platform"), out)
            .map_err(Error::Engine)
    };
    match output {
        Some(path) => whole_file(Path::new(path), save)?,
        None => {
            let out = io::stdout().as_fd().try_clone_to_owned();
            save(&File::from(
                out.map_err(Error::stream("write to standard output"))?,
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a file beside `path` and gives it that name when it is whole: a failure leaves nothing, and
/// what was there before stays.
fn whole_file(path: &Path, write: impl FnOnce(&File) -> Result<(), Error>) -> Result<(), Error> {
    if path.exists() && !path.is_file() {
        // A device or a named pipe is written as it is.
        let out = File::options().write(true).open(path);
        return write(&out.map_err(failed("open", path))?);
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(Error::options(format!(
            "invalid output path: directory {folder:?} does not exist"
        )));
    }
    let part = beside(path)?;
    let out = File::create_new(&part).map_err(failed("create", &part))?;
    let done = write(&out)
        .and_then(|()| std::fs::rename(&part, path).map_err(failed("rename the archive to", path)));
    if done.is_err() {
        // The error to tell is why it was not written.
        std::fs::remove_file(&part).ok();
    }
    done
}

/// A name for the unfinished file, in the same directory.
fn beside(path: &Path) -> Result<PathBuf, Error> {
    let name = path.file_name().ok_or_else(|| {
        Error::options(format!(
            "invalid output path: {} names no file",
            path.display()
        ))
    })?;
    let mut part = std::ffi::OsString::from(".");
    part.push(name);
    part.push(format!(".{}.part", std::process::id()));
    Ok(path.with_file_name(part))
}

fn failed(step: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::File { step, path, source }
}
