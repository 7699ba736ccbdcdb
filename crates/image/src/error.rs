//! What can go wrong in the store.
//!
//! Leaves wording for HTTP clients to `api`. Invariant: nothing here imports a sibling; where a
//! fault lies inside an archive, [`Error::Member`] names the member.

use std::path::PathBuf;

use hull_error::{Fault, Kind, kind_of_io};
use hull_oci::Digest;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The ledger's.
    #[error(transparent)]
    Ledger(#[from] hull_state::Error),
    /// An operation on a file of the store, or on one the user named.
    #[error("cannot {step} {}", path.display())]
    File {
        /// `create`, `read`, `rename` …
        step: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Reading the stream the user gave.
    #[error("cannot read {what}")]
    Read {
        /// `the archive`, `the layer` …
        what: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Writing the stream the user gave.
    #[error("cannot write {what}")]
    Write {
        /// `the archive`.
        what: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Something is wrong with one member of an archive.
    #[error("cannot {step} {member}")]
    Member {
        /// `unpack`, `read` …
        step: &'static str,
        /// The member's name, shortened when it is absurd.
        member: String,
        /// Why.
        #[source]
        source: Box<Error>,
    },
    /// A system call of the extractor.
    #[error("cannot {call}")]
    Call {
        /// What was attempted.
        call: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A tar stream that breaks its format.
    #[error("malformed tar: {problem}")]
    Tar {
        /// What is wrong.
        problem: String,
    },
    /// A member that would act outside the directory it is unpacked into.
    #[error("unsafe path {path:?}: {problem}")]
    Unsafe {
        /// The path or link target.
        path: String,
        /// Which rule it breaks.
        problem: &'static str,
    },
    /// More than any honest archive has, or than this disk can hold.
    #[error("{what} exceeds the limit of {limit}")]
    Limit {
        /// What is too much.
        what: String,
        /// How much is accepted.
        limit: u64,
    },
    /// The bytes are not those named.
    #[error("{what} is corrupt: expected digest {expected}, got {found}")]
    DigestMismatch {
        /// Which bytes.
        what: String,
        /// As named.
        expected: Digest,
        /// As computed.
        found: Digest,
    },
    /// More or fewer bytes than named.
    #[error("{what} is corrupt: expected {expected} bytes, got {found}")]
    SizeMismatch {
        /// Which bytes.
        what: String,
        /// As named.
        expected: u64,
        /// As counted.
        found: u64,
    },
    /// A malformed reference, digest or platform from the user, in docker's words.
    #[error(transparent)]
    Word(hull_oci::Error),
    /// A malformed document.
    #[error("cannot read {what}")]
    Document {
        /// Which document.
        what: String,
        /// Why.
        #[source]
        source: hull_oci::Error,
    },
    /// A JSON document of an archive format.
    #[error("cannot parse {what}")]
    Json {
        /// Which document.
        what: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The archive is of no kind we know.
    #[error("{what} is no image archive: {problem}")]
    NotAnArchive {
        /// Which file.
        what: String,
        /// What is missing.
        problem: String,
    },
    /// The archive's documents contradict each other.
    #[error("invalid image archive: {problem}")]
    Archive {
        /// What is wrong.
        problem: String,
    },
    /// A compression we do not read.
    #[error("cannot decompress {what}: {algorithm} is not supported")]
    Compression {
        /// Which bytes.
        what: String,
        /// Which algorithm.
        algorithm: &'static str,
    },
    /// Nothing by that name or id.
    #[error("no such image: {name}")]
    NoSuchImage {
        /// As shown to people.
        name: String,
    },
    /// The image, but not for this platform.
    #[error("image {name} does not provide the platform {wanted} (it has: {})", has.join(", "))]
    NoSuchPlatform {
        /// The image.
        name: String,
        /// Asked for.
        wanted: String,
        /// Provided.
        has: Vec<String>,
    },
    /// The last name of an image a container uses.
    #[error(
        "conflict: unable to remove repository reference {name:?} (must force) - container \
         {container} is using its referenced image {image}"
    )]
    NameInUse {
        /// The name as given.
        name: String,
        /// Short id of the container.
        container: String,
        /// Its name.
        container_name: String,
        /// Short id of the image.
        image: String,
    },
    /// An image that cannot be deleted now.
    #[error("conflict: unable to delete {image} ({force}) - {reason}")]
    ImageInUse {
        /// Short id of the image.
        image: String,
        /// `must be forced` or `cannot be forced`.
        force: &'static str,
        /// By whom.
        reason: String,
        /// The name of the container, if it is one.
        container_name: Option<String>,
    },
    /// More layers than overlayfs stacks.
    #[error("image {image} has {layers} layers; the kernel stacks at most {limit}")]
    TooManyLayers {
        /// The image.
        image: String,
        /// Its layers.
        layers: usize,
        /// The limit.
        limit: usize,
    },
    /// A data root that overlay options cannot express.
    #[error("the data root {} contains {character:?}, which overlay mounts cannot express", path.display())]
    RootPath {
        /// The root.
        path: PathBuf,
        /// The offender.
        character: char,
    },
    /// The ledger names a snapshot the disk does not have.
    #[error("layer {layer} of the image is missing from {}", path.display())]
    LayerMissing {
        /// Its diff id.
        layer: Digest,
        /// Where it should be.
        path: PathBuf,
    },
    /// A `-c` instruction of import.
    #[error("invalid change {text:?}: {problem}")]
    Change {
        /// As given.
        text: String,
        /// Which rule it breaks.
        problem: String,
    },
    /// A worker thread could not be started, or died.
    #[error("cannot run a worker thread")]
    Worker,
}

impl Error {
    /// The same error, said of a member of an archive.
    pub(crate) fn in_member(self, step: &'static str, member: &str) -> Self {
        Self::Member {
            step,
            member: clip(member),
            source: Box::new(self),
        }
    }
}

/// Hostile names may be long.
pub(crate) fn clip(name: &str) -> String {
    if name.chars().count() <= 240 {
        return name.to_owned();
    }
    let mut short: String = name.chars().take(240).collect();
    short.push('…');
    short
}

impl Fault for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::Ledger(e) => e.kind(),
            Self::File { source, .. }
            | Self::Read { source, .. }
            | Self::Write { source, .. }
            | Self::Call { source, .. } => kind_of_io(source),
            Self::Member { source, .. } => source.kind(),
            Self::Tar { .. }
            | Self::Unsafe { .. }
            | Self::Limit { .. }
            | Self::DigestMismatch { .. }
            | Self::SizeMismatch { .. }
            | Self::Word(_)
            | Self::Document { .. }
            | Self::Json { .. }
            | Self::NotAnArchive { .. }
            | Self::Archive { .. }
            | Self::Change { .. } => Kind::Invalid,
            Self::Compression { .. } | Self::TooManyLayers { .. } | Self::RootPath { .. } => {
                Kind::Unsupported
            }
            Self::NoSuchImage { .. } | Self::NoSuchPlatform { .. } => Kind::NotFound,
            Self::NameInUse { .. } | Self::ImageInUse { .. } => Kind::Conflict,
            Self::LayerMissing { .. } | Self::Worker => Kind::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        let io = |source: &std::io::Error| {
            use std::io::ErrorKind as E;
            match source.kind() {
                E::StorageFull | E::QuotaExceeded => {
                    Some("free some space, or remove unused images with `hull image prune`".into())
                }
                E::ReadOnlyFilesystem => {
                    Some("--root must be on a file system mounted read-write".into())
                }
                _ => None,
            }
        };
        match self {
            Self::Ledger(e) => e.hint(),
            Self::Member { source, .. } => source.hint(),
            Self::File { source, .. } | Self::Call { source, .. } | Self::Write { source, .. } => {
                io(source)
            }
            Self::Compression { .. } => {
                Some("decompress it first; plain, gzip and zstd are read".into())
            }
            Self::NameInUse { container_name, .. }
            | Self::ImageInUse {
                container_name: Some(container_name),
                ..
            } => Some(format!("remove container {container_name} first")),
            Self::LayerMissing { .. } => Some("remove the image and load it again".into()),
            Self::RootPath { .. } => Some("choose a --root without ':', ',' and '\\'".into()),
            Self::NotAnArchive { .. } => Some(
                "`hull load` reads docker archives and OCI layouts; `hull import` reads a plain \
                 root file system"
                    .into(),
            ),
            _ => None,
        }
    }
}

/// Result of the store.
pub type Result<T> = std::result::Result<T, Error>;
