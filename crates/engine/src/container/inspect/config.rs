//! `Config`: the wish laid over the image.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::container::inspect::subject::Subject;
use crate::error::Error;

/// Docker's `Config`.
pub(super) fn config(subject: &Subject<'_>) -> Result<Value, Error> {
    let (row, effective) = (subject.row, subject.effective);
    let config = row.config.get()?;
    let hostname = config
        .hostname
        .clone()
        .unwrap_or_else(|| row.id.short().to_owned());
    let set = |names: &std::collections::BTreeSet<String>| -> BTreeMap<String, Value> {
        names.iter().map(|name| (name.clone(), json!({}))).collect()
    };
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
    put("Hostname", json!(hostname));
    put(
        "Domainname",
        json!(config.domainname.clone().unwrap_or_default()),
    );
    put("User", json!(effective.user));
    put("AttachStdin", json!(config.attach_stdin));
    put("AttachStdout", json!(config.attach_stdout));
    put("AttachStderr", json!(config.attach_stderr));
    if !effective.exposed_ports.is_empty() {
        put("ExposedPorts", json!(set(&effective.exposed_ports)));
    }
    put("Tty", json!(config.tty));
    put("OpenStdin", json!(config.open_stdin));
    put("StdinOnce", json!(config.stdin_once));
    put("Env", json!(effective.env));
    put("Cmd", json!(effective.cmd));
    put("Image", json!(config.image));
    let mut volumes = set(&effective.volumes);
    for mount in config.mounts.iter().filter(|mount| is_anonymous(mount)) {
        volumes.insert(mount.target.clone(), json!({}));
    }
    put(
        "Volumes",
        if volumes.is_empty() {
            Value::Null
        } else {
            json!(volumes)
        },
    );
    put("WorkingDir", json!(effective.working_dir));
    put("Entrypoint", json!(effective.entrypoint));
    put("OnBuild", Value::Null);
    put("Labels", json!(effective.labels));
    if let Some(signal) = &effective.stop_signal {
        put("StopSignal", json!(signal));
    }
    if let Some(timeout) = effective.stop_timeout {
        put("StopTimeout", json!(timeout));
    }
    Ok(Value::Object(map))
}

fn is_anonymous(mount: &hull_model::container::mount::Mount) -> bool {
    mount.kind == hull_model::container::mount::MountKind::Volume && mount.source.is_empty()
}
