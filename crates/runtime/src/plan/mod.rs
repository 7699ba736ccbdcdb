//! Everything a child will do between clone and exec, worked out and opened before it exists.
//!
//! `namespaces`, `files` and `program` are its three parts. Leaves to others: doing it (`init`).
//! Invariant: what a plan holds needs no further allocation, and dropping it undoes all that was
//! opened for it.

mod cgroup_mounts;
mod devices;
pub(crate) mod files;
pub(crate) mod mounts;
pub(crate) mod namespaces;
pub(crate) mod options;
pub(crate) mod program;
pub(crate) mod step;
pub(crate) mod text;

use hull_oci::runtime_spec::{Linux, NamespaceType};

use crate::Error;
use files::Files;
use namespaces::Namespaces;
use program::Program;

/// A container's first process, ready to be made.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) namespaces: Namespaces,
    pub(crate) join: crate::cgroup::Join,
    pub(crate) files: Files,
    pub(crate) program: Program,
}

/// An error about a field of the configuration.
pub(crate) fn invalid(field: &str, why: impl Into<String>) -> Error {
    Error::Invalid {
        field: field.to_owned(),
        why: why.into(),
    }
}

/// Whether a namespace of `kind` is made new.
pub(crate) fn makes(linux: &Linux, kind: NamespaceType) -> bool {
    let mut all = linux.namespaces.iter();
    all.any(|one| one.kind == kind && one.path.is_empty())
}

/// Whether a namespace of `kind` is made or joined.
pub(crate) fn has(linux: &Linux, kind: NamespaceType) -> bool {
    linux.namespaces.iter().any(|one| one.kind == kind)
}
