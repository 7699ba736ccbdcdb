//! `process`: arguments, environment, user, rights and limits of the program.

use hull_model::container::resources::Ulimit;
use hull_oci::runtime_spec::{Process, Rlimit, User};

use crate::container::spec::input::Input;
use crate::container::spec::security::Security;
use crate::container::spec::{capabilities, security};
use crate::error::SpecError;

/// Where `--init` puts hull inside the container.
pub const INIT_PATH: &str = "/sbin/docker-init";
/// PATH of a container whose image says nothing.
pub const DEFAULT_PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The container's program.
pub fn process(
    input: &Input<'_>,
    security: &Security,
    capability_mask: u64,
) -> Result<Process, SpecError> {
    let config = input.config;
    Ok(Process {
        terminal: config.tty,
        user: User {
            uid: input.user.uid,
            gid: input.user.gid,
            additional_gids: additional_gids(input),
            ..User::default()
        },
        args: args(input)?,
        env: environment(input),
        cwd: working_dir(&input.effective.working_dir)?,
        capabilities: Some(capabilities::sets(capability_mask, input.user.uid)),
        rlimits: config
            .ulimits
            .iter()
            .map(rlimit)
            .collect::<Result<_, _>>()?,
        no_new_privileges: security.no_new_privileges,
        apparmor_profile: security::apparmor(security, config.privileged, input.host)?,
        oom_score_adj: config.oom_score_adj,
        selinux_label: String::new(),
        ..Process::default()
    })
}

fn args(input: &Input<'_>) -> Result<Vec<String>, SpecError> {
    let args = input.effective.args()?;
    if !input.config.init {
        return Ok(args);
    }
    let before = [INIT_PATH, "--"].map(String::from);
    Ok(before.into_iter().chain(args).collect())
}

fn additional_gids(input: &Input<'_>) -> Vec<u32> {
    let mut gids = input.user.additional_gids.clone();
    for gid in &input.cdi.gids {
        if !gids.contains(gid) {
            gids.push(*gid);
        }
    }
    gids
}

/// PATH, HOSTNAME and TERM by default, then image and user, then HOME when nobody set it.
fn environment(input: &Input<'_>) -> Vec<String> {
    let mut env = vec![
        DEFAULT_PATH.to_owned(),
        format!("HOSTNAME={}", input.hostname),
    ];
    if input.config.tty {
        env.push("TERM=xterm".into());
    }
    for entry in &input.effective.env {
        set(&mut env, entry);
    }
    for entry in &input.cdi.env {
        set(&mut env, entry);
    }
    with_home(&mut env, &input.user.home);
    env
}

/// Adds HOME unless it is there.
pub fn with_home(env: &mut Vec<String>, home: &str) {
    if !env.iter().any(|entry| entry.starts_with("HOME=")) {
        env.push(format!("HOME={home}"));
    }
}

/// Replaces or appends `entry`; a name without `=` removes the variable.
pub fn set(env: &mut Vec<String>, entry: &str) {
    let name = entry.split('=').next().unwrap_or_default();
    let same = |known: &String| known.split('=').next() == Some(name);
    let position = env.iter().position(same);
    match (position, entry.contains('=')) {
        (Some(at), true) => {
            if let Some(slot) = env.get_mut(at) {
                entry.clone_into(slot);
            }
        }
        (None, true) => env.push(entry.to_owned()),
        (Some(at), false) => {
            env.remove(at);
        }
        (None, false) => {}
    }
}

/// The directory a program starts in.
pub fn working_dir(path: &str) -> Result<String, SpecError> {
    match path {
        "" => Ok("/".into()),
        path if path.starts_with('/') => Ok(path.to_owned()),
        path => Err(SpecError::WorkingDir {
            path: path.to_owned(),
        }),
    }
}

fn rlimit(ulimit: &Ulimit) -> Result<Rlimit, SpecError> {
    let number = |value: i64| match value {
        -1 => Ok(u64::MAX),
        value => u64::try_from(value).map_err(|_| {
            SpecError::invalid(format!(
                "invalid ulimit {}: {value} is negative",
                ulimit.name
            ))
        }),
    };
    Ok(Rlimit {
        kind: format!("RLIMIT_{}", ulimit.name.to_ascii_uppercase()),
        hard: number(ulimit.hard)?,
        soft: number(ulimit.soft)?,
    })
}
