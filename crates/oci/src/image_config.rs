//! [`ImageConfig`]: what an image says about itself (OCI config.md, with docker's extras).
//!
//! Its digest, over the bytes received, is the image's id. Leaves to `engine` how it is merged with
//! a user's wish. Invariant: `null`, absent and empty read the same; unknown fields are ignored here
//! and survive in the stored bytes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize};

use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::manifest::MAX_LAYERS;
use crate::platform::Platform;

/// The largest config we read.
pub const MAX_SIZE: u64 = 8 << 20;

/// An image's configuration document.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImageConfig {
    /// When it was made, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// CPU architecture.
    #[serde(default)]
    pub architecture: String,
    /// CPU variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Operating system.
    #[serde(default)]
    pub os: String,
    /// Version of the operating system.
    #[serde(
        default,
        rename = "os.version",
        skip_serializing_if = "Option::is_none"
    )]
    pub os_version: Option<String>,
    /// Features of the operating system.
    #[serde(
        default,
        rename = "os.features",
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "crate::null_as_default"
    )]
    pub os_features: Vec<String>,
    /// How containers of it are run.
    #[serde(default, deserialize_with = "crate::null_as_default")]
    pub config: ContainerDefaults,
    /// docker: message of `commit` and `import`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// docker: version of the engine that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docker_version: Option<String>,
    /// Its layers by the digest of their plain tar.
    #[serde(default)]
    pub rootfs: RootFs,
    /// How it was made, oldest step first.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "crate::null_as_default"
    )]
    pub history: Vec<History>,
}

/// Layers of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootFs {
    /// Always `layers`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Diff ids, lowest first.
    #[serde(default, deserialize_with = "crate::null_as_default")]
    pub diff_ids: Vec<Digest>,
}

impl Default for RootFs {
    fn default() -> Self {
        Self {
            kind: "layers".into(),
            diff_ids: Vec::new(),
        }
    }
}

/// One step of an image's making.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct History {
    /// When, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// Command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The step made no layer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub empty_layer: bool,
}

/// Defaults for containers of the image; docker's `Config`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ContainerDefaults {
    /// `user[:group]`.
    #[serde(
        skip_serializing_if = "String::is_empty",
        deserialize_with = "crate::null_as_default"
    )]
    pub user: String,
    /// Ports it listens on, `80/tcp`.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", with = "set_as_map")]
    pub exposed_ports: BTreeSet<String>,
    /// `NAME=value`.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "crate::null_as_default"
    )]
    pub env: Vec<String>,
    /// Program run, before `cmd`; `None` when the image says nothing.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "words")]
    pub entrypoint: Option<Vec<String>>,
    /// Program, or arguments of the entrypoint.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "words")]
    pub cmd: Option<Vec<String>>,
    /// Paths that get a volume each.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", with = "set_as_map")]
    pub volumes: BTreeSet<String>,
    /// Directory it starts in.
    #[serde(
        skip_serializing_if = "String::is_empty",
        deserialize_with = "crate::null_as_default"
    )]
    pub working_dir: String,
    /// Labels.
    #[serde(
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "crate::null_as_default"
    )]
    pub labels: BTreeMap<String, String>,
    /// Signal that stops it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<String>,
    /// docker: seconds before SIGKILL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_timeout: Option<i64>,
    /// docker: how to tell whether it is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthcheck: Option<Healthcheck>,
    /// docker: steps run by builds on top of it.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "crate::null_as_default"
    )]
    pub on_build: Vec<String>,
    /// docker: shell of shell-form instructions.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "crate::null_as_default"
    )]
    pub shell: Vec<String>,
    /// docker: the command is already escaped (Windows).
    #[serde(
        skip_serializing_if = "std::ops::Not::not",
        deserialize_with = "crate::null_as_default"
    )]
    pub args_escaped: bool,
    /// docker, old images: host name of the build container.
    #[serde(
        skip_serializing_if = "String::is_empty",
        deserialize_with = "crate::null_as_default"
    )]
    pub hostname: String,
    /// docker, old images.
    #[serde(
        skip_serializing_if = "String::is_empty",
        deserialize_with = "crate::null_as_default"
    )]
    pub domainname: String,
}

