//! `Mounts`: binds, volumes, and what `--mount type=tmpfs` asks for.

use hull_model::container::mount::{Mount, MountKind};
use serde_json::{Value, json};

use crate::container::binds;
use crate::container::inspect::subject::Subject;
use crate::error::Error;

/// Docker's `Mounts`.
pub(super) fn mounts(subject: &Subject<'_>) -> Result<Value, Error> {
    let (context, row) = (subject.context, subject.row);
    let config = row.config.get()?;
    let dir = context.paths.container(&row.id);
    let mut list = Vec::new();
    for mount in &config.mounts {
        match mount.kind {
            MountKind::Bind => list.push(bind(mount)),
            MountKind::Tmpfs if !mount.short_syntax => list.push(tmpfs(mount)),
            _ => {}
        }
    }
    for volume in binds::volumes(&dir, config, subject.effective) {
        list.push(json!({
            "Type": "volume",
            "Name": volume.name,
            "Source": volume.source.display().to_string(),
            "Destination": volume.target,
            "Driver": "local",
            "Mode": "",
            "RW": !volume.read_only,
            "Propagation": "",
        }));
    }
    Ok(Value::Array(list))
}

fn bind(mount: &Mount) -> Value {
    json!({
        "Type": "bind",
        "Source": mount.source,
        "Destination": mount.target,
        "Mode": if mount.short_syntax { mode(mount) } else { String::new() },
        "RW": !mount.read_only,
        "Propagation": mount.propagation.clone().unwrap_or_else(|| "rprivate".into()),
    })
}

fn tmpfs(mount: &Mount) -> Value {
    json!({
        "Type": "tmpfs",
        "Source": "",
        "Destination": mount.target,
        "Mode": "",
        "RW": !mount.read_only,
        "Propagation": "",
    })
}

/// The third part of `-v`.
pub(super) fn mode(mount: &Mount) -> String {
    let mut words = mount.options.clone();
    if mount.read_only && !words.iter().any(|word| word == "ro") {
        words.insert(0, "ro".into());
    }
    if let Some(propagation) = &mount.propagation
        && !words.contains(propagation)
    {
        words.push(propagation.clone());
    }
    words.join(",")
}
