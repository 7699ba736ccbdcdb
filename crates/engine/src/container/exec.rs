//! `exec`: a further process in a running container, under a short-lived monitor of its own.
//!
//! Leaves entering the namespaces to the runtime. Invariant: who the process runs as is looked up in
//! the container as it is now, beneath its root, and never through a path of the host.

use std::fs::File;
use std::io::Read;

use hull_model::id::ContainerId;
use hull_monitor::client::{Session, Streams};
use hull_monitor::exec::{Exec, launch};
use hull_monitor::launch::How;
use hull_monitor::protocol::{ExitRecord, Size};
use hull_oci::runtime_spec::{Process, Spec, User};
use hull_state::ContainerRow;
use hull_sys::failpoint::failpoint;
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};

use crate::container::effective::Effective;
use crate::container::find::{again, find, image_of};
use crate::container::spec::process::{set, with_home, working_dir};
use crate::container::spec::user::{self, ResolvedUser};
use crate::container::spec::{capabilities, process};
use crate::container::status::Status;
use crate::container::{facts, record, start};
use crate::context::Context;
use crate::error::{ContainerError, Error, SpecError, file};

/// What is executed, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExecRequest {
    /// Program and arguments.
    pub command: Vec<String>,
    /// `NAME=value` pairs added to the container's environment.
    pub env: Vec<String>,
    /// `user[:group]`; `None` is the container's.
    pub user: Option<String>,
    /// Working directory; `None` is the container's.
    pub working_dir: Option<String>,
    /// With all capabilities held.
    pub privileged: bool,
    /// With a terminal.
    pub tty: bool,
    /// With standard input.
    pub open_stdin: bool,
    /// The streams the caller takes part in; `None` is `--detach`.
    pub attach: Option<Streams>,
    /// Rows and columns of the caller's terminal.
    pub console_size: Option<(u16, u16)>,
}

/// A process that runs.
#[derive(Debug)]
pub struct Executed {
    /// The container.
    pub container: ContainerId,
    /// Id of the session.
    pub id: String,
    /// The session asked for.
    pub session: Option<Session>,
}

pub(crate) fn exec(context: &Context, name: &str, request: ExecRequest) -> Result<Executed, Error> {
    let row = find(context, name)?;
    let lock = context.lock(&row.id)?;
    let row = again(context, &row)?;
    let pid = pid_of_running(context, &row)?;
    if request.command.iter().all(String::is_empty) {
        return Err(SpecError::invalid("No exec command specified").into());
    }
    let id = context.source.container_id()?.to_string();
    let process = process(context, &row, pid, &request)?;
    let words = request.command.join(" ");
    let more = [("execID", id.clone())];
    record::note(context, &row, &format!("exec_create: {words}"), &more);
    let environment = start::environment(context);
    let how = How {
        program: &context.settings.hull,
        attach: request.attach,
        environment: &environment,
    };
    let exec = Exec {
        id: id.clone(),
        process,
        tty: request.tty,
        open_stdin: request.open_stdin,
        size: request
            .console_size
            .map(|(rows, columns)| Size { rows, columns }),
    };
    failpoint("exec-before-launch");
    let launched = launch(&context.paths.run(&row.id), exec, &how).map_err(Error::Monitor)?;
    record::note(context, &row, &format!("exec_start: {words}"), &more);
    drop(lock);
    Ok(Executed {
        container: row.id,
        id,
        session: launched.session,
    })
}

/// After [`hull_monitor::client::Event::Exit`] on an exec session: the journal.
pub(crate) fn finish(
    context: &Context,
    executed: &Executed,
    exit: &ExitRecord,
) -> Result<(), Error> {
    let Some(row) = context.ledger.containers().get(&executed.container)? else {
        return Ok(());
    };
    let ran = exit.finished_at.saturating_sub(exit.started_at) / 1_000_000_000;
    let more = [
        ("execDuration", ran.to_string()),
        ("execID", executed.id.clone()),
        ("exitCode", exit.code.to_string()),
    ];
    record::note(context, &row, "exec_die", &more);
    Ok(())
}

