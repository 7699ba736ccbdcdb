//! The document as a whole, and its `State`.

use hull_model::time::Timestamp;
use serde_json::{Map, Value, json};

use crate::container::facts;
use crate::container::find::find;
use crate::container::inspect::subject::Subject;
use crate::container::inspect::{config, host_config, mounts, network};
use crate::container::size;
use crate::container::status::Status;
use crate::container::view::{Images, Life};
use crate::context::Context;
use crate::error::Error;

/// The document of the container `name`.
pub(crate) fn inspect(context: &Context, name: &str, with_size: bool) -> Result<Value, Error> {
    let row = find(context, name)?;
    let observed = facts::observe(context, &row)?;
    let effective = Images::new(context).effective(&row)?;
    let subject = Subject {
        context,
        row: &row,
        effective: &effective,
        observed: &observed,
    };
    let mut document = base(&subject)?;
    if with_size {
        let (own, all) = size::of(context, &row)?;
        document.insert("SizeRw".into(), json!(own));
        document.insert("SizeRootFs".into(), json!(all));
    }
    document.insert("Mounts".into(), mounts::mounts(&subject)?);
    document.insert("Config".into(), config::config(&subject)?);
    document.insert("NetworkSettings".into(), network::network(&subject)?);
    Ok(Value::Object(document))
}

fn base(subject: &Subject<'_>) -> Result<Map<String, Value>, Error> {
    let (context, row) = (subject.context, subject.row);
    let config = row.config.get()?;
    let dir = match config.auto_remove {
        true => context.paths.run(&row.id),
        false => context.paths.container(&row.id),
    };
    let path = |name: &str| dir.join(name).display().to_string();
    let (program, arguments) = match row.command.split_first() {
        Some((program, arguments)) => (program.as_str(), arguments),
        None => ("", [].as_slice()),
    };
    let log = match config.log.driver.as_str() {
        "none" => String::new(),
        _ => context.paths.log(&row.id).display().to_string(),
    };
    let life = Life::of(row, subject.observed);
    let execs = hull_monitor::facts::execs(&context.paths.run(&row.id)).map_err(Error::Monitor)?;
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
    put("Id", json!(row.id.as_str()));
    put("Created", json!(Timestamp(row.created).rfc3339()));
    put("Path", json!(program));
    put("Args", json!(arguments));
    put("State", state(subject, &life));
    put(
        "Image",
        json!(
            row.image_id
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default()
        ),
    );
    put("ResolvConfPath", json!(path("resolv.conf")));
    put("HostnamePath", json!(path("hostname")));
    put("HostsPath", json!(path("hosts")));
    put("LogPath", json!(log));
    put("Name", json!(format!("/{}", row.name)));
    put("RestartCount", json!(life.restart_count));
    put("Driver", json!("overlay2"));
    put("Platform", json!("linux"));
    put("MountLabel", json!(""));
    put("ProcessLabel", json!(""));
    put("AppArmorProfile", json!(""));
    put(
        "ExecIDs",
        if execs.is_empty() {
            Value::Null
        } else {
            json!(execs)
        },
    );
    put("HostConfig", host_config::host_config(subject)?);
    put("GraphDriver", graph_driver(subject)?);
    Ok(map)
}

fn state(subject: &Subject<'_>, life: &Life) -> Value {
    let observed = subject.observed;
    let status = observed.status;
    let pid = observed
        .facts
        .state
        .as_ref()
        .filter(|_| observed.facts.init_alive)
        .map_or(0, |s| s.pid);
    let time = |nanos: Option<i64>| match nanos {
        Some(nanos) => Timestamp(nanos).rfc3339(),
        None => Timestamp::NEVER.to_owned(),
    };
    // A container that could not be started has an exit code, but has not ended.
    let finished = life.finished_at.filter(|_| life.started_at.is_some());
    let error = match &observed.record {
        Some(record) => record.error.clone().unwrap_or_default(),
        None => subject.row.error.clone(),
    };
    json!({
        "Status": status.as_str(),
        "Running": status.is_alive() || status == Status::Restarting,
        "Paused": status == Status::Paused,
        "Restarting": status == Status::Restarting,
        "OOMKilled": life.oom_killed,
        "Dead": status == Status::Dead,
        "Pid": pid,
        "ExitCode": life.exit_code,
        "Error": if status.is_alive() { String::new() } else { error },
        "StartedAt": time(life.started_at),
        "FinishedAt": time(finished),
    })
}

fn graph_driver(subject: &Subject<'_>) -> Result<Value, Error> {
    let (context, row) = (subject.context, subject.row);
    let store = context.store();
    let base = store.snapshot(&row.snapshot);
    let layers = match &row.image_id {
        Some(id) => context.ledger.layers().of_image(id)?,
        None => Vec::new(),
    };
    let lower: Vec<String> = layers
        .iter()
        .rev()
        .map(|layer| {
            store
                .snapshot(&layer.snapshot)
                .join("fs")
                .display()
                .to_string()
        })
        .collect();
    Ok(json!({
        "Data": {
            "ID": row.id.as_str(),
            "LowerDir": lower.join(":"),
            "MergedDir": context.paths.run(&row.id).join("rootfs").display().to_string(),
            "UpperDir": base.join("fs").display().to_string(),
            "WorkDir": base.join("work").display().to_string(),
        },
        "Name": "overlay2",
    }))
}
