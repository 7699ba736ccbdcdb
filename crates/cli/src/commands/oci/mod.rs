//! `hull oci`: the runtime spoken to as an OCI runtime, with runc's words, answers and exit codes.
//!
//! Each verb is a file. Leaves to `hull_runtime`: everything that is done. Invariant: nothing here
//! opens hull's own ledger; these containers belong to whoever calls.

mod create;
mod events;
mod exec;
mod fault;
mod features;
mod foreground;
mod inspect;
mod life;
mod ps;
mod run;
mod spec;
mod update;
mod words;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use hull_runtime::Host;
use hull_runtime::lifecycle::{Container, Containers};

use fault::{Fault, Log};
use words::{Flag, Words};

/// What the words before the verb say.
#[derive(Debug)]
pub(super) struct Settings {
    root: PathBuf,
    systemd_cgroup: bool,
}

impl Settings {
    fn containers(&self) -> Containers {
        Containers::at(self.root.clone())
    }

    fn container(&self, id: &str) -> Result<Container, Fault> {
        Ok(self.containers().find(id)?)
    }
}

/// What a verb gives: its exit code.
type Answer = Result<u8, Fault>;

const FLAGS: &[Flag] = &[
    ("root", true),
    ("log", true),
    ("log-format", true),
    ("debug", false),
    ("systemd-cgroup", false),
    ("rootless", true),
    ("criu", true),
    ("cgroup-manager", true),
    ("version,v", false),
    ("help,h", false),
];

/// Runs one OCI command; `words` are those after `oci`.
pub(crate) fn main(words: Vec<OsString>) -> ExitCode {
    let mut log = Log::default();
    match dispatch(words, &mut log) {
        Ok(code) => ExitCode::from(code),
        Err(fault) => {
            log.tell(&fault);
            ExitCode::from(fault.code)
        }
    }
}

fn dispatch(words: Vec<OsString>, log: &mut Log) -> Answer {
    let mut words = Words::sort(words, FLAGS, true)?;
    log.path = words
        .value("log")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from);
    log.json = match words.value("log-format") {
        None | Some("" | "text") => false,
        Some("json") => true,
        Some(other) => return Err(Fault::usage(format!("unknown log format {other:?}"))),
    };
    if words.has("version") {
        return inspect::version();
    }
    let settings = Settings {
        root: words
            .value("root")
            .filter(|root| !root.is_empty())
            .map_or_else(default_root, absolute),
        systemd_cgroup: words.has("systemd-cgroup")
            || words.value("cgroup-manager") == Some("systemd"),
    };
    let verb = words.next().unwrap_or_else(|| "help".to_owned());
    if words.has("help") || matches!(verb.as_str(), "help" | "h") {
        return inspect::help();
    }
    let rest = words.rest();
    match verb.as_str() {
        "create" => create::main(&settings, rest),
        "run" => run::main(&settings, rest),
        "start" => life::start(&settings, rest),
        "state" => inspect::state(&settings, rest),
        "list" => inspect::list(&settings, rest),
        "kill" => life::kill(&settings, rest),
        "delete" => life::delete(&settings, rest),
        "pause" => life::pause(&settings, rest),
        "resume" => life::resume(&settings, rest),
        "exec" => exec::main(&settings, rest),
        "ps" => ps::main(&settings, rest),
        "update" => update::main(&settings, rest),
        "events" => events::main(&settings, rest),
        "spec" => spec::main(rest),
        "features" => features::main(rest),
        other => Err(Fault::usage(format!(
            "no such command: {other} (`hull oci help` lists them)"
        ))),
    }
}

#[expect(clippy::disallowed_methods, reason = "the environment is read in cli")]
fn default_root() -> PathBuf {
    match std::env::var_os("XDG_RUNTIME_DIR") {
        Some(dir) if !hull_sys::process::is_root() => PathBuf::from(dir).join("hull/oci"),
        _ => PathBuf::from("/run/hull/oci"),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the current directory is read in cli"
)]
fn absolute(path: &str) -> PathBuf {
    // Without a current directory a relative path is left to fail where it is used.
    std::env::current_dir().map_or_else(|_| PathBuf::from(path), |dir| dir.join(path))
}

/// Where compiled system call filters are kept: beside the containers.
fn filter_cache(settings: &Settings) -> PathBuf {
    settings.root.with_file_name("seccomp")
}

fn host() -> Result<Host, Fault> {
    Ok(Host::detect()?)
}

/// Prints to standard output.
fn print(text: &str) -> Answer {
    use std::io::Write;
    let mut output = std::io::stdout().lock();
    output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
        .map_err(|source| Fault::file("write", "standard output".as_ref(), &source))?;
    Ok(0)
}

/// Prints a document.
fn print_json<T: serde::Serialize>(document: &T, pretty: bool) -> Answer {
    let text = if pretty {
        serde_json::to_string_pretty(document)
    } else {
        serde_json::to_string(document)
    };
    let text = text.map_err(|error| Fault::usage(format!("cannot write a document: {error}")))?;
    print(&format!("{text}\n"))
}
