//! All commands, and how one is found by the words on the line.
//!
//! Leaves each command to its file. Invariant: what is listed here is what help, completion and
//! docs/compat/cli.md show.

use std::path::PathBuf;

use super::others::other;
use super::{container, image, system};
use crate::commands::command::Command;
use crate::error::Error;
use crate::grammar::flag::{Flag, Support, many, one, switch};
use crate::grammar::help;
use crate::grammar::suggest::closest;
use crate::grammar::usage::Usage;

/// Every command.
pub(crate) static COMMANDS: &[Command] = &[
    container::run::COMMAND,
    container::exec::COMMAND,
    container::ps::COMMAND,
    image::list::COMMAND,
    system::version::COMMAND,
    container::attach::COMMAND,
    container::create::COMMAND,
    system::events::COMMAND,
    image::history::COMMAND,
    image::import::COMMAND,
    system::inspect::COMMAND,
    container::kill::COMMAND,
    image::load::COMMAND,
    container::logs::COMMAND,
    container::pause::COMMAND,
    container::rename::COMMAND,
    container::restart::COMMAND,
    container::rm::COMMAND,
    image::remove::COMMAND,
    image::save::COMMAND,
    container::start::COMMAND,
    container::stop::COMMAND,
    image::tag::COMMAND,
    container::top::COMMAND,
    container::unpause::COMMAND,
    container::wait::COMMAND,
    container::inspect::COMMAND,
    image::inspect::COMMAND,
    image::prune::COMMAND,
    container::prune::COMMAND,
    system::completion::COMMAND,
    system::help::COMMAND,
    system::completion::WORDS,
    system::tables::COMMAND,
    system::reap::REAP,
    system::reap::NOTE,
    system::reap::RECONCILE,
];

/// Groups of commands, and what each is for.
const GROUPS: &[(&str, &str)] = &[
    ("container", "Manage containers"),
    ("image", "Manage images"),
    ("system", "Manage hull"),
];

/// Commands shown first.
const COMMON: &[&str] = &["run", "exec", "ps", "images", "version"];

/// Flags before the command.
const GLOBALS: &[Flag] = &[
    one(
        "root",
        "string",
        "Where state that outlives a boot is kept (default /var/lib/hull, or $HULL_ROOT)",
    ),
    one(
        "run-root",
        "string",
        "Where state that does not is kept (default /run/hull, or $HULL_RUN)",
    ),
    one(
        "config",
        "string",
        "Where your configuration is (default ~/.config/hull, or $HULL_CONFIG)",
    ),
    switch("debug", "Show more about errors").short('D'),
    switch("version", "Print the version").short('v'),
    one("context", "string", "Context of a docker client")
        .short('c')
        .never("hull has no daemon to choose"),
    many("host", "list", "Socket of a docker daemon")
        .short('H')
        .never("hull has no daemon to connect to; use --root to choose an engine"),
    one("log-level", "string", "Level of a docker client's log")
        .short('l')
        .never("hull keeps no client log"),
    switch("tls", "Talk TLS to a docker daemon").never("hull has no daemon to connect to"),
    one("tlscacert", "string", "Certificates of a docker daemon")
        .never("hull has no daemon to connect to"),
    one("tlscert", "string", "Certificate for a docker daemon")
        .never("hull has no daemon to connect to"),
    one("tlskey", "string", "Key for a docker daemon").never("hull has no daemon to connect to"),
    switch("tlsverify", "Verify a docker daemon").never("hull has no daemon to connect to"),
];

/// hull itself, as far as its flags go.
pub(crate) static HULL: Usage = {
    let mut hull = Usage::new(&[""], "A container platform without a daemon");
    hull.flags = &[GLOBALS];
    hull.words = "COMMAND";
    hull.count = 0..=usize::MAX;
    hull.passes_rest = true;
    hull
};

/// How every command is used.
pub(crate) fn usages() -> Vec<&'static Usage> {
    COMMANDS.iter().map(|command| &command.usage).collect()
}

/// What was said before the command.
#[derive(Default)]
pub(crate) struct Before {
    pub(crate) root: Option<PathBuf>,
    pub(crate) run_root: Option<PathBuf>,
    pub(crate) config: Option<PathBuf>,
    pub(crate) debug: bool,
    pub(crate) version: bool,
    pub(crate) help: bool,
}

/// Reads what stands before the command; the rest starts with the command's name.
pub(crate) fn globals(arguments: Vec<String>) -> Result<(Before, Vec<String>), Error> {
    // The usual case: nothing stands before the command.
    if arguments
        .first()
        .is_some_and(|first| !first.starts_with('-'))
    {
        return Ok((Before::default(), arguments));
    }
    use crate::grammar::parse::{Line, parse};
    let parsed = match parse(&HULL, arguments)? {
        Line::Help => {
            return Ok((
                Before {
                    help: true,
                    ..Before::default()
                },
                Vec::new(),
            ));
        }
        Line::Run(parsed) => parsed,
    };
    let path = |flag| parsed.text(flag).map(PathBuf::from);
    let before = Before {
        root: path("root"),
        run_root: path("run-root"),
        config: path("config"),
        debug: parsed.is("debug"),
        version: parsed.is("version"),
        help: false,
    };
    Ok((before, parsed.words))
}

