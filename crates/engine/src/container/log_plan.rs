//! `--log-driver` and `--log-opt`, from what was typed to what the monitor does.
//!
//! Leaves writing and rotating to `monitor::log`. Invariant: an option that would have no effect is
//! refused, not ignored.

use std::collections::BTreeMap;

use hull_model::container::config::ContainerConfig;
use hull_model::size;
use hull_monitor::protocol::LogPlan;

use crate::container::effective::Effective;
use crate::error::SpecError;
use crate::paths::Paths;
use hull_model::id::{ContainerId, ContainerName};

const KNOWN: &[&str] = &[
    "max-size",
    "max-file",
    "compress",
    "labels",
    "labels-regex",
    "env",
    "env-regex",
    "tag",
    "mode",
    "max-buffer-size",
];

/// What a log plan is made of.
#[derive(Debug, Clone, Copy)]
pub struct Logged<'a> {
    /// Id of the container.
    pub id: &'a ContainerId,
    /// Its name.
    pub name: &'a ContainerName,
    /// The wish.
    pub config: &'a ContainerConfig,
    /// The wish laid over the image.
    pub effective: &'a Effective,
}

/// Checks the options of `config`; the plan for the monitor.
pub fn plan(logged: &Logged<'_>, paths: &Paths) -> Result<LogPlan, SpecError> {
    let log = &logged.config.log;
    match log.driver.as_str() {
        "none" => return Ok(LogPlan::None),
        "" | "json-file" => {}
        driver => {
            return Err(SpecError::invalid(format!(
                "logger: no log driver named '{driver}' is registered"
            )));
        }
    }
    if let Some(unknown) = log
        .options
        .keys()
        .find(|key| !KNOWN.contains(&key.as_str()))
    {
        return Err(SpecError::invalid(format!(
            "unknown log opt '{unknown}' for json-file log driver"
        )));
    }
    let option = |key: &str| log.options.get(key).map(String::as_str);
    let max_size = match option("max-size") {
        None | Some("-1") => None,
        Some(text) => Some(bytes(text)?),
    };
    let max_file = match option("max-file") {
        None => 1,
        Some(text) => text
            .parse()
            .ok()
            .filter(|files| *files >= 1)
            .ok_or_else(|| {
                SpecError::invalid(format!("max-file cannot be less than 1: '{text}'"))
            })?,
    };
    let compress = match option("compress") {
        None | Some("false") => false,
        Some("true") => true,
        Some(text) => {
            return Err(SpecError::invalid(format!(
                "invalid value '{text}' for compress"
            )));
        }
    };
    if compress && (max_file == 1 || max_size.is_none()) {
        return Err(SpecError::invalid(
            "compress cannot be true when max-file is less than 2 or max-size is not set",
        ));
    }
    let attrs = attributes(logged);
    Ok(LogPlan::JsonFile {
        path: paths.log(logged.id),
        max_size,
        max_file,
        compress,
        attrs,
    })
}

fn bytes(text: &str) -> Result<u64, SpecError> {
    let parsed = size::parse_bytes(text).ok().filter(|bytes| *bytes > 0);
    parsed.ok_or_else(|| SpecError::invalid(format!("invalid value '{text}' for max-size")))
}

/// Labels and variables named by the options, and the tag.
fn attributes(logged: &Logged<'_>) -> BTreeMap<String, String> {
    let option = |key: &str| logged.config.log.options.get(key);
    let list = |key: &str| option(key).into_iter().flat_map(|text| text.split(','));
    let mut attrs = BTreeMap::new();
    for label in list("labels") {
        if let Some(value) = logged.effective.labels.get(label) {
            attrs.insert(label.to_owned(), value.clone());
        }
    }
    for name in list("env") {
        let entry = logged
            .effective
            .env
            .iter()
            .find_map(|entry| entry.split_once('=').filter(|(known, _)| *known == name));
        if let Some((_, value)) = entry {
            attrs.insert(name.to_owned(), value.to_owned());
        }
    }
    if let Some(tag) = option("tag") {
        let tag = tag
            .replace("{{.ID}}", logged.id.short())
            .replace("{{.FullID}}", logged.id.as_str())
            .replace("{{.Name}}", logged.name.as_str())
            .replace("{{.ImageName}}", &logged.config.image);
        attrs.insert("tag".into(), tag);
    }
    attrs
}
