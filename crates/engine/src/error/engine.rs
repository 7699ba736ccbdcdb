//! [`Error`], what every verb of the engine returns.
//!
//! Leaves to [`ContainerError`] what a container's state forbids. Invariant: each variant names the
//! step and the subject.

use std::io;
use std::path::PathBuf;

use hull_error::{Fault, Kind, kind_of_io};
use thiserror::Error;

use super::container::ContainerError;

/// An error of the engine.
#[derive(Debug, Error)]
pub enum Error {
    /// A container cannot do that, or does not exist.
    #[error(transparent)]
    Container(#[from] ContainerError),
    /// A file or directory of the engine could not be worked on.
    #[error("cannot {step} {}", path.display())]
    File {
        /// The verb: `create`, `read`, `write` …
        step: &'static str,
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A lock file could not be opened or locked.
    #[error("cannot lock {}", path.display())]
    Lock {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// No random bytes.
    #[error("cannot read random bytes")]
    Random {
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A filter this verb does not know.
    #[error("invalid filter '{key}'")]
    UnknownFilter {
        /// Its key.
        key: String,
    },
    /// A filter with a value that makes no sense.
    #[error("invalid value '{value}' of filter '{key}'")]
    FilterValue {
        /// Its key.
        key: &'static str,
        /// What was given.
        value: String,
    },
    /// A wish that this release cannot fulfil yet.
    #[error("cannot {wish}: not in this release")]
    NotYet {
        /// What was wished for.
        wish: &'static str,
        /// What to do instead.
        hint: &'static str,
    },
}

impl Fault for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::Container(error) => error.kind(),
            Self::File { source, .. } | Self::Lock { source, .. } | Self::Random { source } => {
                kind_of_io(source)
            }
            Self::UnknownFilter { .. } | Self::FilterValue { .. } => Kind::Invalid,
            Self::NotYet { .. } => Kind::Unsupported,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Container(error) => error.hint(),
            Self::NotYet { hint, .. } => Some((*hint).into()),
            Self::File { source, .. } | Self::Lock { source, .. } => hint_of_io(source),
            _ => None,
        }
    }
}

fn hint_of_io(error: &io::Error) -> Option<String> {
    let hint = match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "run as root, or choose other directories with --root and --run-root"
        }
        io::ErrorKind::StorageFull => "free space there, for instance with `hull image prune`",
        io::ErrorKind::ReadOnlyFilesystem => {
            "choose a writable directory with --root or --run-root"
        }
        _ => return None,
    };
    Some(hint.into())
}
