//! `hull completion SHELL`, and the hidden command that its scripts ask for words.
//!
//! Leaves the words of a line to the tables, and names to the engine. Invariant: completion never
//! prints an error into somebody's prompt.

use std::process::ExitCode;

use hull_engine::container::list::ListRequest;
use hull_engine::image::list::ImageListRequest;

use crate::commands::command::{Command, Outcome};
use crate::context::Context;
use crate::error::Error;
use crate::grammar::flag::Take;
use crate::grammar::parse::Parsed;
use crate::grammar::usage::{Completes, Usage};
use crate::output;

/// `hull completion`.
pub(crate) const COMMAND: Command = Command::new(
    &["completion"],
    "Print a completion script for bash, zsh or fish",
    completion,
)
.takes("SHELL", 1..=1, Completes::Nothing)
.examples(&[
    ("source <(hull completion bash)", "Complete in this shell"),
    (
        "hull completion fish > ~/.config/fish/completions/hull.fish",
        "Complete in every fish",
    ),
]);

/// `hull __complete`: the words that may stand where the last one does.
pub(crate) const WORDS: Command = Command::new(&["__complete"], "Words that may come next", words)
    .takes("WORD [WORD...]", 0..=usize::MAX, Completes::Nothing)
    .passes_rest(1)
    .hidden();

const BASH: &str = r#"# hull completion for bash
_hull() {
    local words=("${COMP_WORDS[@]:1:COMP_CWORD}")
    local IFS=$'\n'
    COMPREPLY=($(hull __complete -- "${words[@]}" 2>/dev/null))
    [[ ${#COMPREPLY[@]} -eq 0 ]] && compopt -o default
    [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace
}
complete -F _hull hull
"#;

const ZSH: &str = r#"#compdef hull
# hull completion for zsh
_hull() {
    local -a found
    found=("${(@f)$(hull __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -n "${found[1]}" ]]; then compadd -a found; else _files; fi
}
compdef _hull hull
"#;

const FISH: &str = r#"# hull completion for fish
function __hull_words
    set -l words (commandline -opc) (commandline -ct)
    hull __complete -- $words[2..-1] 2>/dev/null
end
complete -c hull -a '(__hull_words)'
"#;

fn completion(_: &Context, parsed: &Parsed) -> Outcome {
    let script = match parsed.word(0) {
        "bash" => BASH,
        "zsh" => ZSH,
        "fish" => FISH,
        other => {
            return Err(Error::options(format!(
                "cannot complete in shell {other:?}: it is none of bash, zsh, fish"
            )));
        }
    };
    output::print(script)?;
    Ok(ExitCode::SUCCESS)
}

fn words(context: &Context, parsed: &Parsed) -> Outcome {
    let mut found = candidates(context, &parsed.words);
    found.sort();
    found.dedup();
    output::print(
        &found
            .iter()
            .map(|word| format!("{word}\n"))
            .collect::<String>(),
    )?;
    Ok(ExitCode::SUCCESS)
}

/// What may stand in place of the last of `words`.
fn candidates(context: &Context, words: &[String]) -> Vec<String> {
    let Some((last, before)) = words.split_last() else {
        return Vec::new();
    };
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    let Some((command, rest)) = command_of(context, &before) else {
        return next_words(context, &before.join(" "), last);
    };
    if let Some(flags) = last.strip_prefix("--") {
        let flags = command
            .all_flags()
            .filter(|flag| flag.long.starts_with(flags));
        return flags.map(|flag| format!("--{}", flag.long)).collect();
    }
    let takes_word = rest
        .last()
        .and_then(|word| word.strip_prefix("--"))
        .is_some_and(|name| {
            command
                .long(name)
                .is_some_and(|flag| !matches!(flag.take, Take::Switch(_)))
        });
    if takes_word || (command.passes_rest && rest.iter().any(|word| !word.starts_with('-'))) {
        return Vec::new();
    }
    let names = match command.completes {
        Completes::Nothing => Vec::new(),
        Completes::Commands => return next_words(context, "", last),
        kind => names(context, kind),
    };
    names
        .into_iter()
        .filter(|name| name.starts_with(last.as_str()))
        .collect()
}

/// The command `words` start with, and the words after its name.
fn command_of<'w>(
    context: &Context,
    words: &'w [&'w str],
) -> Option<(&'static Usage, &'w [&'w str])> {
    for length in [2, 1] {
        let Some(path) = words.get(..length).map(|words| words.join(" ")) else {
            continue;
        };
        let found = (context.usages)()
            .into_iter()
            .find(|c| c.paths.contains(&path.as_str()));
        if let Some(command) = found {
            return Some((command, words.get(length..).unwrap_or_default()));
        }
    }
    None
}

/// Words of command names after `prefix` that start with `start`.
fn next_words(context: &Context, prefix: &str, start: &str) -> Vec<String> {
    let paths = (context.usages)()
        .into_iter()
        .filter(|c| !c.hidden)
        .flat_map(|c| c.paths.iter());
    paths
        .filter_map(|path| {
            let rest = match prefix {
                "" => path,
                prefix => path.strip_prefix(prefix)?.strip_prefix(' ')?,
            };
            let word = rest.split(' ').next()?;
            word.starts_with(start).then(|| word.to_owned())
        })
        .collect()
}

/// Names of containers or images; none when the engine cannot be asked.
fn names(context: &Context, kind: Completes) -> Vec<String> {
    let Ok(engine) = context.engine() else {
        return Vec::new();
    };
    if kind == Completes::Images {
        let images = engine
            .images()
            .list(&ImageListRequest::default())
            .unwrap_or_default();
        return images
            .into_iter()
            .flat_map(|image| image.repo_tags)
            .collect();
    }
    let request = ListRequest {
        all: kind == Completes::Containers,
        ..ListRequest::default()
    };
    let containers = engine.containers().list(&request).unwrap_or_default();
    containers
        .into_iter()
        .map(|container| container.name.as_str().to_owned())
        .collect()
}
