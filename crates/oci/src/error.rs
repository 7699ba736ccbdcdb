//! What can be wrong with a document of the specifications.
//!
//! Leaves to its callers which file or request the document came from. Invariant: texts follow
//! docker's words where docker's users match on them ("invalid reference format").

use hull_error::{Fault, Kind};

/// A malformed digest, reference, platform or document.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not `sha256:<64 hex>` or `sha512:<128 hex>`.
    #[error("invalid digest {text:?}: {problem}")]
    Digest {
        /// What was given.
        text: String,
        /// Which rule it breaks.
        problem: &'static str,
    },
    /// No grammar of references accepts it.
    #[error("invalid reference format")]
    ReferenceFormat {
        /// What was given.
        text: String,
    },
    /// Upper-case letters in a repository name.
    #[error("invalid reference format: repository name ({name}) must be lowercase")]
    ReferenceCase {
        /// The repository path.
        name: String,
    },
    /// A whole image id where a name is wanted.
    #[error("invalid repository name ({name}), cannot specify 64-byte hexadecimal strings")]
    ReferenceIsId {
        /// What was given.
        name: String,
    },
    /// The path of the repository is longer than 255 characters.
    #[error("repository name must not be more than 255 characters")]
    ReferenceTooLong {
        /// The repository path.
        name: String,
    },
    /// Not `os[/arch[/variant]]`.
    #[error("{text:?} is an invalid platform: {problem}")]
    Platform {
        /// What was given.
        text: String,
        /// Which rule it breaks.
        problem: &'static str,
    },
    /// Larger than any honest document of its kind.
    #[error("{kind} of {size} bytes is too large: at most {limit} are accepted")]
    DocumentSize {
        /// Which document.
        kind: &'static str,
        /// Its size.
        size: u64,
        /// The most accepted.
        limit: u64,
    },
    /// Not the JSON it should be.
    #[error("cannot parse {kind}")]
    Document {
        /// Which document.
        kind: &'static str,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// JSON, but against a rule of its specification.
    #[error("{kind} is not valid: {problem}")]
    DocumentRule {
        /// Which document.
        kind: &'static str,
        /// Which rule it breaks.
        problem: String,
    },
}

impl Fault for Error {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Platform { .. } => Some("write it as os/arch[/variant], e.g. linux/amd64".into()),
            _ => None,
        }
    }
}

/// Result of parsing.
pub type Result<T> = std::result::Result<T, Error>;
