//! What can go wrong when containers are made and changed.

use std::io;
use std::path::PathBuf;

use hull_error::{Fault, Kind, kind_of_io};

use crate::failure::{Failure, Step};
use crate::{cgroup, security};

/// A fault of the runtime; each variant names the step and its subject.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// This process or host could not be looked at.
    #[error("cannot look at this host")]
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
    /// The configuration asks for something that makes no sense.
    #[error("cannot use {field}: {why}")]
    Invalid {
        /// The field.
        field: String,
        /// What is wrong with it.
        why: String,
    },
    /// The root file system's directory could not be opened.
    #[error("cannot open root file system {path}", path = path.display())]
    OpenRoot {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The root file system could not be made.
    #[error("cannot mount {kind} as the root file system{}{message}", if message.is_empty() { "" } else { ": " })]
    MountRoot {
        /// Its type.
        kind: String,
        /// What the kernel said about it.
        message: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The source of a bind mount could not be opened.
    #[error("cannot mount {path} at {destination}", path = path.display())]
    OpenSource {
        /// The source.
        path: PathBuf,
        /// Where it should go.
        destination: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A namespace to join could not be opened.
    #[error("cannot open namespace {path}", path = path.display())]
    OpenNamespace {
        /// Its file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The kernel is too old.
    #[error("cannot make {what}: the kernel is older than {since} or forbids it")]
    OldKernel {
        /// What was asked for.
        what: &'static str,
        /// The version that brought it.
        since: &'static str,
    },
    /// A user namespace for idmapped mounts could not be made.
    #[error("cannot make a user namespace for an idmapped mount")]
    IdMapped(#[source] io::Error),
    /// A user namespace's map was not taken.
    #[error("cannot write {file}")]
    WriteMap {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The helper that writes maps could not be started.
    #[error("cannot run {helper}")]
    MapHelper {
        /// The program.
        helper: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The helper that writes maps said no.
    #[error("cannot write id maps: {helper} said: {said}")]
    MapRefused {
        /// The program.
        helper: &'static str,
        /// Its words.
        said: String,
    },
    /// The cgroups could not be made or changed.
    #[error(transparent)]
    Cgroup(#[from] cgroup::Error),
    /// Capabilities, limits or filters could not be worked out.
    #[error(transparent)]
    Security(#[from] security::Error),
    /// No process could be made.
    #[error("cannot make a process")]
    Clone(#[source] io::Error),
    /// A namespace could not be entered on the child's behalf.
    #[error("cannot enter namespace {what}")]
    Enter {
        /// Its file or process.
        what: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A step between clone and exec failed.
    #[error("{text}")]
    Init {
        /// The step and its subject.
        text: String,
        /// The step is the search for or the execution of the program.
        is_program: bool,
        /// Why, when the kernel said.
        #[source]
        source: Option<io::Error>,
    },
    /// The child could not be spoken with.
    #[error("cannot speak with the container's first process")]
    Dialogue(#[source] io::Error),
    /// The child ended in silence.
    #[error("cannot initialise the container: its first process ended with {how}")]
    ChildLost {
        /// How it ended.
        how: String,
    },
    /// A hook could not be run.
    #[error("cannot run hook {kind} {path}")]
    Hook {
        /// Its point of life.
        kind: &'static str,
        /// The program.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A hook said no.
    #[error("cannot run hook {kind} {path}: it ended with {how}{}{said}", if said.is_empty() { "" } else { ": " })]
    HookFailed {
        /// Its point of life.
        kind: &'static str,
        /// The program.
        path: String,
        /// How it ended.
        how: String,
        /// What it wrote to its standard error.
        said: String,
    },
    /// A hook took too long.
    #[error("cannot run hook {kind} {path}: it did not end within {seconds} s")]
    HookTimeout {
        /// Its point of life.
        kind: &'static str,
        /// The program.
        path: String,
        /// The limit.
        seconds: u64,
    },
    /// A state document could not be written down.
    #[error("cannot write the state document")]
    WriteState(#[source] serde_json::Error),
    /// A file of a container's state could not be used.
    #[error("cannot {verb} {path}", path = path.display())]
    State {
        /// What was tried.
        verb: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file of a container's state is damaged.
    #[error("cannot parse {path}", path = path.display())]
    DamagedState {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The agent that supervises system calls could not be reached.
    #[error("cannot pass system calls to the agent at {path}")]
    Agent {
        /// Its socket.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The terminal was never handed over.
    #[error("cannot get the container's terminal")]
    Terminal(#[source] io::Error),
    /// The id is taken.
    #[error("cannot create container {id}: the id is in use")]
    Exists {
        /// The id.
        id: String,
    },
    /// The id is not a name.
    #[error("cannot use container id {id:?}: it must consist of letters, digits and _ + - .")]
    BadId {
        /// The id.
        id: String,
    },
    /// There is no such container.
    #[error("cannot find container {id}: it does not exist")]
    NoContainer {
        /// The id.
        id: String,
    },
    /// The container is in another state than the verb needs.
    #[error("cannot {verb} container {id}: it is {status}")]
    WrongStatus {
        /// The verb.
        verb: &'static str,
        /// The id.
        id: String,
        /// Its status.
        status: &'static str,
    },
    /// A signal was not delivered.
    #[error("cannot send signal {signal} to container {id}")]
    Signal {
        /// The signal.
        signal: i32,
        /// The id.
        id: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Our own program could not be protected.
    #[error("cannot seal hull's own program")]
    Seal(#[source] io::Error),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Init {
            text: failure.to_string(),
            is_program: matches!(failure.step, Step::Find | Step::Execute),
            source: failure.cause(),
        }
    }
}

impl Fault for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::Host(source)
            | Self::OpenBundle { source, .. }
            | Self::ReadConfig { source, .. }
            | Self::OpenRoot { source, .. }
            | Self::MountRoot { source, .. }
            | Self::OpenSource { source, .. }
            | Self::OpenNamespace { source, .. }
            | Self::IdMapped(source)
            | Self::WriteMap { source, .. }
            | Self::MapHelper { source, .. }
            | Self::Clone(source)
            | Self::Enter { source, .. }
            | Self::Init {
                source: Some(source),
                ..
            }
            | Self::Dialogue(source)
            | Self::Hook { source, .. }
            | Self::State { source, .. }
            | Self::Agent { source, .. }
            | Self::Terminal(source)
            | Self::Signal { source, .. }
            | Self::Seal(source) => kind_of_io(source),
            Self::Cgroup(error) => error.kind(),
            Self::Security(error) => error.kind(),
            Self::ParseConfig { .. } | Self::Invalid { .. } | Self::BadId { .. } => Kind::Invalid,
            Self::OldKernel { .. } => Kind::Unsupported,
            Self::MapRefused { .. } => Kind::Denied,
            Self::Exists { .. } | Self::WrongStatus { .. } => Kind::Conflict,
            Self::NoContainer { .. } => Kind::NotFound,
            Self::HookTimeout { .. } => Kind::Unavailable,
            Self::Init { .. }
            | Self::ChildLost { .. }
            | Self::HookFailed { .. }
            | Self::WriteState(_)
            | Self::DamagedState { .. } => Kind::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::ReadConfig { source, .. } if source.kind() == io::ErrorKind::NotFound => Some(
                "a bundle is a directory with a config.json; `hull oci spec` writes one".to_owned(),
            ),
            Self::Cgroup(error) => error.hint(),
            Self::Security(error) => error.hint(),
            Self::MapHelper { .. } => Some("the helper comes with the package uidmap".to_owned()),
            Self::MapRefused { .. } => {
                Some("the ids must be granted in /etc/subuid and /etc/subgid".to_owned())
            }
            Self::Clone(source) if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("making namespaces needs root or unprivileged user namespaces".to_owned())
            }
            _ => None,
        }
    }
}
