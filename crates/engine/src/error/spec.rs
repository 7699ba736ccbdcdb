//! [`SpecError`]: a wish that makes no sense, or that this host cannot fulfil.
//!
//! Invariant: where docker has words for it, they are docker's.

use std::io;

use hull_error::{Fault, Kind};
use thiserror::Error;

/// A wish that cannot become a runtime spec.
#[derive(Debug, Error)]
pub enum SpecError {
    /// Neither the user nor the image says what to run.
    #[error("no command specified")]
    NoCommand,
    /// A working directory that does not begin at the root.
    #[error("the working directory '{path}' is invalid, it needs to be an absolute path")]
    WorkingDir {
        /// As typed.
        path: String,
    },
    /// A name without an entry.
    #[error("unable to find {what} {name}: no matching entries in {file} file")]
    NoSuchUser {
        /// `user` or `group`.
        what: &'static str,
        /// As typed.
        name: String,
        /// `passwd` or `group`.
        file: &'static str,
    },
    /// A supplementary group without an entry.
    #[error("Unable to find group {name}")]
    NoSuchGroup {
        /// As typed.
        name: String,
    },
    /// A number no user can have.
    #[error("uids and gids must be in range 0-2147483647")]
    IdRange,
    /// A limit or option that contradicts itself or another; docker's words.
    #[error("{0}")]
    Invalid(Box<str>),
    /// A `--security-opt` nobody knows.
    #[error("invalid --security-opt: \"{option}\"")]
    SecurityOption {
        /// As typed.
        option: String,
    },
    /// A seccomp profile that is no profile.
    #[error("Decoding seccomp profile failed")]
    SeccompProfile {
        /// Why.
        #[source]
        source: hull_runtime::security::Error,
    },
    /// A capability nobody knows.
    #[error("invalid capability set")]
    Capability {
        /// Why.
        #[source]
        source: hull_runtime::security::Error,
    },
    /// A kernel parameter that is not the container's own.
    #[error("sysctl \"{name}\" is not allowed{why}")]
    Sysctl {
        /// Its name.
        name: String,
        /// In which mode it would be the host's.
        why: &'static str,
    },
    /// A device that is not there.
    #[error("error gathering device information while adding custom device \"{path}\"")]
    Device {
        /// Path on the host.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A bind source that is not there.
    #[error("invalid mount config for type \"bind\": bind source path does not exist: {path}")]
    BindSource {
        /// Path on the host.
        path: String,
    },
    /// Two mounts on one path.
    #[error("Duplicate mount point: {path}")]
    DuplicateMount {
        /// Path in the container.
        path: String,
    },
    /// A CDI device without a specification.
    #[error(
        "could not select device driver: CDI device injection failed: unresolvable CDI devices {name}"
    )]
    NoSuchCdiDevice {
        /// Its qualified name.
        name: String,
    },
    /// A CDI specification that is broken.
    #[error("cannot read CDI specification {path}")]
    CdiSpec {
        /// Its file.
        path: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// Something this host lacks.
    #[error("cannot {wish}: {lack}")]
    Unsupported {
        /// What was asked for.
        wish: &'static str,
        /// What is missing.
        lack: &'static str,
    },
    /// A container whose namespace is to be shared does not run.
    #[error("cannot join {namespace} namespace of a non running container: {id}")]
    JoinStopped {
        /// Which namespace.
        namespace: &'static str,
        /// Its id.
        id: String,
    },
}

impl SpecError {
    /// A contradiction in docker's words.
    pub fn invalid(text: impl Into<String>) -> Self {
        Self::Invalid(text.into().into_boxed_str())
    }
}

impl Fault for SpecError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unsupported { .. } => Kind::Unsupported,
            Self::JoinStopped { .. } => Kind::Conflict,
            Self::NoSuchCdiDevice { .. } => Kind::NotFound,
            _ => Kind::Invalid,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::BindSource { .. } => {
                Some("make that directory, or use -v, which makes it for you".into())
            }
            Self::NoSuchCdiDevice { .. } => Some(
                "CDI specifications are read from /etc/cdi and /var/run/cdi; for NVIDIA, \
                 `nvidia-ctk cdi generate --format=json` writes one"
                    .into(),
            ),
            _ => None,
        }
    }
}
