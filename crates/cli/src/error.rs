//! [`Error`], what a command can fail with, and the exit code each means.
//!
//! Leaves printing to `main`. Invariant: usage texts are docker's; the exit codes are docker's too:
//! 125 for a flag that cannot be read, 1 for other usage errors, a command's own code otherwise.

use std::io;
use std::path::PathBuf;

use hull_error::{Fault, Kind, kind_of_io};

use crate::grammar::usage::Usage;

/// An error of the command line.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Flags or words that do not fit the command.
    #[error("{text}")]
    Usage {
        /// What is wrong.
        text: String,
        /// What may help.
        hint: Option<String>,
        /// Usage line and where help is, printed after the error.
        after: String,
        /// Exit code.
        code: u8,
    },
    /// A wish this release does not fulfil.
    #[error("not supported yet: {what}: {why}")]
    NotYet {
        /// The flag or word.
        what: String,
        /// What it waits for.
        why: String,
        /// Exit code.
        code: u8,
    },
    /// A wish no release will fulfil.
    #[error("not supported: {what}: {why}")]
    Never {
        /// The flag.
        what: String,
        /// Why.
        why: &'static str,
    },
    /// Options that are readable but make no sense, alone or together.
    #[error("{text}")]
    Options {
        /// In docker's words.
        text: String,
    },
    /// A word in a flag's value.
    #[error(transparent)]
    Word(#[from] hull_model::error::Error),
    /// A verb of the engine failed.
    #[error(transparent)]
    Engine(#[from] hull_engine::Error),
    /// A file named on the command line.
    #[error("cannot {step} {}", path.display())]
    File {
        /// The verb.
        step: &'static str,
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What this terminal is, or is not.
    #[error("{text}")]
    Terminal {
        /// In docker's words.
        text: &'static str,
        /// What may help.
        hint: &'static str,
    },
    /// The terminal or a standard stream could not be used.
    #[error("cannot {step}")]
    Stream {
        /// The verb and which stream.
        step: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A template that cannot be read or followed.
    #[error("{text}")]
    Template {
        /// In the words of Go's text/template.
        text: String,
        /// Exit code.
        code: u8,
    },
    /// A configuration file that cannot be read.
    #[error("cannot read {} as JSON", path.display())]
    Config {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A seccomp profile that is none.
    #[error("cannot read seccomp profile {} as JSON", path.display())]
    Profile {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A word that is neither a moment nor a span.
    #[error("invalid value for {flag:?}: failed to parse value as time or duration: {word:?}")]
    Moment {
        /// The flag.
        flag: &'static str,
        /// The word.
        word: String,
    },
    /// This user may not.
    #[error("cannot use the engine as user {uid}: only root can so far; rootless comes later")]
    NotRoot {
        /// Who.
        uid: u32,
    },
    /// A session that ended without a word about its process.
    #[error("cannot tell how the container ended: its monitor is gone")]
    Lost,
    /// Nothing of that name, of any kind.
    #[error("No such object: {name}")]
    NoSuchObject {
        /// As typed.
        name: String,
    },
}

impl Error {
    /// A flag that cannot be read.
    pub(crate) fn flag(command: &Usage, text: String, hint: Option<String>) -> Self {
        Self::Usage {
            text,
            hint,
            after: after(command),
            code: 125,
        }
    }

    /// An error found while the flags of `command` were put together: 125, and where help is.
    pub(crate) fn in_command(command: &Usage, error: Self) -> Self {
        let text = match &error {
            Self::Options { text } => text.clone(),
            Self::Word(word) => word.to_string(),
            _ => return error,
        };
        let after = format!("\nRun '{} --help' for more information", command.called());
        Self::Usage {
            text,
            hint: error.hint(),
            after,
            code: 125,
        }
    }

    /// The wrong number of words.
    pub(crate) fn words(command: &Usage, text: String) -> Self {
        Self::Usage {
            text,
            hint: None,
            after: after(command),
            code: 1,
        }
    }

    /// Options that make no sense.
    pub(crate) fn options(text: impl Into<String>) -> Self {
        Self::Options { text: text.into() }
    }

    /// A stream that failed.
    pub(crate) fn stream(step: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Stream { step, source }
    }

    /// The exit code, where `failure` is the command's own.
    pub(crate) fn code(&self, failure: u8) -> u8 {
        match self {
            Self::Usage { code, .. } | Self::NotYet { code, .. } | Self::Template { code, .. } => {
                *code
            }
            Self::Never { .. } => 125,
            Self::Terminal { .. } => 1,
            // A command that does not exist or cannot be executed has a code of its own.
            Self::Engine(error) if error.exit_code() != 125 => error.exit_code(),
            _ if self.is_broken_pipe() => 141,
            _ => failure,
        }
    }

    /// Whether nobody reads our output any more: no reason to say anything.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Stream { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
    }

    /// What is printed after the error.
    pub(crate) fn after(&self) -> Option<&str> {
        match self {
            Self::Usage { after, .. } => Some(after),
            _ => None,
        }
    }
}

fn after(command: &Usage) -> String {
    let usage = command.usage();
    format!(
        "\nUsage:  {usage}\n\nRun '{} --help' for more information",
        command.called()
    )
}

impl Fault for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::Engine(error) => error.kind(),
            Self::File { source, .. } | Self::Stream { source, .. } => kind_of_io(source),
            Self::NotYet { .. } | Self::Never { .. } => Kind::Unsupported,
            Self::NotRoot { .. } => Kind::Denied,
            Self::Lost => Kind::Internal,
            Self::NoSuchObject { .. } => Kind::NotFound,
            _ => Kind::Invalid,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Usage { hint, .. } => hint.clone(),
            Self::Engine(error) => error.hint(),
            Self::Terminal { hint, .. } if !hint.is_empty() => Some((*hint).to_owned()),
            Self::Moment { .. } => {
                Some("say 2026-01-31T15:04:05, 1700000000, or 10m for ten minutes ago".into())
            }
            Self::NotRoot { .. } => Some("run it with sudo".into()),
            Self::Lost => Some("`hull ps -a` shows whether the container still runs".into()),
            _ => None,
        }
    }
}
