//! Hooks: programs of the configuration, run with the container's state on their standard input.
//!
//! Leaves to others: when each kind runs. Invariant: a hook that takes longer than its timeout is
//! killed, and nothing of our environment reaches one.

use std::io::{self, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use hull_oci::runtime_spec::{Hook, State, Status};
use hull_sys::{pidfd, process};

use crate::failure::{Failure, Step};
use crate::{Error, Result};

/// Runs `hooks` one after the other; the first that fails stops them.
pub(crate) fn run(kind: &'static str, hooks: &[Hook], state: &State) -> Result<()> {
    if hooks.is_empty() {
        return Ok(());
    }
    let document = serde_json::to_vec(state).map_err(Error::WriteState)?;
    hooks.iter().try_for_each(|hook| one(kind, hook, &document))
}

fn one(kind: &'static str, hook: &Hook, document: &[u8]) -> Result<()> {
    let failed = |source| Error::Hook {
        kind,
        path: hook.path.clone(),
        source,
    };
    if !hook.path.starts_with('/') {
        return Err(Error::Invalid {
            field: format!("hooks.{kind}.path"),
            why: format!("{} is not an absolute path", hook.path),
        });
    }
    let mut child = command(hook).spawn().map_err(failed)?;
    if let Some(mut input) = child.stdin.take() {
        match input.write_all(document) {
            Ok(()) => {}
            // A hook need not read it.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            Err(error) => return Err(failed(error)),
        }
    }
    if let Some(seconds) = hook.timeout.and_then(|seconds| u64::try_from(seconds).ok()) {
        let id = i32::try_from(child.id()).unwrap_or(0);
        let pidfd = pidfd::open(id).map_err(failed)?;
        let gone = pidfd::wait_gone(&pidfd, Some(Duration::from_secs(seconds))).map_err(failed)?;
        if !gone {
            child.kill().and_then(|()| child.wait()).map_err(failed)?;
            return Err(Error::HookTimeout {
                kind,
                path: hook.path.clone(),
                seconds,
            });
        }
    }
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::HookFailed {
        kind,
        path: hook.path.clone(),
        how: how(output.status),
        said: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "hooks start here and nowhere else"
)]
fn command(hook: &Hook) -> Command {
    let mut command = Command::new(&hook.path);
    if let Some((name, rest)) = hook.args.split_first() {
        command.arg0(name).args(rest);
    }
    command.env_clear();
    for pair in &hook.env {
        if let Some((name, value)) = pair.split_once('=') {
            command.env(name, value);
        }
    }
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "an unknown status".to_owned(),
    }
}

/// The hooks a child runs itself, and whether others run outside meanwhile.
#[derive(Debug)]
pub(crate) struct ChildHooks<'a> {
    /// Whether prestart or createRuntime hooks exist.
    pub(crate) outside: bool,
    pub(crate) create_container: &'a [Hook],
    pub(crate) start_container: &'a [Hook],
    pub(crate) state: &'a State,
}

impl ChildHooks<'_> {
    /// In the container's namespaces, before the root changes.
    pub(crate) fn create_container(&self) -> std::result::Result<(), Failure> {
        self.run("createContainer", self.create_container, Status::Creating)
    }

    /// Inside, before the program.
    pub(crate) fn start_container(&self) -> std::result::Result<(), Failure> {
        self.run("startContainer", self.start_container, Status::Created)
    }

    fn run(
        &self,
        kind: &'static str,
        hooks: &[Hook],
        status: Status,
    ) -> std::result::Result<(), Failure> {
        if hooks.is_empty() {
            return Ok(());
        }
        let state = State {
            status,
            pid: process::id(),
            ..self.state.clone()
        };
        run(kind, hooks, &state).map_err(|error| {
            let mut text = error.to_string();
            if let Some(cause) = std::error::Error::source(&error) {
                text.push_str(&format!(": {cause}"));
            }
            let text = text.strip_prefix("cannot run hook ").unwrap_or(&text);
            Failure::new(Step::Hook, &io::Error::from_raw_os_error(0)).about(text.as_bytes())
        })
    }
}
