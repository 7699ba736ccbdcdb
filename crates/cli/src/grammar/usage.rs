//! How a command is used, as data: its names, its words, its flags, what help says.
//!
//! Leaves what it does to `commands::command`. Invariant: nothing here knows how the command was
//! found, so that `hull ps`, `hull container ls` and `hull container list` are one thing.

use std::ops::RangeInclusive;

use super::flag::Flag;

/// How a command is used.
pub(crate) struct Usage {
    /// How it is named in usage and errors: `run`, `image prune`.
    pub(crate) name: &'static str,
    /// Every way to call it, in the order help shows them.
    pub(crate) paths: &'static [&'static str],
    /// What follows `[OPTIONS]` in the usage line.
    pub(crate) words: &'static str,
    /// How many words it takes.
    pub(crate) count: RangeInclusive<usize>,
    /// Whether flags end at the first word, as for commands that pass the rest on.
    pub(crate) passes_rest: bool,
    /// What it does, in one line.
    pub(crate) about: &'static str,
    /// Commands to try, each with what it does.
    pub(crate) examples: &'static [(&'static str, &'static str)],
    /// Its flags.
    pub(crate) flags: &'static [&'static [Flag]],
    /// What its words name, for completion.
    pub(crate) completes: Completes,
    /// Exit code when it fails before or instead of what it was asked for.
    pub(crate) failure: u8,
    /// Left out of help.
    pub(crate) hidden: bool,
}

/// What the words of a command name, for completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Completes {
    /// Nothing of ours: files, or free words.
    Nothing,
    /// Containers in any state.
    Containers,
    /// Running containers.
    Running,
    /// Images.
    Images,
    /// Commands.
    Commands,
}

impl Usage {
    /// A command with nothing said but its names and what it does.
    pub(crate) const fn new(paths: &'static [&'static str], about: &'static str) -> Self {
        let name = match paths {
            [name, ..] => name,
            [] => "",
        };
        Self {
            name,
            paths,
            words: "",
            count: 0..=0,
            passes_rest: false,
            about,
            examples: &[],
            flags: &[],
            completes: Completes::Nothing,
            failure: 1,
            hidden: false,
        }
    }

    /// All flags, in table order.
    pub(crate) fn all_flags(&self) -> impl Iterator<Item = &'static Flag> + use<> {
        let tables = self.flags;
        tables.iter().flat_map(|table| table.iter())
    }

    /// The flag with this long name.
    pub(crate) fn long(&self, name: &str) -> Option<&'static Flag> {
        self.all_flags().find(|flag| flag.long == name)
    }

    /// The flag with this letter.
    pub(crate) fn short(&self, letter: char) -> Option<&'static Flag> {
        self.all_flags().find(|flag| flag.short == Some(letter))
    }

    /// The usage line, after `Usage:  `.
    pub(crate) fn usage(&self) -> String {
        let mut line = self.called();
        if self.flags.iter().any(|table| !table.is_empty()) {
            line.push_str(" [OPTIONS]");
        }
        if !self.words.is_empty() {
            line.push(' ');
            line.push_str(self.words);
        }
        line
    }

    /// How it is called: `hull ps`.
    pub(crate) fn called(&self) -> String {
        match self.name {
            "" => "hull".to_owned(),
            name => format!("hull {name}"),
        }
    }
}
