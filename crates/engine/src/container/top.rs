//! `top`: the processes of a container, as `ps` on the host would show them.
//!
//! Leaves other columns than the usual ones to the host's `ps`, if it has one. Invariant: only
//! processes of the container's cgroup are shown.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use crate::container::facts;
use crate::container::find::find;
use crate::container::status::Status;
use crate::context::Context;
use crate::error::{ContainerError, Error, SpecError};

/// A table of processes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Top {
    /// Column heads.
    pub titles: Vec<String>,
    /// One row per process.
    pub processes: Vec<Vec<String>>,
}

pub(crate) fn top(context: &Context, name: &str, arguments: &[String]) -> Result<Top, Error> {
    let row = find(context, name)?;
    let id = row.id.to_string();
    match facts::observe(context, &row)?.status {
        Status::Running | Status::Paused => {}
        Status::Restarting => return Err(ContainerError::Restarting { id }.into()),
        _ => return Err(ContainerError::NotRunning { id }.into()),
    }
    let pids: BTreeSet<i32> = facts::cgroup(context, &row)?
        .pids()
        .map_err(Error::Cgroup)?
        .into_iter()
        .collect();
    let usual = arguments.is_empty() || arguments == ["-ef"];
    if usual {
        Ok(own(context, &pids))
    } else {
        by_ps(context, arguments, &pids)
    }
}

/// The columns of `ps -ef`, read from /proc.
fn own(context: &Context, pids: &BTreeSet<i32>) -> Top {
    let titles = ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"];
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let boot = boot_time();
    let now = context.now().seconds();
    let rows = pids
        .iter()
        .filter_map(|pid| process(*pid, &users, boot, now));
    Top {
        titles: titles.map(String::from).to_vec(),
        processes: rows.collect(),
    }
}

/// Clock ticks per second; a constant of the kernel's interface on the architectures we know.
const TICKS: i64 = 100;

fn boot_time() -> i64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = stat.lines().find_map(|line| line.strip_prefix("btime "));
    line.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

/// One row, from /proc/PID/stat (proc(5)); `None` when the process has gone.
fn process(pid: i32, users: &str, boot: i64, now: i64) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (head, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let number = |at: usize| fields.get(at).and_then(|text| text.parse::<i64>().ok());
    let uid = fs::metadata(format!("/proc/{pid}")).ok()?.uid();
    let ticks = number(11)? + number(12)?;
    let started = boot + number(19)? / TICKS;
    let age = (now - started).max(1);
    Some(vec![
        user(uid, users),
        pid.to_string(),
        number(1)?.to_string(),
        (ticks / TICKS * 100 / age).min(99).to_string(),
        clock(started, now),
        tty(number(4)?),
        cpu_time(ticks / TICKS),
        command(pid)
            .unwrap_or_else(|| format!("[{}]", head.split_once('(').map_or("?", |(_, name)| name))),
    ])
}

fn user(uid: u32, users: &str) -> String {
    let named = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| uid.to_string())
}

/// Hour and minute of today, month and day of another one (UTC).
fn clock(at: i64, now: i64) -> String {
    let text = hull_model::time::Timestamp(at.saturating_mul(1_000_000_000)).rfc3339();
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default().to_owned();
    if now - at < 86_400 {
        return part(11, 16);
    }
    let month = part(5, 7).parse::<usize>().unwrap_or(1).saturating_sub(1);
    format!(
        "{}{}",
        MONTHS.get(month).copied().unwrap_or("Jan"),
        part(8, 10)
    )
}

fn tty(device: i64) -> String {
    let (major, minor) = (device >> 8 & 0xfff, device & 0xff | device >> 12 & 0xf_ff00);
    match major {
        0 => "?".into(),
        136..=143 => format!("pts/{}", minor + (major - 136) * 256),
        4 => format!("tty{minor}"),
        _ => format!("{major}:{minor}"),
    }
}

fn cpu_time(seconds: i64) -> String {
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

fn command(pid: i32) -> Option<String> {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let words: Vec<&str> = text.split('\0').filter(|word| !word.is_empty()).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// What the host's `ps` says with other arguments, our processes only.
fn by_ps(context: &Context, arguments: &[String], pids: &BTreeSet<i32>) -> Result<Top, Error> {
    let program = context
        .settings
        .search_path
        .iter()
        .map(|dir| dir.join("ps"));
    let program =
        program
            .into_iter()
            .find(|path| path.is_file())
            .ok_or(SpecError::Unsupported {
                wish: "show other columns",
                lack: "this host has no ps; leave the arguments out",
            })?;
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where ps is run, as docker does"
    )]
    let output = Command::new(&program).args(arguments).output();
    let output = output.map_err(crate::error::file("execute", &program))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(SpecError::invalid(format!("ps: {}", said.trim())).into());
    }
    Ok(table(&String::from_utf8_lossy(&output.stdout), pids)?)
}

/// The rows of `text`, a table with a PID column, that are about `pids`.
fn table(text: &str, pids: &BTreeSet<i32>) -> Result<Top, SpecError> {
    let mut lines = text.lines();
    let titles: Vec<String> = lines
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .map(Into::into)
        .collect();
    let at = titles
        .iter()
        .position(|title| title == "PID")
        .ok_or_else(|| SpecError::invalid("Couldn't find PID field in ps output"))?;
    let mut processes = Vec::new();
    for line in lines {
        let words: Vec<&str> = line.split_whitespace().collect();
        let pid = words.get(at).and_then(|word| word.parse().ok());
        if pid.is_some_and(|pid: i32| pids.contains(&pid)) {
            let fixed = titles.len().saturating_sub(1);
            let (first, last) = words.split_at(fixed.min(words.len()));
            let mut row: Vec<String> = first.iter().map(ToString::to_string).collect();
            row.push(last.join(" "));
            processes.push(row);
        }
    }
    Ok(Top { titles, processes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_cut_to_our_processes() {
        let text = "  PID USER COMMAND\n    1 root init\n   22 me sh -c ls -l\n";
        let top = table(text, &[22].into()).unwrap();
        assert_eq!(top.titles, ["PID", "USER", "COMMAND"]);
        assert_eq!(top.processes, [["22", "me", "sh -c ls -l"]]);
        assert!(table("USER\nroot\n", &BTreeSet::new()).is_err());
    }

    #[test]
    fn our_own_process_is_shown() {
        let me = i32::try_from(std::process::id()).unwrap();
        let now = 4_000_000_000;
        let row = process(me, "root:x:0:0::/:/bin/sh\n", boot_time(), now).unwrap();
        assert_eq!(row[1], me.to_string());
        assert_eq!(row.len(), 8);
        assert_eq!(tty(0), "?");
        assert_eq!(tty(0x8803), "pts/3");
        assert_eq!(cpu_time(3_725), "01:02:05");
    }
}
