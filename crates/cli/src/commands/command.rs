//! A command: how it is used, and the function that does it.
//!
//! Leaves the list of commands to [`super::table`] and usage as data to `grammar`. Invariant: built
//! as a constant, so that a command that is not called costs nothing.

use std::ops::RangeInclusive;
use std::process::ExitCode;

use crate::context::Context;
use crate::error::Error;
use crate::grammar::flag::Flag;
use crate::grammar::parse::Parsed;
use crate::grammar::usage::{Completes, Usage};

/// How a command ends.
pub(crate) type Outcome = Result<ExitCode, Error>;

/// A command of the command line.
pub(crate) struct Command {
    /// How it is used.
    pub(crate) usage: Usage,
    /// Does it.
    pub(crate) run: fn(&Context, &Parsed) -> Outcome,
}

impl Command {
    /// A command with nothing said but its names and what it does.
    pub(crate) const fn new(
        paths: &'static [&'static str],
        about: &'static str,
        run: fn(&Context, &Parsed) -> Outcome,
    ) -> Self {
        Self {
            usage: Usage::new(paths, about),
            run,
        }
    }

    /// With words after the flags.
    pub(crate) const fn takes(
        mut self,
        words: &'static str,
        count: RangeInclusive<usize>,
        completes: Completes,
    ) -> Self {
        self.usage.words = words;
        self.usage.count = count;
        self.usage.completes = completes;
        self
    }

    /// With flags, in one table or several.
    pub(crate) const fn flags(mut self, flags: &'static [&'static [Flag]]) -> Self {
        self.usage.flags = flags;
        self
    }

    /// With examples.
    pub(crate) const fn examples(
        mut self,
        examples: &'static [(&'static str, &'static str)],
    ) -> Self {
        self.usage.examples = examples;
        self
    }

    /// Flags end at the first word; failures of our own have exit code `failure`.
    pub(crate) const fn passes_rest(mut self, failure: u8) -> Self {
        self.usage.passes_rest = true;
        self.usage.failure = failure;
        self
    }

    /// Left out of help.
    pub(crate) const fn hidden(mut self) -> Self {
        self.usage.hidden = true;
        self
    }
}
