//! The tree of a template.
//!
//! Invariant: every node that can fail knows where it stands and how it was written.

/// Where in the text something stands, and the text itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Line, from 1.
    pub(super) line: usize,
    /// Bytes before it on its line.
    pub(super) column: usize,
    /// As written.
    pub(super) text: String,
}

/// A part of a template.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// Text to print.
    Text(String),
    /// A value to print, or to keep in a variable.
    Action(Pipe),
    /// `if`, `with`: the first branch whose condition holds.
    Branch {
        /// The dot becomes the condition's value.
        with: bool,
        /// The condition.
        pipe: Pipe,
        /// When it holds.
        then: Vec<Node>,
        /// When not.
        otherwise: Vec<Node>,
    },
    /// `range`.
    Range {
        /// What is walked over; its variables take index and element.
        pipe: Pipe,
        /// For each.
        body: Vec<Node>,
        /// When there is none.
        otherwise: Vec<Node>,
    },
    /// `template`.
    Call {
        /// Its name.
        name: String,
        /// Its dot.
        pipe: Option<Pipe>,
        /// Where.
        place: Place,
    },
    /// `break`.
    Break,
    /// `continue`.
    Continue,
}

/// Commands, each given the result of the one before.
#[derive(Debug, Clone)]
pub(super) struct Pipe {
    /// Variables that take the result.
    pub(super) variables: Vec<String>,
    /// They exist already.
    pub(super) assigns: bool,
    /// The commands.
    pub(super) commands: Vec<Command>,
    /// Where.
    pub(super) place: Place,
}

/// A value, or a function with its arguments.
#[derive(Debug, Clone)]
pub(super) struct Command {
    /// First the function or value, then its arguments.
    pub(super) words: Vec<Word>,
    /// Where.
    pub(super) place: Place,
}

/// One word of a command.
#[derive(Debug, Clone)]
pub(super) struct Word {
    /// What it is.
    pub(super) kind: WordKind,
    /// Fields followed from there.
    pub(super) fields: Vec<String>,
    /// Where.
    pub(super) place: Place,
}

/// What a word can be.
#[derive(Debug, Clone)]
pub(super) enum WordKind {
    /// `.`, or `.Field` with fields.
    Dot,
    /// `nil`.
    Nil,
    /// `true`, `false`.
    Bool(bool),
    /// A whole number or a character.
    Int(i64),
    /// Another number.
    Float(f64),
    /// A quoted text.
    Text(String),
    /// `$name`; the name of `$` is empty.
    Variable(String),
    /// A function's name.
    Function(String),
    /// `( … )`.
    Pipe(Box<Pipe>),
}
