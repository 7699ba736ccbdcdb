//! `ps`: the processes of a container, in the host's numbers.

use std::ffi::OsString;
use std::process::Command;

use super::fault::Fault;
use super::words::Words;
use super::{Answer, Settings, host, print, print_json};

/// `ps [--format table|json] ID [ps options]`
pub(super) fn main(settings: &Settings, rest: Vec<OsString>) -> Answer {
    let mut words = Words::sort(rest, &[("format,f", true)], true)?;
    let id = words.need("container id")?;
    let container = settings.container(&id)?;
    let pids = container.cgroup(&host()?)?.pids()?;
    match words.value("format") {
        Some("json") => print_json(&pids, false),
        None | Some("table") => print(&table(&pids, words.rest())?),
        Some(other) => Err(Fault::usage(format!("invalid format option {other:?}"))),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "ps(1) starts here and nowhere else"
)]
fn table(pids: &[i32], mut options: Vec<OsString>) -> Result<String, Fault> {
    if options.is_empty() {
        options.push("-ef".into());
    }
    let output = Command::new("ps")
        .args(&options)
        .output()
        .map_err(|source| Fault::file("run", "ps".as_ref(), &source))?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Fault::usage(format!(
            "cannot list processes: ps said: {}",
            said.trim()
        )));
    }
    let mut lines = text.lines();
    let head = lines.next().unwrap_or_default();
    let column = head
        .split_whitespace()
        .position(|name| name == "PID")
        .ok_or_else(|| Fault::usage("cannot list processes: ps printed no column PID"))?;
    let ours = lines.filter(|line| {
        let pid = line
            .split_whitespace()
            .nth(column)
            .and_then(|word| word.parse().ok());
        pid.is_some_and(|pid: i32| pids.contains(&pid))
    });
    Ok(std::iter::once(head)
        .chain(ours)
        .map(|line| format!("{line}\n"))
        .collect())
}
