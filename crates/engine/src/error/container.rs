//! [`ContainerError`]: what a container's name or state forbids, in docker's words.
//!
//! Leaves to `engine::container::status` which state forbids which verb. Invariant: the texts are
//! docker 28's, capitals included; scripts and clients match on them.

use hull_error::{Fault, Kind};
use thiserror::Error;

/// A verb that a container refuses.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ContainerError {
    /// Nothing of that name or id.
    #[error("No such container: {reference}")]
    NotFound {
        /// As typed.
        reference: String,
    },
    /// A prefix of several ids.
    #[error("Multiple IDs found with provided prefix: {prefix}")]
    Ambiguous {
        /// As typed.
        prefix: String,
    },
    /// No exec session of that id.
    #[error("No such exec instance: {id}")]
    NoSuchExec {
        /// As typed.
        id: String,
    },
    /// A name that breaks the rule.
    #[error("Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")]
    InvalidName {
        /// As typed.
        name: String,
    },
    /// A name that another container has.
    #[error(
        "Conflict. The container name \"/{name}\" is already in use by container \"{holder}\". \
         You have to remove (or rename) that container to be able to reuse that name."
    )]
    NameTaken {
        /// The name.
        name: String,
        /// Id of the container that has it.
        holder: String,
    },
    /// `rename` to the name it has.
    #[error("Renaming a container with the same name as its current name")]
    SameName,
    /// `rename` with an empty name.
    #[error("Neither old nor new names may be empty")]
    EmptyName,
    /// A verb that needs a running container.
    #[error("container {id} is not running")]
    NotRunning {
        /// Full id.
        id: String,
    },
    /// `kill` of a container that does not run.
    #[error("cannot kill container: {reference}: container {id} is not running")]
    KillNotRunning {
        /// As typed.
        reference: String,
        /// Full id.
        id: String,
    },
    /// A verb that has to wait for the restart.
    #[error("Container {id} is restarting, wait until the container is running")]
    Restarting {
        /// Full id.
        id: String,
    },
    /// `exec` in a frozen container.
    #[error("Container {id} is paused, unpause the container before exec")]
    ExecPaused {
        /// Full id.
        id: String,
    },
    /// `pause` twice.
    #[error("Container {id} is already paused")]
    AlreadyPaused {
        /// Full id.
        id: String,
    },
    /// `unpause` of what is not frozen.
    #[error("Container {id} is not paused")]
    NotPaused {
        /// Full id.
        id: String,
    },
    /// `start` of a frozen container.
    #[error("cannot start a paused container, try unpause instead")]
    StartPaused,
    /// `start` of a container that is being removed.
    #[error("container is marked for removal and cannot be started")]
    StartRemoving,
    /// `attach` to what does not run.
    #[error("You cannot attach to a stopped container, start it first")]
    AttachStopped,
    /// `attach` to what is frozen.
    #[error("You cannot attach to a paused container, unpause it first")]
    AttachPaused,
    /// `attach` to what is about to be started again.
    #[error("You cannot attach to a restarting container, wait until it is running")]
    AttachRestarting,
    /// `rm` without force.
    #[error("cannot remove container \"/{name}\": container is {state}: {advice}")]
    RemoveRunning {
        /// Its name.
        name: String,
        /// `running`, `paused` or `restarting`.
        state: &'static str,
        /// What to do first.
        advice: &'static str,
    },
    /// Somebody else is removing it.
    #[error("removal of container {name} is already in progress")]
    RemovalInProgress {
        /// As typed.
        name: String,
    },
    /// A signal name or number that does not exist.
    #[error("Invalid signal: {signal}")]
    InvalidSignal {
        /// As typed.
        signal: String,
    },
    /// `logs` of a container whose log driver keeps nothing.
    #[error("configured logging driver does not support reading")]
    LogsUnreadable,
    /// The signals did not end it.
    #[error("tried to kill container {id}, but did not receive an exit event")]
    WouldNotDie {
        /// Full id.
        id: String,
    },
}

impl Fault for ContainerError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound { .. } | Self::NoSuchExec { .. } => Kind::NotFound,
            Self::Ambiguous { .. }
            | Self::InvalidName { .. }
            | Self::SameName
            | Self::EmptyName
            | Self::InvalidSignal { .. } => Kind::Invalid,
            Self::LogsUnreadable => Kind::Unsupported,
            Self::WouldNotDie { .. } => Kind::Internal,
            _ => Kind::Conflict,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound { .. } => Some("`hull ps -a` lists every container".into()),
            Self::Ambiguous { .. } => Some("give more digits of the id, or the name".into()),
            _ => None,
        }
    }
}
