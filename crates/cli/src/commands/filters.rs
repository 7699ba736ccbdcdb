//! `--filter` and `--format`, flags that several lists share.
//!
//! Leaves which keys there are to the engine's verbs. Invariant: a word without `=` is refused
//! while the line is read.

use hull_model::error::Error as WordError;
use hull_model::filter::Filters;

use crate::grammar::flag::{Flag, many, one};
use crate::grammar::parse::Parsed;

/// `-f, --filter`.
pub(crate) const FILTER: Flag = many(
    "filter",
    "filter",
    "Only those for which this holds: key=value",
)
.short('f')
.check(check);

/// `--filter` of commands whose `-f` is something else.
pub(crate) const LONG_FILTER: Flag = many(
    "filter",
    "filter",
    "Only those for which this holds: key=value",
)
.check(check);

/// `--format` of lists.
pub(crate) const FORMAT: Flag = one(
    "format",
    "string",
    "Show it as 'table', 'table TEMPLATE', 'json' or in a Go template",
);

/// `-f, --format` of documents.
pub(crate) const DOCUMENT: Flag =
    one("format", "string", "Show it as 'json' or in a Go template").short('f');

fn check(word: &str) -> Result<(), WordError> {
    match Filters::default().add(word) {
        Some(()) => Ok(()),
        None => Err(WordError::Mode(
            "bad format of filter (expected name=value)".into(),
        )),
    }
}

/// All filters given.
pub(crate) fn filters(parsed: &Parsed) -> Filters {
    let mut filters = Filters::default();
    for word in parsed.list("filter") {
        filters.add(word);
    }
    filters
}
