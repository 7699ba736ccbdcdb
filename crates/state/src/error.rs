//! What can go wrong with the ledger.
//!
//! Leaves wording for HTTP clients to `api`. Invariant: nothing here imports a sibling; variants
//! hold names, paths and causes.

use std::path::PathBuf;

use hull_error::{Fault, Kind, kind_of_io};
use rusqlite::ErrorCode;

/// A failure of the ledger.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The directory of the ledger cannot be made.
    #[error("cannot create directory {}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file that guards creation and migration cannot be locked.
    #[error("cannot lock {}", path.display())]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The database does not open.
    #[error("cannot open the ledger {}", path.display())]
    Open {
        /// The database.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// The file is there and is no database, or a broken one.
    #[error("the ledger {} is damaged", path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// The integrity check before a migration found faults.
    #[error("the ledger {} is damaged: {finding}", path.display())]
    Integrity {
        /// The database.
        path: PathBuf,
        /// First fault found.
        finding: String,
    },
    /// A newer hull wrote it.
    #[error("the ledger {} has schema {found}; this hull knows schemas up to {known}", path.display())]
    TooNew {
        /// The database.
        path: PathBuf,
        /// Version found.
        found: i64,
        /// Newest version known.
        known: i64,
    },
    /// The copy made before a migration failed.
    #[error("cannot back up the ledger to {}", path.display())]
    Backup {
        /// The copy.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// A step of the migration failed; nothing was changed.
    #[error("cannot migrate the ledger to schema {version}")]
    Migrate {
        /// The step.
        version: i64,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// A query failed.
    #[error("cannot {what}")]
    Query {
        /// What was attempted.
        what: &'static str,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// A row holds what this hull cannot read.
    #[error("cannot read {what} of {subject} from the ledger")]
    Row {
        /// The column.
        what: &'static str,
        /// Which row.
        subject: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A row holds a malformed identity.
    #[error("the ledger holds a malformed {what}: {text:?}")]
    Malformed {
        /// The column.
        what: &'static str,
        /// Its content.
        text: String,
    },
    /// A document cannot be written as JSON.
    #[error("cannot write {what} as JSON")]
    Encode {
        /// The document.
        what: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// No row of that kind.
    #[error("no such {what}: {name}")]
    NotFound {
        /// `container`, `image` …
        what: &'static str,
        /// As asked for.
        name: String,
    },
    /// An id prefix that fits several.
    #[error("{what} id prefix {prefix} is ambiguous: {}", matches.join(", "))]
    Ambiguous {
        /// `container`, `image` …
        what: &'static str,
        /// As asked for.
        prefix: String,
        /// The ids that fit.
        matches: Vec<String>,
    },
    /// The container's name belongs to another.
    #[error("the container name {name:?} is already in use by container {holder}")]
    NameTaken {
        /// The name, without slash.
        name: String,
        /// Id of the container that has it.
        holder: String,
    },
}

impl Fault for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::Directory { source, .. } | Self::Lock { source, .. } => kind_of_io(source),
            Self::Open { source, .. }
            | Self::Backup { source, .. }
            | Self::Migrate { source, .. }
            | Self::Query { source, .. } => kind_of_sqlite(source),
            Self::TooNew { .. } => Kind::Unsupported,
            Self::NotFound { .. } => Kind::NotFound,
            Self::Ambiguous { .. } => Kind::Invalid,
            Self::NameTaken { .. } => Kind::Conflict,
            Self::Damaged { .. }
            | Self::Integrity { .. }
            | Self::Row { .. }
            | Self::Malformed { .. }
            | Self::Encode { .. } => Kind::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::TooNew { .. } => Some("use the hull that wrote it, or another --root".into()),
            Self::Damaged { path, .. } | Self::Integrity { path, .. } => Some(format!(
                "move {} (and its -wal and -shm) aside, or restore a copy {}.before-*; images and \
                 container data on disk stay untouched",
                path.display(),
                path.display()
            )),
            Self::NameTaken { holder, .. } => {
                let short = holder.get(..12).unwrap_or(holder);
                Some(format!(
                    "remove or rename container {short}, or choose another name"
                ))
            }
            Self::Ambiguous { .. } => Some("give more digits".into()),
            Self::Open { source, .. } | Self::Query { source, .. } => hint_of_sqlite(source),
            Self::Migrate { source, .. } | Self::Backup { source, .. } => hint_of_sqlite(source),
            Self::Directory { source, .. } | Self::Lock { source, .. } => hint_of_io(source),
            _ => None,
        }
    }
}

fn kind_of_sqlite(error: &rusqlite::Error) -> Kind {
    match error.sqlite_error_code() {
        Some(ErrorCode::PermissionDenied | ErrorCode::ReadOnly | ErrorCode::CannotOpen) => {
            Kind::Denied
        }
        Some(ErrorCode::DiskFull | ErrorCode::OutOfMemory) => Kind::Unavailable,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Kind::Unavailable,
        _ => Kind::Internal,
    }
}

fn hint_of_sqlite(error: &rusqlite::Error) -> Option<String> {
    let hint = match error.sqlite_error_code()? {
        ErrorCode::DiskFull => "free some space on the file system of --root",
        ErrorCode::ReadOnly => {
            "--root is read-only: mount its file system read-write, or choose another directory"
        }
        ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
            "--root must be a directory you may write to, on a file system that is not read-only"
        }
        _ => return None,
    };
    Some(hint.into())
}

fn hint_of_io(error: &std::io::Error) -> Option<String> {
    use std::io::ErrorKind as E;
    let hint = match error.kind() {
        E::StorageFull | E::QuotaExceeded => "free some space on the file system of --root",
        E::ReadOnlyFilesystem | E::PermissionDenied | E::NotADirectory | E::AlreadyExists => {
            "--root must be a directory you may write to, on a file system that is not read-only"
        }
        _ => return None,
    };
    Some(hint.into())
}

/// Result of the ledger.
pub type Result<T> = std::result::Result<T, Error>;
