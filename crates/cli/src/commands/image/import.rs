//! `hull import`.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::sync::Mutex;

use hull_engine::image::import::ImportRequest;

use crate::commands::command::{Command, Outcome};
use crate::context::Context;
use crate::error::Error;
use crate::grammar::flag::{Flag, many, one};
use crate::grammar::parse::Parsed;
use crate::grammar::usage::Completes;
use crate::output;
use crate::render::progress::Progress;

/// `hull import`.
pub(crate) const COMMAND: Command = Command::new(
    &["import", "image import"],
    "Make an image of a tarball of a root file system",
    import,
)
.takes("file|URL|- [REPOSITORY[:TAG]]", 1..=2, Completes::Nothing)
.flags(&[FLAGS])
.examples(&[
    ("hull import rootfs.tar.gz debian:local", "From a file"),
    (
        "mmdebstrap stable - | hull import -c 'CMD [\"bash\"]' - debian:local",
        "From a pipe",
    ),
]);

const FLAGS: &[Flag] = &[
    many(
        "change",
        "list",
        "Apply a Dockerfile instruction: CMD, ENV, EXPOSE, LABEL, USER …",
    )
    .short('c'),
    one("message", "string", "Remark in the image's history").short('m'),
    one(
        "platform",
        "string",
        "Platform of the image: os[/arch[/variant]]",
    ),
];

fn import(context: &Context, parsed: &Parsed) -> Outcome {
    let what = parsed.word(0);
    let source = source(what)?;
    let changes: Vec<String> = parsed.list("change").map(str::to_owned).collect();
    let total = source
        .metadata()
        .ok()
        .map(|meta| meta.len())
        .filter(|size| *size > 0);
    let bar = Mutex::new((Progress::new("Importing", false), 0_u64));
    let progress = |more: u64| {
        let Ok(mut state) = bar.lock() else { return };
        state.1 += more;
        let done = state.1;
        state.0.show(done, total);
    };
    let request = ImportRequest {
        name: Some(parsed.word(1)).filter(|name| !name.is_empty()),
        changes: &changes,
        message: parsed.text("message"),
        platform: parsed.text("platform"),
        progress: &progress,
    };
    let imported = context.engine()?.images().import(source, what, request)?;
    drop(bar);
    output::print_line(imported.id.as_str())?;
    Ok(ExitCode::SUCCESS)
}

fn source(what: &str) -> Result<File, Error> {
    if what == "-" {
        let input = io::stdin().as_fd().try_clone_to_owned();
        return input
            .map(File::from)
            .map_err(Error::stream("read standard input"));
    }
    if what.starts_with("http://") || what.starts_with("https://") {
        return Err(Error::NotYet {
            what: format!("import from {what}"),
            why: "comes with registries; fetch it yourself and pipe it in".into(),
            code: 1,
        });
    }
    File::open(what).map_err(|source| Error::File {
        step: "open",
        path: what.into(),
        source,
    })
}
