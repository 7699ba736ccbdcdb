//! What every error of hull can say about itself: its kind, a hint, and its chain of causes.
//!
//! Each crate has its own `Error` enum; all implement [`Fault`]. Nothing here knows who prints or
//! which status code follows. Invariant: a variant's text names the step and its subject and never
//! repeats its source; the source speaks for itself in the chain.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;

/// What went wrong, as seen by somebody who must react: HTTP status and exit code follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The subject does not exist.
    NotFound,
    /// The subject is in a state, or in use by somebody, that forbids this.
    Conflict,
    /// The request, file or document is malformed.
    Invalid,
    /// The caller or this host lacks the permission.
    Denied,
    /// Something needed is not there now: disk space, a peer, a lock.
    Unavailable,
    /// This kernel, host or version of hull cannot do it.
    Unsupported,
    /// The caller gave up.
    Cancelled,
    /// A fault of hull or of the machine.
    Internal,
}

/// An error that can be reacted to (kind) and acted upon (hint).
pub trait Fault: Error + Send + Sync + 'static {
    /// The class of this error.
    fn kind(&self) -> Kind;

    /// One thing the user can do about it.
    fn hint(&self) -> Option<String> {
        None
    }
}

/// Kind of an operating system error, for variants whose source is an [`std::io::Error`].
pub fn kind_of_io(error: &std::io::Error) -> Kind {
    use std::io::ErrorKind as E;
    match error.kind() {
        E::NotFound => Kind::NotFound,
        E::PermissionDenied | E::ReadOnlyFilesystem => Kind::Denied,
        E::AlreadyExists | E::AddrInUse | E::ResourceBusy | E::DirectoryNotEmpty => Kind::Conflict,
        E::InvalidInput | E::InvalidData | E::InvalidFilename | E::UnexpectedEof => Kind::Invalid,
        E::StorageFull | E::QuotaExceeded | E::OutOfMemory | E::WouldBlock | E::TimedOut => {
            Kind::Unavailable
        }
        E::Unsupported => Kind::Unsupported,
        E::Interrupted => Kind::Cancelled,
        _ => Kind::Internal,
    }
}

/// Shows an error as people read it: the error, then a `cause:` line per source, then the hint.
pub struct Report<'a> {
    error: &'a dyn Fault,
}

impl<'a> Report<'a> {
    /// A report of `error`.
    pub fn new(error: &'a dyn Fault) -> Self {
        Self { error }
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error)?;
        let mut source = self.error.source();
        while let Some(cause) = source {
            write!(f, "\n  cause: {cause}")?;
            source = cause.source();
        }
        match self.error.hint() {
            Some(hint) => write!(f, "\n  hint:  {hint}"),
            None => Ok(()),
        }
    }
}
