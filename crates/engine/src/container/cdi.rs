//! Container Device Interface: devices by qualified name, from JSON specifications of the host.
//!
//! Leaves `--gpus` words to `model::grammar`. Invariant: a name without a specification is an error;
//! nothing is guessed about a vendor's devices.

use std::fs;
use std::path::{Path, PathBuf};

use hull_model::container::device::CdiDevice;
use hull_oci::runtime_spec::{Hook, Hooks};
use serde_json::Value;

use crate::container::gather;
use crate::container::spec::input::{BindMount, CdiEdits, DeviceNode};
use crate::error::SpecError;

/// Where specifications lie; later directories win.
const DIRECTORIES: &[&str] = &["/etc/cdi", "/var/run/cdi"];

/// What the devices `wishes` add to a container.
pub fn edits(wishes: &[CdiDevice]) -> Result<CdiEdits, SpecError> {
    let mut edits = CdiEdits::default();
    if wishes.is_empty() {
        return Ok(edits);
    }
    let specs = read(DIRECTORIES)?;
    for wish in wishes {
        let missing = || SpecError::NoSuchCdiDevice {
            name: wish.name.clone(),
        };
        let (kind, name) = wish.name.split_once('=').ok_or_else(missing)?;
        let spec = specs
            .iter()
            .rev()
            .find(|spec| text(spec, "kind") == kind && device(spec, name).is_some());
        let spec = spec.ok_or_else(missing)?;
        add(spec.get("containerEdits"), &mut edits)?;
        add(
            device(spec, name).and_then(|device| device.get("containerEdits")),
            &mut edits,
        )?;
    }
    Ok(edits)
}

fn device<'a>(spec: &'a Value, name: &str) -> Option<&'a Value> {
    list(spec.get("devices")).find(|device| text(device, "name") == name)
}

fn read(directories: &[&str]) -> Result<Vec<Value>, SpecError> {
    let mut specs = Vec::new();
    for directory in directories {
        let Ok(entries) = fs::read_dir(directory) else {
            continue;
        };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths
            .iter()
            .filter(|path| path.extension().is_some_and(|e| e == "json"))
        {
            let shown = path.display().to_string();
            let text = fs::read_to_string(path).unwrap_or_default();
            let spec = serde_json::from_str(&text);
            specs.push(spec.map_err(|source| SpecError::CdiSpec {
                path: shown,
                source,
            })?);
        }
    }
    Ok(specs)
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn words(value: Option<&Value>) -> Vec<String> {
    list(value)
        .filter_map(Value::as_str)
        .map(Into::into)
        .collect()
}

fn add(changes: Option<&Value>, edits: &mut CdiEdits) -> Result<(), SpecError> {
    let Some(changes) = changes else {
        return Ok(());
    };
    edits.env.extend(words(changes.get("env")));
    for node in list(changes.get("deviceNodes")) {
        edits.devices.push(device_node(node)?);
    }
    for mount in list(changes.get("mounts")) {
        let mut options = words(mount.get("options"));
        if !options
            .iter()
            .any(|option| option == "bind" || option == "rbind")
        {
            options.push("rbind".into());
        }
        edits.mounts.push(BindMount {
            source: text(mount, "hostPath").to_owned(),
            target: text(mount, "containerPath").to_owned(),
            options,
        });
    }
    for hook in list(changes.get("hooks")) {
        add_hook(hook, &mut edits.hooks);
    }
    let gids = list(changes.get("additionalGids")).filter_map(Value::as_u64);
    edits
        .gids
        .extend(gids.filter_map(|gid| u32::try_from(gid).ok()));
    Ok(())
}

fn device_node(node: &Value) -> Result<DeviceNode, SpecError> {
    let inside = text(node, "path");
    let outside = Some(text(node, "hostPath"))
        .filter(|path| !path.is_empty())
        .unwrap_or(inside);
    let permissions = Some(text(node, "permissions"))
        .filter(|p| !p.is_empty())
        .unwrap_or("rwm");
    let failed = |source| SpecError::Device {
        path: outside.to_owned(),
        source,
    };
    let meta = fs::metadata(Path::new(outside)).map_err(failed)?;
    let other = || std::io::Error::new(std::io::ErrorKind::InvalidInput, "not a device node");
    gather::node(&meta, inside, permissions).ok_or_else(|| failed(other()))
}

fn add_hook(hook: &Value, hooks: &mut Hooks) {
    let made = Hook {
        path: text(hook, "path").to_owned(),
        args: words(hook.get("args")),
        env: words(hook.get("env")),
        timeout: hook.get("timeout").and_then(Value::as_i64),
    };
    match text(hook, "hookName") {
        "prestart" => hooks.prestart.push(made),
        "createRuntime" => hooks.create_runtime.push(made),
        "createContainer" => hooks.create_container.push(made),
        "startContainer" => hooks.start_container.push(made),
        "poststart" => hooks.poststart.push(made),
        "poststop" => hooks.poststop.push(made),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_specification_adds_what_it_says() {
        let json = r#"{"env":["A=1"],"deviceNodes":[{"path":"/dev/x","hostPath":"/dev/null"}],
            "mounts":[{"hostPath":"/lib","containerPath":"/l","options":["ro"]}],
            "hooks":[{"hookName":"createContainer","path":"/bin/h","args":["h"]}]}"#;
        let changes: Value = serde_json::from_str(json).unwrap();
        let mut edits = CdiEdits::default();
        add(Some(&changes), &mut edits).unwrap();
        assert_eq!(edits.env, ["A=1"]);
        assert_eq!(
            (edits.devices[0].path.as_str(), edits.devices[0].major),
            ("/dev/x", 1)
        );
        assert_eq!(edits.mounts[0].options, ["ro", "rbind"]);
        assert_eq!(edits.hooks.create_container[0].path, "/bin/h");
    }

    #[test]
    fn an_unknown_device_is_an_error() {
        let wish = CdiDevice {
            name: "example.invalid/none=all".into(),
        };
        let text = edits(&[wish]).unwrap_err().to_string();
        assert!(
            text.contains("unresolvable CDI devices example.invalid/none=all"),
            "{text}"
        );
    }
}
