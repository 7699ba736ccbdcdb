//! [`Error`], every way looking after a task, or speaking with who does, can fail.
//!
//! Invariant: a variant names its step and subject; the cause is a source and never in the text.

use std::io;
use std::path::PathBuf;

use hull_error::{Fault, Kind, kind_of_io};

use crate::protocol::frame::BadFrame;
use crate::protocol::{Failure, FailureKind};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or directory of the run directory could not be read or written.
    #[error("cannot {step} {}", path.display())]
    File {
        /// `read`, `write`, `lock` ….
        step: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A document of the run directory is malformed.
    #[error("cannot read {}: it is no valid document", path.display())]
    Document {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A document was written by a newer hull.
    #[error("cannot use {}: it is of version {version}, this hull knows up to {}", path.display(), crate::protocol::VERSION)]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// Somebody else looks after this run directory.
    #[error("cannot start a monitor for {}: one is running", run_dir.display())]
    Taken {
        /// The run directory.
        run_dir: PathBuf,
    },
    /// The monitor's process could not be started.
    #[error("cannot start the monitor {}", program.display())]
    Spawn {
        /// The hull binary.
        program: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The monitor died before it reported.
    #[error("cannot start a container in {}: its monitor died before it reported", run_dir.display())]
    Silent {
        /// The run directory.
        run_dir: PathBuf,
    },
    /// The monitor reports that the task could not be started.
    #[error("{}", failure.text)]
    Failed {
        /// Its report.
        failure: Box<Failure>,
        /// The causes in it.
        #[source]
        source: Option<Box<Cause>>,
    },
    /// Nobody listens in the run directory.
    #[error("cannot reach the monitor of {}", run_dir.display())]
    Unreachable {
        /// The run directory.
        run_dir: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A call on a session's socket, pipe or terminal failed.
    #[error("cannot {step}")]
    Call {
        /// What was tried.
        step: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The other side sent something that is no frame.
    #[error("cannot understand the monitor")]
    Frame(#[source] BadFrame),
    /// The other side closed the connection in the middle of a conversation.
    #[error("the monitor went away while it was asked to {request}")]
    Gone {
        /// What was asked.
        request: &'static str,
    },
    /// The monitor refused a request.
    #[error("the monitor refused to {request}: {reason}")]
    Refused {
        /// What was asked.
        request: &'static str,
        /// Its answer.
        reason: String,
    },
    /// Hull's own runtime failed.
    #[error(transparent)]
    Runtime(#[from] hull_runtime::Error),
    /// The container's cgroups cannot be found.
    #[error(transparent)]
    Cgroup(#[from] hull_runtime::cgroup::Error),
    /// A foreign OCI runtime could not be executed.
    #[error("cannot execute the OCI runtime {}", program.display())]
    RuntimeMissing {
        /// Its binary.
        program: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A foreign OCI runtime failed.
    #[error("OCI runtime {} {verb} failed: {text}", program.display())]
    ForeignRuntime {
        /// Its binary.
        program: PathBuf,
        /// `create`, `start` ….
        verb: &'static str,
        /// The end of what it wrote to standard error.
        text: String,
    },
    /// The container an exec session belongs to is not running.
    #[error("cannot start a process in {}: the container is not running", run_dir.display())]
    NotRunning {
        /// The container's run directory.
        run_dir: PathBuf,
    },
}

/// One cause out of a [`Failure`], with the causes below it.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct Cause {
    text: String,
    #[source]
    below: Option<Box<Cause>>,
}

impl Error {
    /// The error a monitor reported.
    pub fn failed(failure: Failure) -> Self {
        let source = failure.causes.iter().rev().fold(None, |below, text| {
            Some(Box::new(Cause {
                text: text.clone(),
                below,
            }))
        });
        Self::Failed {
            failure: Box::new(failure),
            source,
        }
    }

    /// Exit code of `run`, `start` and `exec`: 127 when the container's command does not exist, 126
    /// when it cannot be executed, 125 otherwise.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Failed { failure, .. } => failure.kind.exit_code(),
            _ => 125,
        }
    }
}

impl Fault for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::File { source, .. } | Self::Spawn { source, .. } | Self::Call { source, .. } => {
                kind_of_io(source)
            }
            Self::Document { .. } | Self::Frame(_) => Kind::Invalid,
            Self::Newer { .. } => Kind::Unsupported,
            Self::Taken { .. } | Self::Refused { .. } | Self::NotRunning { .. } => Kind::Conflict,
            Self::Silent { .. } | Self::Gone { .. } => Kind::Unavailable,
            Self::Unreachable { .. } => Kind::Unavailable,
            Self::Failed { failure, .. } => kind_of_failure(failure.kind),
            Self::Runtime(source) => source.kind(),
            Self::Cgroup(source) => source.kind(),
            Self::RuntimeMissing { source, .. } => kind_of_io(source),
            Self::ForeignRuntime { .. } => Kind::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Failed { failure, .. } => failure.hint.clone(),
            Self::Newer { .. } => Some("use the newer hull that wrote it".to_owned()),
            Self::Runtime(source) => source.hint(),
            Self::Cgroup(source) => source.hint(),
            Self::RuntimeMissing { .. } => {
                Some("install it, or leave --runtime out to use hull's own".to_owned())
            }
            _ => None,
        }
    }
}

fn kind_of_failure(kind: FailureKind) -> Kind {
    match kind {
        FailureKind::CommandNotFound | FailureKind::CommandNotExecutable | FailureKind::Invalid => {
            Kind::Invalid
        }
        FailureKind::Unsupported => Kind::Unsupported,
        FailureKind::Denied => Kind::Denied,
        FailureKind::Unavailable => Kind::Unavailable,
        FailureKind::Internal => Kind::Internal,
    }
}

/// Short form of [`Error::File`].
pub(crate) fn file(
    step: &'static str,
    path: impl Into<PathBuf>,
) -> impl FnOnce(io::Error) -> Error {
    let path = path.into();
    move |source| Error::File { step, path, source }
}

/// Short form of [`Error::Call`].
pub(crate) fn call(step: &'static str) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Call { step, source }
}
