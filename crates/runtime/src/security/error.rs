//! What can go wrong while a container's privileges are worked out.

use std::io;
use std::path::PathBuf;

use hull_error::{Fault, Kind, kind_of_io};

/// An error of capabilities, limits, labels or seccomp.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A capability name given by hand that does not exist.
    #[error("cannot {verb} capability {name:?}: no such capability")]
    UnknownCapability {
        /// add or drop
        verb: &'static str,
        /// As given.
        name: String,
    },
    /// Soft above hard.
    #[error("cannot set ulimit {name}: soft limit {soft} is above hard limit {hard}")]
    LimitOrder {
        /// The limit.
        name: &'static str,
        /// As asked.
        soft: u64,
        /// As asked.
        hard: u64,
    },
    /// More than this process may give.
    #[error("cannot set ulimit {name} to {asked}: above the hard limit {now} of this process")]
    LimitTooHigh {
        /// The limit.
        name: &'static str,
        /// As asked.
        asked: u64,
        /// In force.
        now: u64,
    },
    /// A profile that is not what it should be.
    #[error("cannot use seccomp profile: {what}")]
    Profile {
        /// The fault, with its place.
        what: String,
    },
    /// A profile that is no JSON, or not of the form.
    #[error("cannot parse seccomp profile")]
    ProfileSyntax(#[source] serde_json::Error),
    /// The compiled filter is too long for the kernel.
    #[error("cannot compile seccomp profile: {length} instructions, the kernel takes {limit}")]
    FilterTooLong {
        /// What came out.
        length: usize,
        /// The kernel's limit.
        limit: usize,
    },
    /// A file of a security module or cache could not be read or written.
    #[error("cannot {verb} {}", path.display())]
    File {
        /// read or write
        verb: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A security module that is not active here.
    #[error("cannot apply {module} {what} {label:?}: {module} is not enabled on this host")]
    ModuleMissing {
        /// AppArmor or SELinux
        module: &'static str,
        /// profile or label
        what: &'static str,
        /// As asked.
        label: String,
    },
}

impl Fault for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::UnknownCapability { .. }
            | Self::LimitOrder { .. }
            | Self::Profile { .. }
            | Self::ProfileSyntax(_)
            | Self::FilterTooLong { .. } => Kind::Invalid,
            Self::LimitTooHigh { .. } => Kind::Denied,
            Self::File { source, .. } => kind_of_io(source),
            Self::ModuleMissing { .. } => Kind::Unsupported,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::LimitTooHigh { now, .. } => Some(format!(
                "raising it needs CAP_SYS_RESOURCE, which hull does not hold here; ask for {now} or less"
            )),
            Self::UnknownCapability { .. } => {
                Some("names are those of capabilities(7), such as NET_ADMIN".to_owned())
            }
            Self::ModuleMissing { .. } => Some("leave the label out on this host".to_owned()),
            _ => None,
        }
    }
}
