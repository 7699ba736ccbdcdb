//! `image inspect`: everything about an image, in docker's shape and key order.

use hull_image::inspect::Inspected;
use hull_model::time::Timestamp;
use hull_oci::image_config::ContainerDefaults;
use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::error::Error;

pub(crate) fn inspect(context: &Context, name: &str) -> Result<Value, Error> {
    let found = hull_image::inspect::inspect(&context.store(), name)?;
    let config = &found.config;
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
    put("Id", json!(found.image.id.to_string()));
    put("RepoTags", json!(found.tags));
    put("RepoDigests", json!(found.digests));
    put(
        "Parent",
        json!(
            found
                .image
                .parent
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default()
        ),
    );
    put("Comment", json!(config.comment.clone().unwrap_or_default()));
    if let Some(created) = &config.created {
        put("Created", json!(created));
    }
    put(
        "DockerVersion",
        json!(config.docker_version.clone().unwrap_or_default()),
    );
    put("Author", json!(config.author.clone().unwrap_or_default()));
    put("Config", defaults(&config.config));
    put("Architecture", json!(config.architecture));
    if let Some(variant) = &config.variant {
        put("Variant", json!(variant));
    }
    put("Os", json!(config.os));
    if let Some(version) = &config.os_version {
        put("OsVersion", json!(version));
    }
    put("Size", json!(found.image.size));
    put("GraphDriver", graph_driver(context, &found));
    let layers: Vec<String> = config
        .rootfs
        .diff_ids
        .iter()
        .map(ToString::to_string)
        .collect();
    put("RootFS", json!({ "Type": "layers", "Layers": layers }));
    let tagged = Timestamp(found.image.tagged).rfc3339();
    put("Metadata", json!({ "LastTagTime": tagged }));
    Ok(Value::Object(map))
}

fn defaults(config: &ContainerDefaults) -> Value {
    let set = |names: &std::collections::BTreeSet<String>| -> Map<String, Value> {
        names.iter().map(|name| (name.clone(), json!({}))).collect()
    };
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
    put("Hostname", json!(config.hostname));
    put("Domainname", json!(config.domainname));
    put("User", json!(config.user));
    for key in ["AttachStdin", "AttachStdout", "AttachStderr"] {
        put(key, json!(false));
    }
    if !config.exposed_ports.is_empty() {
        put("ExposedPorts", Value::Object(set(&config.exposed_ports)));
    }
    for key in ["Tty", "OpenStdin", "StdinOnce"] {
        put(key, json!(false));
    }
    put(
        "Env",
        if config.env.is_empty() {
            Value::Null
        } else {
            json!(config.env)
        },
    );
    put("Cmd", json!(config.cmd));
    if let Some(check) = &config.healthcheck {
        put("Healthcheck", json!(check));
    }
    put("Image", json!(""));
    let volumes = set(&config.volumes);
    put(
        "Volumes",
        if volumes.is_empty() {
            Value::Null
        } else {
            Value::Object(volumes)
        },
    );
    put("WorkingDir", json!(config.working_dir));
    put("Entrypoint", json!(config.entrypoint));
    put(
        "OnBuild",
        if config.on_build.is_empty() {
            Value::Null
        } else {
            json!(config.on_build)
        },
    );
    put(
        "Labels",
        if config.labels.is_empty() {
            Value::Null
        } else {
            json!(config.labels)
        },
    );
    if let Some(signal) = &config.stop_signal {
        put("StopSignal", json!(signal));
    }
    if !config.shell.is_empty() {
        put("Shell", json!(config.shell));
    }
    Value::Object(map)
}

fn graph_driver(context: &Context, found: &Inspected) -> Value {
    let store = context.store();
    let path =
        |snapshot: &str, part: &str| store.snapshot(snapshot).join(part).display().to_string();
    let mut layers = found.layers.iter().rev();
    let upper = layers
        .next()
        .map(|top| path(&top.snapshot, "fs"))
        .unwrap_or_default();
    let lower: Vec<String> = layers.map(|layer| path(&layer.snapshot, "fs")).collect();
    let mut data = Map::new();
    if !lower.is_empty() {
        data.insert("LowerDir".into(), json!(lower.join(":")));
    }
    data.insert("UpperDir".into(), json!(upper));
    json!({ "Data": data, "Name": "overlay2" })
}
