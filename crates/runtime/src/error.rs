//! What can go wrong when containers are made and changed.

use std::io;
use std::path::PathBuf;

use hull_error::{Fault, Kind, kind_of_io};

/// A fault of the runtime; each variant names the step and its subject.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The host could not be looked at.
    #[error("cannot read this process's capabilities")]
    Host(#[source] io::Error),
    /// The bundle's directory is not there.
    #[error("cannot open bundle {path}", path = path.display())]
    OpenBundle {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Its configuration could not be read.
    #[error("cannot read {path}", path = path.display())]
    ReadConfig {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Its configuration is not a runtime specification.
    #[error("cannot parse {path}", path = path.display())]
    ParseConfig {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The verb has not been built yet.
    #[error("cannot run {what}: not built yet")]
    Unfinished {
        /// The subject.
        what: String,
    },
}

impl Fault for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::Host(source)
            | Self::OpenBundle { source, .. }
            | Self::ReadConfig { source, .. } => kind_of_io(source),
            Self::ParseConfig { .. } => Kind::Invalid,
            Self::Unfinished { .. } => Kind::Unsupported,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::ReadConfig { source, .. } if source.kind() == io::ErrorKind::NotFound => Some(
                "a bundle is a directory with a config.json; `hull oci spec` writes one".to_owned(),
            ),
            _ => None,
        }
    }
}