/// What the first words name.
pub(crate) enum Found {
    /// A command; its name was taken off the words.
    Command(&'static Command),
    /// A group without a command: its help.
    Group(String),
}

/// Finds the command that `words` start with, and takes its name off them.
pub(crate) fn find(words: &mut Vec<String>) -> Result<Found, Error> {
    let first = words.first().cloned().unwrap_or_default();
    if first == "help" && words.len() == 1 {
        return Ok(Found::Group(overview()));
    }
    if !GROUPS.iter().any(|(group, _)| *group == first) {
        let command = named(&first).ok_or_else(|| unknown("hull", &first, top_level()))?;
        words.remove(0);
        return Ok(Found::Command(command));
    }
    match words.get(1) {
        None => Ok(Found::Group(group_help(&first))),
        Some(second) if matches!(second.as_str(), "--help" | "-h" | "help") => {
            Ok(Found::Group(group_help(&first)))
        }
        Some(second) => {
            let path = format!("{first} {second}");
            let known = members(&first);
            let command = named(&path)
                .ok_or_else(|| unknown(&format!("hull {first}"), second, known.into_iter()))?;
            words.drain(..2);
            Ok(Found::Command(command))
        }
    }
}

/// The command that is called `path`.
pub(crate) fn named(path: &str) -> Option<&'static Command> {
    COMMANDS
        .iter()
        .find(|command| command.usage.paths.contains(&path))
}

fn top_level() -> impl Iterator<Item = &'static str> {
    let groups = GROUPS.iter().map(|(group, _)| *group);
    COMMANDS
        .iter()
        .filter(|command| !command.usage.hidden)
        .flat_map(|command| command.usage.paths.iter().copied())
        .filter(|path| !path.contains(' '))
        .chain(groups)
}

/// Names of the commands of a group.
fn members(group: &str) -> Vec<&'static str> {
    let prefix = |path: &&'static str| path.strip_prefix(group)?.strip_prefix(' ');
    COMMANDS
        .iter()
        .flat_map(|command| command.usage.paths.iter().filter_map(&prefix))
        .collect()
}

fn unknown(called: &str, word: &str, known: impl Iterator<Item = &'static str>) -> Error {
    let what = format!("{called} {word}");
    match other(what.strip_prefix("hull ").unwrap_or(&what)) {
        Some(Support::Later(thing)) => {
            return Error::NotYet {
                what,
                why: format!("comes with {thing}"),
                code: 1,
            };
        }
        Some(Support::Never(why)) => return Error::Never { what, why },
        _ => {}
    }
    let hint = closest(word, known).map(|near| format!("did you mean `{called} {near}`?"));
    Error::Usage {
        text: format!("unknown command: {called} {word}"),
        hint,
        after: format!("\nRun '{called} --help' for more information"),
        code: 1,
    }
}

/// Help of hull itself.
pub(crate) fn overview() -> String {
    let mut common: Vec<(&str, &str)> = Vec::new();
    let mut others: Vec<(&str, &str)> = Vec::new();
    for command in COMMANDS.iter().filter(|command| !command.usage.hidden) {
        let Some(name) = command
            .usage
            .paths
            .iter()
            .rev()
            .find(|path| !path.contains(' '))
        else {
            continue;
        };
        let row = (*name, command.usage.about);
        if COMMON.contains(name) {
            common.push(row)
        } else {
            others.push(row)
        }
    }
    others.sort_unstable();
    format!(
        "Usage:  hull [OPTIONS] COMMAND\n\n{}\n\nExamples:\n  # Run the image that comes with hull\n  \
         hull run hello-world\n  # Load an image and work in it\n  hull load -i debian.tar\n  \
         hull run -it --rm debian bash\n\nCommon Commands:\n{}\nManagement Commands:\n{}\n\
         Commands:\n{}\nGlobal Options:\n{}\n\
         Run 'hull COMMAND --help' for more information on a command.\n",
        HULL.about,
        help::list(&common),
        help::list(GROUPS),
        help::list(&others),
        help::flags(GLOBALS, crate::context::width()),
    )
}

fn group_help(group: &str) -> String {
    let about = GROUPS
        .iter()
        .find(|(name, _)| *name == group)
        .map_or("", |(_, about)| about);
    let mut rows: Vec<(&str, &str)> = COMMANDS
        .iter()
        .filter(|command| !command.usage.hidden)
        .filter_map(|command| {
            let path = command
                .usage
                .paths
                .iter()
                .find(|path| path.split(' ').next() == Some(group) && path.contains(' '))?;
            Some((path.split(' ').nth(1)?, command.usage.about))
        })
        .collect();
    rows.sort_unstable();
    format!(
        "Usage:  hull {group} COMMAND\n\n{about}\n\nCommands:\n{}\n\
         Run 'hull {group} COMMAND --help' for more information on a command.\n",
        help::list(&rows)
    )
}
