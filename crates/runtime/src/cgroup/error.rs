//! What can go wrong with a container's cgroups.

use std::io;
use std::path::PathBuf;

use hull_error::{Fault, Kind, kind_of_io};

/// An error of cgroups.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The host's cgroup mounts could not be looked at.
    #[error("cannot find the cgroup mounts")]
    Mounts(#[source] io::Error),
    /// A path that is no place for a container.
    #[error("cannot use cgroups path {path:?}: {why}")]
    Path {
        /// As given.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A setting whose controller this host lacks.
    #[error("cannot set {setting}: no {controller} cgroup controller on this host")]
    NoController {
        /// The setting's file.
        setting: String,
        /// The controller.
        controller: String,
    },
    /// A setting whose file the kernel does not have.
    #[error("cannot set {setting}: this kernel has no such cgroup file")]
    NoFile {
        /// The setting's file.
        setting: String,
    },
    /// A setting that only one version of cgroups has.
    #[error("cannot set {setting}: cgroup version {version} has nothing like it")]
    NotInVersion {
        /// The setting as the specification names it.
        setting: &'static str,
        /// 1 or 2
        version: u8,
    },
    /// A value no kernel takes.
    #[error("cannot set {setting} to {value}: {why}")]
    Value {
        /// The setting.
        setting: &'static str,
        /// As given.
        value: String,
        /// What is wrong with it.
        why: String,
    },
    /// A group could not be made.
    #[error("cannot make cgroup {}", path.display())]
    Make {
        /// Its directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A group could not be opened.
    #[error("cannot open cgroup {}", path.display())]
    Open {
        /// Its directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A setting was refused by the kernel.
    #[error("cannot write {value:?} to {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What was written.
        value: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// More memory is in use than the new limit.
    #[error("cannot set memory limit to {limit}: {usage} bytes are in use")]
    MemoryInUse {
        /// As asked.
        limit: i64,
        /// In use now.
        usage: u64,
    },
    /// The device filter could not be put in force.
    #[error("cannot set the device filter of cgroup {}", path.display())]
    DeviceFilter {
        /// Its directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Some process did not freeze, or thaw, in time.
    #[error("cannot {verb} cgroup {}: it did not happen within {seconds} s", path.display())]
    FreezeTimeout {
        /// freeze or thaw
        verb: &'static str,
        /// Its directory.
        path: PathBuf,
        /// How long was waited.
        seconds: u64,
    },
    /// Nothing to freeze with.
    #[error("cannot pause: no freezer cgroup on this host")]
    NoFreezer,
    /// A process could not be moved or signalled.
    #[error("cannot {verb} process {pid}")]
    Process {
        /// move or signal
        verb: &'static str,
        /// The process.
        pid: i32,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A group could not be removed.
    #[error("cannot remove cgroup {}", path.display())]
    Remove {
        /// Its directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The message bus, or systemd behind it, could not be spoken with.
    #[error("cannot {step} over the system bus")]
    Bus {
        /// What was tried.
        step: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// systemd refused.
    #[error("cannot {step} unit {unit}: {answer}")]
    Systemd {
        /// start, change or stop
        step: &'static str,
        /// The unit.
        unit: String,
        /// Its error's name and text.
        answer: String,
    },
}

impl Fault for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::Path { .. } | Self::Value { .. } => Kind::Invalid,
            Self::NoController { .. }
            | Self::NoFile { .. }
            | Self::NotInVersion { .. }
            | Self::NoFreezer => Kind::Unsupported,
            Self::MemoryInUse { .. } => Kind::Conflict,
            Self::FreezeTimeout { .. } | Self::Systemd { .. } => Kind::Unavailable,
            Self::Mounts(source)
            | Self::Make { source, .. }
            | Self::Open { source, .. }
            | Self::Write { source, .. }
            | Self::Read { source, .. }
            | Self::DeviceFilter { source, .. }
            | Self::Process { source, .. }
            | Self::Remove { source, .. }
            | Self::Bus { source, .. } => kind_of_io(source),
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::NoController { .. } => {
                "/proc/cgroups and cgroup.controllers show what this host offers"
            }
            Self::MemoryInUse { .. } => "free memory in the container first, or ask for more",
            Self::Make { source, .. } if source.raw_os_error() == Some(30) => {
                "the cgroup file system is mounted read-only here"
            }
            Self::Bus { .. } => "without systemd use the cgroupfs driver",
            Self::FreezeTimeout { .. } => "a process may hang in the kernel, see its state in ps",
            _ => return None,
        };
        Some(text.to_owned())
    }
}
