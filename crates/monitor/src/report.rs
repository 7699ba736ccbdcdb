//! Turning an error into the [`Failure`] a launching client is told.
//!
//! Invariant: a failure says all a reader needs, for the process that met the error is about to end.

use std::error::Error as _;
use std::io;

use hull_error::{Fault, Kind};

use crate::error::Error;
use crate::protocol::{Failure, FailureKind, VERSION};

/// What to tell of `error`.
pub(crate) fn failure(error: &Error) -> Failure {
    let mut causes = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    Failure {
        version: VERSION,
        kind: kind(error),
        text: error.to_string(),
        causes,
        hint: error.hint(),
    }
}

fn kind(error: &Error) -> FailureKind {
    if let Error::Runtime(cause) = error
        && let Some(cause) = command_fault(cause)
    {
        return command_kind(cause);
    }
    if let Error::ForeignRuntime { text, .. } = error
        && let Some(kind) = foreign_kind(text)
    {
        return kind;
    }
    match error.kind() {
        Kind::Invalid | Kind::NotFound | Kind::Conflict => FailureKind::Invalid,
        Kind::Unsupported => FailureKind::Unsupported,
        Kind::Denied => FailureKind::Denied,
        Kind::Unavailable => FailureKind::Unavailable,
        Kind::Cancelled | Kind::Internal => FailureKind::Internal,
    }
}

/// What runc, crun and their like say when the container's command is at fault; docker reads the same
/// words.
fn foreign_kind(text: &str) -> Option<FailureKind> {
    let text = text.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if says(&[
        "permission denied",
        "is a directory",
        "exec format error",
        "not executable",
        "open executable: operation not permitted",
    ]) {
        return Some(FailureKind::CommandNotExecutable);
    }
    let absent = [
        "executable file",
        "no such file or directory",
        "not found in $path",
    ];
    says(&absent).then_some(FailureKind::CommandNotFound)
}

/// Docker's reading of a failed execve: not there is 127, there but impossible is 126.
fn command_kind(cause: &io::Error) -> FailureKind {
    match cause.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => FailureKind::CommandNotFound,
        _ => FailureKind::CommandNotExecutable,
    }
}

/// Why the container's command could not be executed, when that is what failed.
fn command_fault(error: &hull_runtime::Error) -> Option<&io::Error> {
    match error {
        hull_runtime::Error::Init {
            is_program: true,
            source,
            ..
        } => source.as_ref(),
        _ => None,
    }
}
