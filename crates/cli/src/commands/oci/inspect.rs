//! The verbs that only look: `state`, `list`, `--version`, `help`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use hull_oci::runtime_spec::{Status, VERSION};
use hull_runtime::Host;
use hull_runtime::lifecycle::Container;
use serde::Serialize;

use super::fault::Fault;
use super::words::Words;
use super::{Answer, Settings, host, print, print_json};

/// A container as runc shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View<'a> {
    oci_version: &'static str,
    id: &'a str,
    pid: i32,
    status: Status,
    bundle: &'a Path,
    rootfs: &'a Path,
    created: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: &'a BTreeMap<String, String>,
    owner: &'a str,
}

impl<'a> View<'a> {
    fn of(container: &'a Container, host: &Host) -> Result<Self, Fault> {
        let record = &container.record;
        let status = container.status(host)?;
        Ok(Self {
            oci_version: VERSION,
            id: &record.id,
            pid: if status == Status::Stopped {
                0
            } else {
                record.pid
            },
            status,
            bundle: &record.bundle,
            rootfs: &record.rootfs,
            created: &record.created,
            annotations: &record.annotations,
            owner: &record.owner,
        })
    }
}

/// `state ID`
pub(super) fn state(settings: &Settings, rest: Vec<OsString>) -> Answer {
    let mut words = Words::sort(rest, &[], false)?;
    let id = words.need("container id")?;
    words.end()?;
    let container = settings.container(&id)?;
    print_json(&View::of(&container, &host()?)?, true)
}

/// `list [--format table|json] [--quiet]`
pub(super) fn list(settings: &Settings, rest: Vec<OsString>) -> Answer {
    let words = Words::sort(rest, &[("format,f", true), ("quiet,q", false)], false)?;
    words.end()?;
    let (host, containers) = (host()?, settings.containers().list()?);
    let mut views = Vec::new();
    for container in &containers {
        views.push(View::of(container, &host)?);
    }
    if words.has("quiet") {
        return print(
            &views
                .iter()
                .map(|view| format!("{}\n", view.id))
                .collect::<String>(),
        );
    }
    match words.value("format") {
        Some("json") => print_json(&views, false),
        None | Some("table") => print(&table(&views)),
        Some(other) => Err(Fault::usage(format!("invalid format option {other:?}"))),
    }
}

fn table(views: &[View<'_>]) -> String {
    let head = ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"].map(str::to_owned);
    let status = |view: &View<'_>| {
        let value = serde_json::to_value(view.status).unwrap_or_default();
        value.as_str().unwrap_or_default().to_owned()
    };
    let rows = views.iter().map(|view| {
        [
            view.id.to_owned(),
            view.pid.to_string(),
            status(view),
            view.bundle.display().to_string(),
            view.created.to_owned(),
            view.owner.to_owned(),
        ]
    });
    let rows: Vec<[String; 6]> = std::iter::once(head).chain(rows).collect();
    let mut widths = [0usize; 6];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.len() + 3).max(12);
        }
    }
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(&format!("{cell:width$}"));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// `--version`
pub(super) fn version() -> Answer {
    print(&format!(
        "hull version {}\nspec: {VERSION}\n",
        env!("CARGO_PKG_VERSION")
    ))
}

/// `help`
pub(super) fn help() -> Answer {
    print(
        "\
Usage: hull oci [--root DIR] [--log FILE] [--log-format text|json] [--systemd-cgroup] COMMAND

Makes and runs containers out of OCI bundles, as runc does.

Commands:
  create    make a container that waits for start
  start     let its program run
  run       create and start
  state     print its state
  kill      send a signal to its first process (--all: to all)
  delete    remove it (--force: even if it runs)
  exec      execute a further program in it
  ps        list its processes
  list      list containers
  pause     hold its processes still
  resume    let them go on
  update    change its limits
  events    print its statistics (--stats)
  spec      write a config.json to begin with
  features  print what this runtime can do
",
    )
}