/// docker's health check, as images write it; durations in nanoseconds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Healthcheck {
    /// `[]` inherit, `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", …]`.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "crate::null_as_default"
    )]
    pub test: Vec<String>,
    /// Between checks.
    #[serde(
        skip_serializing_if = "is_zero",
        deserialize_with = "crate::null_as_default"
    )]
    pub interval: i64,
    /// For one check.
    #[serde(
        skip_serializing_if = "is_zero",
        deserialize_with = "crate::null_as_default"
    )]
    pub timeout: i64,
    /// During which failures do not count.
    #[serde(
        skip_serializing_if = "is_zero",
        deserialize_with = "crate::null_as_default"
    )]
    pub start_period: i64,
    /// Between checks during the start period.
    #[serde(
        skip_serializing_if = "is_zero",
        deserialize_with = "crate::null_as_default"
    )]
    pub start_interval: i64,
    /// Failures in a row that make it unhealthy.
    #[serde(
        skip_serializing_if = "is_zero",
        deserialize_with = "crate::null_as_default"
    )]
    pub retries: i64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde's skip_serializing_if passes references"
)]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

impl ImageConfig {
    /// Parses and checks the bytes of an image config.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        const KIND: &str = "image config";
        let config: Self = crate::parse_object(KIND, bytes, MAX_SIZE)?;
        let rule = |problem: String| {
            Err(Error::DocumentRule {
                kind: KIND,
                problem,
            })
        };
        if !matches!(config.rootfs.kind.as_str(), "" | "layers") {
            return rule(format!("root file system of type {:?}", config.rootfs.kind));
        }
        let layers = config.rootfs.diff_ids.len();
        if layers > MAX_LAYERS {
            return rule(format!("{layers} layers, at most {MAX_LAYERS}"));
        }
        Ok(config)
    }

    /// What it runs on, in the normal form.
    pub fn platform(&self) -> Platform {
        Platform {
            architecture: self.architecture.clone(),
            os: self.os.clone(),
            variant: self.variant.clone().unwrap_or_default(),
            os_version: self.os_version.clone().unwrap_or_default(),
            os_features: self.os_features.clone(),
        }
        .normalized()
    }
}

/// Old images have a plain string where a list of words belongs.
fn words<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Vec<String>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Words {
        One(String),
        Many(Vec<String>),
    }
    Ok(
        Option::<Words>::deserialize(deserializer)?.map(|words| match words {
            Words::One(word) => vec![word],
            Words::Many(words) => words,
        }),
    )
}

/// Go's way to write a set: `{"80/tcp": {}}`.
mod set_as_map {
    use std::collections::{BTreeMap, BTreeSet};

    use serde::de::IgnoredAny;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        set: &BTreeSet<String>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(set.iter().map(|key| (key, serde_json::json!({}))))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeSet<String>, D::Error> {
        let map = Option::<BTreeMap<String, IgnoredAny>>::deserialize(deserializer)?;
        Ok(map.unwrap_or_default().into_keys().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dockers_nulls() {
        let text = br#"{"architecture":"amd64","os":"linux","created":"2026-11-21T12:30:25Z",
            "config":{"Hostname":"","Env":null,"Cmd":["sh"],"Entrypoint":null,"Volumes":null,
              "ExposedPorts":{"80/tcp":{}},"Labels":null,"OnBuild":null,"User":"1",
              "Healthcheck":{"Test":["CMD","true"],"Interval":5000000000},"Unknown":{"a":[1]}},
            "container_config":{"Cmd":["/bin/sh","-c"]},"docker_version":"20.10",
            "rootfs":{"type":"layers","diff_ids":null},"history":[{"created_by":"x","empty_layer":true}]}"#;
        let c = ImageConfig::parse(text).unwrap();
        assert_eq!(c.config.cmd.as_deref(), Some(&["sh".to_owned()][..]));
        assert_eq!(c.config.entrypoint, None);
        assert!(c.config.exposed_ports.contains("80/tcp"));
        assert_eq!(
            c.config.healthcheck.as_ref().unwrap().interval,
            5_000_000_000
        );
        assert!(c.history[0].empty_layer);
        let again = ImageConfig::parse(&serde_json::to_vec(&c).unwrap()).unwrap();
        assert_eq!(again, c);
    }

    #[test]
    fn a_string_is_one_word() {
        let c = ImageConfig::parse(br#"{"config":{"Cmd":"sh -c x","Entrypoint":[]}}"#).unwrap();
        assert_eq!(c.config.cmd.unwrap(), ["sh -c x"]);
        assert_eq!(c.config.entrypoint.unwrap(), Vec::<String>::new());
        assert_eq!(
            ImageConfig::parse(br#"{"config":null}"#).unwrap(),
            ImageConfig::default()
        );
    }

    #[test]
    fn refuses_nonsense() {
        for text in [
            &b"[]"[..],
            b"{",
            b"\"x\"",
            br#"{"rootfs":{"type":"zfs"}}"#,
            br#"{"config":{"Env":{}}}"#,
        ] {
            assert!(ImageConfig::parse(text).is_err());
        }
        assert!(ImageConfig::parse(&vec![b' '; 9 << 20]).is_err());
    }
}
