//! One flag as data: its names, the word it takes, and whether hull can do it yet.
//!
//! Leaves reading words to [`super::parse`]. Invariant: a flag either acts or says clearly that it
//! does not; none is swallowed.

use hull_model::error::Error as WordError;
use hull_model::grammar::number;

/// Checks a word while the line is read, so that the error names the flag.
pub(crate) type Check = fn(&str) -> Result<(), WordError>;

/// What a flag takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Take {
    /// Nothing, or `=true`, `=false`; with the value it has when not given.
    Switch(bool),
    /// A word; the last one given counts.
    One,
    /// A word each time it is given.
    Many,
    /// Words separated by commas, each time it is given.
    Commas,
}

/// Whether hull does what the flag says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Support {
    /// Yes.
    Works,
    /// Yes, but not as docker does; the text says how.
    Differs(&'static str),
    /// Not yet: it comes with the thing named.
    Later(&'static str),
    /// Never; the text says why.
    Never(&'static str),
}

/// One flag of a command.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flag {
    /// Name after `--`.
    pub(crate) long: &'static str,
    /// Letter after `-`.
    pub(crate) short: Option<char>,
    /// What it takes.
    pub(crate) take: Take,
    /// Name of the word's type, shown in help.
    pub(crate) kind: &'static str,
    /// What it does, shown in help.
    pub(crate) about: &'static str,
    /// Heading it is shown under in help; empty for the plain list.
    pub(crate) group: &'static str,
    /// Refuses words that cannot be.
    pub(crate) check: Option<Check>,
    /// Whether it works.
    pub(crate) support: Support,
}

/// A flag that is on or off.
pub(crate) const fn switch(long: &'static str, about: &'static str) -> Flag {
    new(long, about, Take::Switch(false), "")
}

/// A flag that is on unless `=false` is given.
pub(crate) const fn switch_on(long: &'static str, about: &'static str) -> Flag {
    new(long, about, Take::Switch(true), "")
}

/// A flag with one word.
pub(crate) const fn one(long: &'static str, kind: &'static str, about: &'static str) -> Flag {
    new(long, about, Take::One, kind)
}

/// A flag that may be given several times.
pub(crate) const fn many(long: &'static str, kind: &'static str, about: &'static str) -> Flag {
    new(long, about, Take::Many, kind)
}

/// A flag with one whole number.
pub(crate) const fn int(long: &'static str, about: &'static str) -> Flag {
    one(long, "int", about).check(|word| number::signed(word).map(drop))
}

const fn new(long: &'static str, about: &'static str, take: Take, kind: &'static str) -> Flag {
    let support = Support::Works;
    Flag {
        long,
        short: None,
        take,
        kind,
        about,
        group: "",
        check: None,
        support,
    }
}

impl Flag {
    /// With a one-letter name.
    pub(crate) const fn short(mut self, letter: char) -> Self {
        self.short = Some(letter);
        self
    }

    /// With a check of its word.
    pub(crate) const fn check(mut self, check: Check) -> Self {
        self.check = Some(check);
        self
    }

    /// Words separated by commas.
    pub(crate) const fn commas(mut self) -> Self {
        self.take = Take::Commas;
        self
    }

    /// Shown under a heading.
    pub(crate) const fn group(mut self, heading: &'static str) -> Self {
        self.group = heading;
        self
    }

    /// Works, with a difference worth telling.
    pub(crate) const fn differs(mut self, how: &'static str) -> Self {
        self.support = Support::Differs(how);
        self
    }

    /// Comes later, with the thing named.
    pub(crate) const fn later(mut self, thing: &'static str) -> Self {
        self.support = Support::Later(thing);
        self
    }

    /// Will not come.
    pub(crate) const fn never(mut self, why: &'static str) -> Self {
        self.support = Support::Never(why);
        self
    }

    /// `-m, --memory` or `--memory`, as errors name it.
    pub(crate) fn names(&self) -> String {
        match self.short {
            Some(letter) => format!("-{letter}, --{}", self.long),
            None => format!("--{}", self.long),
        }
    }
}
