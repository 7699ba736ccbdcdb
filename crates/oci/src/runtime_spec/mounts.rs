//! `root` and `mounts`: the file systems a container sees.

use serde::{Deserialize, Serialize};

use super::{IdMapping, lenient};

/// The root file system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// Directory, absolute or relative to the bundle.
    #[serde(default)]
    pub path: String,
    /// Whether the container may not write to it.
    #[serde(
        default,
        deserialize_with = "lenient::null",
        skip_serializing_if = "is_false"
    )]
    pub readonly: bool,
}

fn is_false(value: &bool) -> bool {
    !*value
}

/// One mount.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mount {
    /// Where, absolute inside the container.
    #[serde(default)]
    pub destination: String,
    /// File system type; `bind` or empty for a bind mount.
    #[serde(
        rename = "type",
        default,
        deserialize_with = "lenient::null",
        skip_serializing_if = "String::is_empty"
    )]
    pub kind: String,
    /// Device, directory or name, by type.
    #[serde(
        default,
        deserialize_with = "lenient::null",
        skip_serializing_if = "String::is_empty"
    )]
    pub source: String,
    /// Options as in fstab(5), plus the specification's own.
    #[serde(
        default,
        deserialize_with = "lenient::null",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub options: Vec<String>,
    /// Users of an idmapped mount.
    #[serde(
        default,
        deserialize_with = "lenient::null",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub uid_mappings: Vec<IdMapping>,
    /// Groups of an idmapped mount.
    #[serde(
        default,
        deserialize_with = "lenient::null",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub gid_mappings: Vec<IdMapping>,
}
