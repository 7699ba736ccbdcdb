//! [`Error`], what every verb of the engine returns.
//!
//! Leaves to [`ContainerError`] what a container's state forbids. Invariant: each variant names the
//! step and the subject.

use std::io;
use std::path::PathBuf;

use hull_error::{Fault, Kind, kind_of_io};
use thiserror::Error;

use super::container::ContainerError;
use super::spec::SpecError;

/// An error of the engine.
#[derive(Debug, Error)]
pub enum Error {
    /// A container cannot do that, or does not exist.
    #[error(transparent)]
    Container(#[from] ContainerError),
    /// A wish makes no sense, or this host cannot fulfil it.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] hull_state::Error),
    /// The image store.
    #[error(transparent)]
    Image(#[from] hull_image::Error),
    /// A word of the OCI specifications (platform, reference, digest) that is none.
    #[error(transparent)]
    Word(hull_oci::Error),
    /// A monitor, or what it left behind.
    #[error(transparent)]
    Monitor(hull_monitor::Error),
    /// A container's cgroup.
    #[error(transparent)]
    Cgroup(hull_runtime::cgroup::Error),
    /// A call on a container's process failed.
    #[error("cannot {step} process {pid} of container {id}")]
    Process {
        /// `signal`, `wait for` …
        step: &'static str,
        /// Its number.
        pid: i32,
        /// Full id of the container.
        id: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// An image that is not here.
    #[error("Unable to find image '{image}' locally")]
    NoImage {
        /// In full, `busybox:latest`.
        image: String,
    },
    /// An image for another kind of machine.
    #[error(
        "image with reference {image} was found but does not provide the specified platform ({wanted})"
    )]
    Platform {
        /// As typed.
        image: String,
        /// What was asked for.
        wanted: String,
    },
    /// An OCI runtime nobody knows.
    #[error("unknown or invalid runtime name: {name}")]
    UnknownRuntime {
        /// As typed.
        name: String,
    },
    /// A document of the engine is malformed.
    #[error("cannot read {}: it is no valid document", path.display())]
    Decode {
        /// Its file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A document of the engine could not be written as JSON.
    #[error("cannot write {what} as JSON")]
    Encode {
        /// Which.
        what: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
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

impl Error {
    /// Exit code of `run`, `start` and `exec`: 127 when the command does not exist, 126 when it cannot
    /// be executed, 125 otherwise.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Monitor(error) => error.exit_code(),
            _ => 125,
        }
    }
}

impl Fault for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::Container(error) => error.kind(),
            Self::Spec(error) => error.kind(),
            Self::Ledger(error) => error.kind(),
            Self::Image(error) => error.kind(),
            Self::Monitor(error) => error.kind(),
            Self::Word(error) => error.kind(),
            Self::Cgroup(error) => error.kind(),
            Self::Process { source, .. } => kind_of_io(source),
            Self::NoImage { .. } | Self::Platform { .. } => Kind::NotFound,
            Self::UnknownRuntime { .. } => Kind::Invalid,
            Self::Encode { .. } | Self::Decode { .. } => Kind::Internal,
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
            Self::Spec(error) => error.hint(),
            Self::Ledger(error) => error.hint(),
            Self::Image(error) => error.hint(),
            Self::Monitor(error) => error.hint(),
            Self::Word(error) => error.hint(),
            Self::Cgroup(error) => error.hint(),
            Self::NoImage { .. } => Some(
                "bring it in with `hull load` or `hull import`; registries come in a later release"
                    .into(),
            ),
            Self::UnknownRuntime { .. } => {
                Some("install it, or give the path of its binary".into())
            }
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

/// Short form of [`Error::File`].
pub(crate) fn file(
    step: &'static str,
    path: impl Into<PathBuf>,
) -> impl FnOnce(io::Error) -> Error {
    let path = path.into();
    move |source| Error::File { step, path, source }
}
