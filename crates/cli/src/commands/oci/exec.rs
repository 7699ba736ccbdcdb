//! `exec`: a further program in a running container.

use std::ffi::OsString;
use std::os::fd::AsFd;
use std::path::Path;

use hull_oci::runtime_spec::{Capabilities, ConsoleSize, Process, Spec, Status, User};
use hull_runtime::lifecycle::Container;
use hull_runtime::{Exec, Host, Running, Stdio, seal};

use super::create::{stdio, write_pid};
use super::fault::Fault;
use super::foreground::{self, Foreground};
use super::words::{Flag, Words};
use super::{Answer, Settings, absolute, filter_cache, host};

const FLAGS: &[Flag] = &[
    ("console-socket", true),
    ("pidfd-socket", true),
    ("cwd", true),
    ("env,e", true),
    ("tty,t", false),
    ("user,u", true),
    ("additional-gids,g", true),
    ("process,p", true),
    ("detach,d", false),
    ("pid-file", true),
    ("process-label", true),
    ("apparmor", true),
    ("no-new-privs", false),
    ("cap,c", true),
    ("preserve-fds", true),
    ("cgroup", true),
    ("ignore-paused", false),
    ("no-subreaper", false),
];

/// As runc: an exec that failed before its program ran.
const FAILED: u8 = 255;

/// `exec [flags] ID COMMAND...` or `exec --process FILE ID`
pub(super) fn main(settings: &Settings, rest: Vec<OsString>) -> Answer {
    seal::ensure()?;
    let mut words = Words::sort(rest, FLAGS, true)?;
    let id = words.need("container id")?;
    run(settings, &id, words).map_err(|fault| fault.with_code(FAILED))
}

fn run(settings: &Settings, id: &str, words: Words) -> Answer {
    let (container, host) = (settings.container(id)?, host()?);
    let status = container.status(&host)?;
    match status {
        Status::Stopped => return Err(Fault::usage("cannot exec in a stopped container")),
        Status::Paused if !words.has("ignore-paused") => {
            return Err(Fault::usage(
                "cannot exec in a paused container (use --ignore-paused to override)",
            ));
        }
        _ => {}
    }
    let spec = container.spec()?;
    let detach = words.has("detach");
    let pid_file = words.value("pid-file").map(absolute);
    let console = words
        .value("console-socket")
        .filter(|path| !path.is_empty())
        .map(absolute);
    let preserve_fds = words.number("preserve-fds")?.unwrap_or(0);
    let sub_cgroup = words.value("cgroup").map(str::to_owned);
    let process = process(&spec, words)?;
    let here = !detach && process.terminal && console.is_none();
    let streams = if here {
        Stdio::Terminal
    } else {
        stdio(console.as_deref(), process.terminal)?
    };
    let foreground = if detach {
        None
    } else {
        Some(Foreground::prepare(here)?)
    };
    let cache = filter_cache(settings);
    let wish = Wish {
        container: &container,
        host: &host,
        spec: &spec,
        process: &process,
        preserve_fds,
        cache: &cache,
    };
    let running = wish.execute(streams, sub_cgroup.as_deref())?;
    if let Some(path) = &pid_file {
        write_pid(path, running.pid)?;
    }
    match foreground {
        None => Ok(0),
        Some(foreground) => Ok(foreground::code(foreground.stay(&running)?)),
    }
}

struct Wish<'a> {
    container: &'a Container,
    host: &'a Host,
    spec: &'a Spec,
    process: &'a Process,
    preserve_fds: u32,
    cache: &'a Path,
}

impl Wish<'_> {
    fn execute(&self, stdio: Stdio, sub_cgroup: Option<&str>) -> Result<Running, Fault> {
        let stopped = || Fault::usage("cannot exec in a stopped container");
        let target = self.container.process().ok_or_else(stopped)?;
        let state = self.container.state(Status::Running);
        let cgroup = match sub_cgroup {
            Some(path) => self.container.sub_cgroup(self.host, path)?,
            None => self.container.cgroup(self.host)?,
        };
        Ok(hull_runtime::exec(Exec {
            host: self.host,
            target: target.as_fd(),
            pid: self.container.record.pid,
            spec: self.spec,
            cgroup: &cgroup,
            state: Some(&state),
            process: self.process,
            stdio,
            preserve_fds: self.preserve_fds,
            filter_cache: Some(self.cache),
        })?)
    }
}

/// The program: from a file, or the container's own with what the command line changes.
fn process(spec: &Spec, words: Words) -> Result<Process, Fault> {
    if let Some(path) = words.value("process") {
        let path = absolute(path);
        let bytes = std::fs::read(&path).map_err(|source| Fault::file("read", &path, &source))?;
        let parsed: Result<Process, _> = serde_json::from_slice(&bytes);
        return parsed
            .map_err(|error| Fault::usage(format!("cannot parse {}: {error}", path.display())));
    }
    let mut process = spec.process.clone().unwrap_or_default();
    // Decided anew for each exec, as with runc.
    process.terminal = words.has("tty");
    process.console_size = None::<ConsoleSize>;
    process.exec_cpu_affinity = None;
    if let Some(cwd) = words.value("cwd") {
        cwd.clone_into(&mut process.cwd);
    }
    if let Some(label) = words.value("process-label") {
        label.clone_into(&mut process.selinux_label);
    }
    if let Some(profile) = words.value("apparmor") {
        profile.clone_into(&mut process.apparmor_profile);
    }
    if words.value("no-new-privs").is_some() {
        process.no_new_privileges = words.has("no-new-privs");
    }
    process.env.extend(words.values("env").map(str::to_owned));
    add_capabilities(&mut process, &words);
    if let Some(user) = words.value("user") {
        process.user = user_of(user)?;
    }
    for gid in words.values("additional-gids") {
        let gid = gid
            .parse()
            .map_err(|_| Fault::usage(format!("cannot use group {gid:?}: not a number")))?;
        process.user.additional_gids.push(gid);
    }
    let args = words.rest();
    process.args = args
        .into_iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    if process.args.is_empty() {
        return Err(Fault::usage("process args cannot be empty"));
    }
    Ok(process)
}

/// Added to all sets but the ambient one, which needs to be asked for by a process file.
fn add_capabilities(process: &mut Process, words: &Words) {
    for name in words.values("cap") {
        let sets = process
            .capabilities
            .get_or_insert_with(Capabilities::default);
        for set in [&mut sets.bounding, &mut sets.effective, &mut sets.permitted] {
            set.push(name.to_owned());
        }
    }
}

fn user_of(text: &str) -> Result<User, Fault> {
    let bad = || Fault::usage(format!("cannot use user {text:?}: not uid or uid:gid"));
    let (uid, gid) = text
        .split_once(':')
        .map_or((text, None), |(uid, gid)| (uid, Some(gid)));
    Ok(User {
        uid: uid.parse().map_err(|_| bad())?,
        gid: gid.map_or(Ok(0), str::parse).map_err(|_| bad())?,
        ..User::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users() {
        assert_eq!(
            (user_of("5").unwrap().uid, user_of("5:7").unwrap().gid),
            (5, 7)
        );
        for bad in ["", "root", "1:", ":1", "-1"] {
            assert!(user_of(bad).is_err(), "{bad}");
        }
    }
}