fn pid_of_running(context: &Context, row: &ContainerRow) -> Result<i32, Error> {
    let observed = facts::observe_settled(context, row)?;
    let id = row.id.to_string();
    match observed.status {
        Status::Running => {}
        Status::Paused => return Err(ContainerError::ExecPaused { id }.into()),
        Status::Restarting => return Err(ContainerError::Restarting { id }.into()),
        _ => return Err(ContainerError::NotRunning { id }.into()),
    }
    let alive = observed.facts.init_alive;
    let pid = observed
        .facts
        .state
        .filter(|_| alive)
        .map(|state| state.pid);
    pid.ok_or_else(|| {
        ContainerError::NotRunning {
            id: row.id.to_string(),
        }
        .into()
    })
}

/// The process document: the container's own, with what the caller wants otherwise.
fn process(
    context: &Context,
    row: &ContainerRow,
    pid: i32,
    request: &ExecRequest,
) -> Result<Process, Error> {
    let config = row.config.get()?;
    let image = image_of(context, row)?;
    let effective = Effective::new(config, &image.config);
    let own = container_process(context, &row.id)?;
    let wanted = request.user.clone().filter(|user| !user.is_empty());
    let user = user::resolve(
        wanted.as_deref().unwrap_or(&effective.user),
        &config.group_add,
        &read_inside(pid, "etc/passwd"),
        &read_inside(pid, "etc/group"),
    )?;
    let mask = match request.privileged {
        true => context.capabilities()?,
        false => bounding(&own),
    };
    let dir = request.working_dir.clone().filter(|dir| !dir.is_empty());
    Ok(Process {
        terminal: request.tty,
        user: User {
            uid: user.uid,
            gid: user.gid,
            additional_gids: user.additional_gids.clone(),
            ..User::default()
        },
        args: request.command.clone(),
        env: environment(&effective, &own, request, &user),
        cwd: working_dir(dir.as_deref().unwrap_or(&effective.working_dir))?,
        capabilities: Some(capabilities::sets(mask, user.uid)),
        rlimits: own.rlimits,
        no_new_privileges: own.no_new_privileges,
        apparmor_profile: own.apparmor_profile,
        selinux_label: own.selinux_label,
        ..Process::default()
    })
}

fn environment(
    effective: &Effective,
    own: &Process,
    request: &ExecRequest,
    user: &ResolvedUser,
) -> Vec<String> {
    let hostname = own.env.iter().find(|entry| entry.starts_with("HOSTNAME="));
    let mut env = vec![process::DEFAULT_PATH.to_owned()];
    env.extend(hostname.cloned());
    if request.tty {
        env.push("TERM=xterm".into());
    }
    for entry in effective.env.iter().chain(&request.env) {
        set(&mut env, entry);
    }
    with_home(&mut env, &user.home);
    env
}

fn bounding(own: &Process) -> u64 {
    let names = own.capabilities.iter().flat_map(|sets| &sets.bounding);
    names
        .filter_map(|name| hull_runtime::security::capabilities::mask_of(name))
        .sum()
}

/// The container's process as its bundle has it.
fn container_process(context: &Context, id: &ContainerId) -> Result<Process, Error> {
    let path = context.paths.run(id).join("config.json");
    let text = std::fs::read(&path).map_err(file("read", &path))?;
    let spec: Spec = serde_json::from_slice(&text).map_err(|source| Error::Decode {
        path: path.clone(),
        source,
    })?;
    Ok(spec.process.unwrap_or_default())
}

/// The text of a file in the running container; empty when it cannot be read.
fn read_inside(pid: i32, path: &str) -> String {
    const LARGEST: u64 = 8 << 20;
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let open = || {
        let root = format!("/proc/{pid}/root");
        let dir = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::openat(CWD, root, dir, Mode::empty())?;
        rustix::fs::openat2(root, path, flags, Mode::empty(), ResolveFlags::IN_ROOT)
    };
    let mut bytes = Vec::new();
    if let Ok(fd) = open() {
        let file = File::from(fd);
        if file.metadata().is_ok_and(|meta| meta.is_file()) {
            // What cannot be read reads as absent, as docker does with passwd.
            file.take(LARGEST).read_to_end(&mut bytes).ok();
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
