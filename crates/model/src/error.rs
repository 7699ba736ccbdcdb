//! What can be wrong with a word a user typed.
//!
//! Leaves to the reader which flag or file the word came from. Invariant: the texts are those
//! docker's users and scripts know, so they name the word, not our types.

use hull_error::{Fault, Kind};

/// A word that does not follow its grammar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not a size such as `512m`.
    #[error("invalid size: '{0}'")]
    Size(String),
    /// A size with an unknown unit.
    #[error("invalid suffix: '{0}'")]
    SizeSuffix(String),
    /// Not a duration such as `1m30s`.
    #[error("time: {why} {word:?}")]
    Duration {
        /// What is wrong.
        why: String,
        /// The whole word.
        word: String,
    },
    /// Not a moment such as `2026-01-02T15:04:05Z`, `1700000000` or `10m`.
    #[error("cannot parse time {0:?}")]
    Moment(String),
    /// Not a number of CPUs.
    #[error("failed to parse {0} as a rational number")]
    Cpus(String),
    /// More than nine decimals of a CPU.
    #[error("value is too precise")]
    CpusTooPrecise,
    /// A number that is none, or is out of range.
    #[error("strconv.{function}: parsing {word:?}: {why}")]
    Number {
        /// The function docker's users see named.
        function: &'static str,
        /// The word.
        word: String,
        /// `invalid syntax` or `value out of range`.
        why: &'static str,
    },
    /// Not `name=soft[:hard]`.
    #[error("invalid ulimit argument: {0}")]
    Ulimit(String),
    /// No such resource limit.
    #[error("invalid ulimit type: {0}")]
    UlimitName(String),
    /// More than two values.
    #[error("too many limit value arguments - {0}, can only have up to two, `soft[:hard]`")]
    UlimitValues(String),
    /// The soft limit is above the hard one.
    #[error("ulimit soft limit must be less than or equal to hard limit: {0}")]
    UlimitOrder(String),
    /// Not a restart policy.
    #[error("invalid restart policy{0}")]
    Restart(String),
    /// Not `device:value`.
    #[error("bad format: {0}")]
    DeviceValue(String),
    /// Not below /dev.
    #[error("bad format for device path: {0}")]
    DeviceValuePath(String),
    /// Not a rate.
    #[error("invalid rate for device: {word}. The correct format is {format}")]
    DeviceRate {
        /// The word.
        word: String,
        /// What is expected.
        format: &'static str,
    },
    /// Not a weight.
    #[error("invalid weight for device: {0}")]
    DeviceWeight(String),
    /// Not `host[:container[:rwm]]`.
    #[error("bad format for path: {0}")]
    DevicePath(String),
    /// Not a device cgroup rule.
    #[error("invalid device cgroup format '{0}'")]
    DeviceRule(String),
    /// A request for GPUs that cannot be read.
    #[error("{0}")]
    Gpus(String),
    /// Not `[source:]target[:mode]`.
    #[error("invalid volume specification: '{0}'")]
    Volume(String),
    /// A word after the second colon that is no mode.
    #[error("invalid mode: {0}")]
    VolumeMode(String),
    /// A relative target.
    #[error("invalid mount path: '{0}' mount path must be absolute")]
    MountPath(String),
    /// A name no volume may have.
    #[error(
        "{0:?} includes invalid characters for a local volume name, only \
         \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, \
         use absolute path"
    )]
    VolumeName(String),
    /// A field of `--mount` that cannot be read; the text says which and why.
    #[error("{0}")]
    MountField(String),
    /// A mode of a namespace that does not exist; the text is docker's.
    #[error("{0}")]
    Mode(String),
    /// A variable without a name.
    #[error("invalid environment variable: {0}")]
    Env(String),
    /// A label without a name.
    #[error("invalid label '{0}': empty name")]
    Label(String),
    /// A sysctl that is not `key=value`, or not of a namespace.
    #[error("sysctl '{0}' is not allowed")]
    Sysctl(String),
    /// A line of a file of variables or labels that cannot be used.
    #[error("{0}")]
    Line(String),
    /// No such signal.
    #[error("invalid signal: {0}")]
    Signal(String),
    /// Not `key=value`.
    #[error("{what} {word:?}: expected key=value")]
    KeyValue {
        /// What was being read.
        what: &'static str,
        /// The word.
        word: String,
    },
    /// A port or range that is none.
    #[error("invalid range format for --expose: {word}, error: {why}")]
    Expose {
        /// The word.
        word: String,
        /// Why.
        why: String,
    },
    /// Not a sequence of detach keys.
    #[error("invalid detach keys ({0}) provided")]
    DetachKeys(String),
}

impl Error {
    /// A number that cannot be parsed, told as docker's users know it.
    pub(crate) fn number(function: &'static str, word: &str, why: &'static str) -> Self {
        Self::Number {
            function,
            word: word.to_owned(),
            why,
        }
    }
}

impl Fault for Error {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}
