//! Making a container out of a bundle: check, plan, cgroup, clone, and the program.
//!
//! `run` executes the program at once; `create` leaves the child waiting at a door for `start`.
//! Leaves to others: what the child does (`init`), what it needs (`plan`). Invariant: whatever
//! fails, nothing that was made here is left.

use std::cell::RefCell;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use hull_oci::runtime_spec::{
    Hooks, Linux, NamespaceType, Resources, Spec, State, Status, VERSION,
};
use hull_sys::clone::{Child, Clone as Cloning, Memory, clone};
use hull_sys::{mount, namespace, pidfd, seqpacket, signal};

use crate::agent::tell_agent;
use crate::cgroup::{Cgroup, Location};
use crate::dialogue::{self, Answers};
use crate::ending::end;
use crate::home::with_home;
use crate::hooks::{self, ChildHooks};
use crate::init::{self, Surroundings};
use crate::link::Link;
use crate::plan::files::Files;
use crate::plan::namespaces::Namespaces;
use crate::plan::program::{Around, Program};
use crate::plan::{Plan, has};
use crate::security::capabilities;
use crate::security::seccomp::Filter;
use crate::streams::{Streams, receive_terminal, streams};
use crate::usermap::{self, UserMaps};
use crate::wish::{Create, Running};
use crate::{Error, Result, outer, validate};

/// Makes a container and executes its program; the caller stays its parent.
pub fn run(create: Create<'_>) -> Result<Running> {
    let hooks = create.bundle.spec.hooks.clone().unwrap_or_default();
    let mut state = state_of(&create);
    let running = make(create, None)?;
    state.pid = running.pid;
    state.status = Status::Running;
    if let Err(error) = hooks::run("poststart", &hooks.poststart, &state) {
        undo_running(&running);
        return Err(error);
    }
    Ok(running)
}

/// Makes a container whose first process waits at `door`, a listening socket, until [`start`]
/// connects.
///
/// [`start`]: crate::start
pub fn create(create: Create<'_>, door: &OwnedFd) -> Result<Running> {
    make(create, Some(door))
}

fn make(create: Create<'_>, door: Option<&OwnedFd>) -> Result<Running> {
    let spec = &create.bundle.spec;
    let linux = spec.linux.clone().unwrap_or_default();
    validate::id(create.id)?;
    validate::spec(spec, &linux)?;
    let location = Location::of(&linux.cgroups_path, create.id, create.systemd_cgroup)?;
    let none = Resources::default();
    let resources = linux.resources.as_ref().unwrap_or(&none);
    let by_systemd = matches!(location, Location::Unit { .. });
    let mode = &create.host.cgroup;
    let cgroup = if by_systemd {
        Cgroup::open(mode, &location)
    } else {
        Cgroup::create(mode, &location, resources)?
    };
    let adopt = |pid: i32| {
        if by_systemd {
            Cgroup::create_unit(mode, &location, resources, pid)?;
        }
        Ok(())
    };
    let root = create.bundle.rootfs();
    let before = mount_at(spec, &root);
    let made = launch(
        create,
        &linux,
        &cgroup,
        Setup {
            by_systemd,
            adopt: &adopt,
        },
        door,
    );
    match made {
        Ok((child, terminal)) => Ok(running(child, terminal, cgroup)),
        Err(error) => {
            // The first error tells more than one of the clean-up would.
            drop(cgroup.remove());
            if before != mount_at(spec, &root) {
                unmount(&root);
            }
            Err(error)
        }
    }
}

/// The mount a container without a mount namespace of its own is about to cover, or did cover.
pub(crate) fn mount_at(spec: &Spec, root: &Path) -> Option<u64> {
    let linux = spec.linux.as_ref();
    if linux.is_some_and(|linux| has(linux, NamespaceType::Mount)) {
        return None;
    }
    mount::id_at(root).ok()
}

/// Takes off what is mounted at `root`.
pub(crate) fn unmount(root: &Path) {
    if let Ok(path) = std::ffi::CString::new(root.as_os_str().as_encoded_bytes()) {
        // Not mounted is as good as unmounted.
        drop(mount::detach(&path));
    }
}

/// What the parent sets up for a child that waits for it.
#[derive(Clone, Copy)]
struct Setup<'a> {
    by_systemd: bool,
    adopt: &'a dyn Fn(i32) -> Result<()>,
}

type Launched = (Child, Option<OwnedFd>);

fn launch(
    create: Create<'_>,
    linux: &Linux,
    cgroup: &Cgroup,
    setup: Setup<'_>,
    door: Option<&OwnedFd>,
) -> Result<Launched> {
    let plan = plan(&create, linux, cgroup, setup.by_systemd)?;
    let state = state_of(&create);
    let spec = &create.bundle.spec;
    let hooks = spec.hooks.clone().unwrap_or_default();
    let (streams, terminal) = streams(&create.stdio, plan.program.terminal)?;
    let child_hooks = ChildHooks {
        outside: !(hooks.prestart.is_empty() && hooks.create_runtime.is_empty()),
        create_container: &hooks.create_container,
        start_container: &hooks.start_container,
        state: &state,
    };
    let one_memory = door.is_none() && !setup.by_systemd && fits_one_memory(&plan, &hooks);
    let child = if one_memory {
        shared(&plan, streams, child_hooks)?
    } else {
        let maps = |pid: i32| {
            (setup.adopt)(pid)?;
            plan.namespaces
                .maps
                .as_ref()
                .map_or(Ok(()), |maps| usermap::write(pid, maps))
        };
        let outside = |pid: i32| {
            let state = State {
                pid,
                ..state.clone()
            };
            hooks::run("prestart", &hooks.prestart, &state)?;
            hooks::run("createRuntime", &hooks.create_runtime, &state)
        };
        let notify = |pid: i32, listener: OwnedFd| tell_agent(spec, &state, pid, listener);
        let answers = Answers {
            maps: &maps,
            hooks: &outside,
            notify: &notify,
        };
        copied(&plan, streams, child_hooks, &answers, door)?
    };
    let terminal = terminal.map(|socket| receive_terminal(&socket)).transpose();
    match terminal {
        Ok(terminal) => Ok((child, terminal.flatten())),
        Err(error) => {
            end(&child);
            Err(error)
        }
    }
}

fn plan(create: &Create<'_>, linux: &Linux, cgroup: &Cgroup, by_systemd: bool) -> Result<Plan> {
    let spec = &create.bundle.spec;
    let mut namespaces = Namespaces::plan(spec, linux)?;
    namespaces.waits |= by_systemd;
    let users = UserMaps::new(namespaces.maps.clone());
    let files = Files::plan(create, linux, cgroup, &users)?;
    let process = spec
        .process
        .as_ref()
        .ok_or_else(|| crate::plan::invalid("process", "it is missing: there is nothing to run"))?;
    let process = with_home(process, &files.from, &create.bundle.rootfs());
    let foreign = namespaces.maps.is_some() || namespaces.user.is_some();
    let held = create.host.capabilities;
    let around = Around {
        held: if foreign {
            capabilities::full(capabilities::ALL)
        } else {
            held
        },
        limits: held.effective,
        personality: linux.personality.as_ref(),
        keep: create.preserve_fds,
    };
    let mut program = Program::plan(&process, around)?;
    program.filter = filter(linux, create.filter_cache)?;
    let join = if by_systemd {
        Default::default()
    } else {
        cgroup.join_plan()?
    };
    Ok(Plan {
        namespaces,
        join,
        files,
        program,
    })
}

/// The compiled filter of a configuration.
pub(crate) fn filter(linux: &Linux, cache: Option<&Path>) -> Result<Option<Filter>> {
    let Some(profile) = &linux.seccomp else {
        return Ok(None);
    };
    let filter = match cache {
        Some(dir) => Filter::cached(dir, profile)?,
        None => Filter::compile(profile)?,
    };
    Ok(Some(filter))
}

/// Whether the child can do all its work in our memory while we stand still.
fn fits_one_memory(plan: &Plan, hooks: &Hooks) -> bool {
    let namespaces = &plan.namespaces;
    let waits = namespaces.waits || namespaces.maps.is_some() || namespaces.user.is_some();
    let asks = plan.program.filter.as_ref().is_some_and(Filter::notifies);
    let in_child = hooks.prestart.is_empty()
        && hooks.create_runtime.is_empty()
        && hooks.create_container.is_empty()
        && hooks.start_container.is_empty();
    let other_clocks = namespaces.made & namespace::TIME != 0
        || namespaces
            .outer
            .iter()
            .any(|one| one.kind == namespace::TIME);
    in_child && !waits && !asks && !plan.files.copies && !other_clocks
}

fn shared(plan: &Plan, streams: Streams<'_>, hooks: ChildHooks<'_>) -> Result<Child> {
    let failure = RefCell::new(None);
    let around = Surroundings {
        link: Link::Memory(&failure),
        streams,
        hooks,
    };
    let child = cloned(plan, Memory::Shared, || {
        let failure = init::container(plan, &around);
        around.link.report(&failure);
        1
    })?;
    drop(around);
    match failure.into_inner() {
        Some(failure) => {
            end(&child);
            Err(failure.into())
        }
        None => Ok(child),
    }
}

fn copied(
    plan: &Plan,
    streams: Streams<'_>,
    hooks: ChildHooks<'_>,
    answers: &Answers<'_>,
    door: Option<&OwnedFd>,
) -> Result<Child> {
    let (ours, theirs) = seqpacket::pair().map_err(Error::Dialogue)?;
    let starter = RefCell::new(None);
    let link = Link::Socket {
        own: theirs.as_fd(),
        parents: &ours,
        starter: &starter,
        door: door.map(AsFd::as_fd),
    };
    let around = Surroundings {
        link,
        streams,
        hooks,
    };
    let body = || {
        let failure = init::container(plan, &around);
        around.link.report(&failure);
        1
    };
    let child = if plan.namespaces.user.is_some() {
        outer::staged(&plan.namespaces, plan.join.unified.as_ref(), body)?
    } else {
        cloned(plan, Memory::Copied, body)?
    };
    drop(around);
    drop(theirs);
    match dialogue::hold(&child, &ours, answers) {
        Ok(()) => Ok(child),
        Err(error) => {
            end(&child);
            Err(error)
        }
    }
}

/// Clones, with the namespaces that only the parent can choose for its child.
fn cloned(plan: &Plan, memory: Memory, body: impl FnMut() -> u8) -> Result<Child> {
    let back = outer::enter(&plan.namespaces)?;
    let wish = Cloning {
        flags: plan.namespaces.made & !namespace::TIME,
        memory,
        cgroup: plan.join.unified.as_ref().map(AsFd::as_fd),
    };
    let child = clone(&wish, body).map_err(Error::Clone);
    back.leave()?;
    child
}

pub(crate) fn undo_running(running: &Running) {
    drop(pidfd::signal(&running.pidfd, signal::number::KILL));
    drop(pidfd::wait_gone(&running.pidfd, None));
    drop(pidfd::try_wait(&running.pidfd));
    drop(running.cgroup.as_ref().map(Cgroup::remove));
}

fn running(child: Child, terminal: Option<OwnedFd>, cgroup: Cgroup) -> Running {
    let hold = namespace::mount_of(child.pidfd.as_fd()).or_else(|_| {
        let path = format!("/proc/{}/ns/mnt", child.pid);
        std::fs::File::open(path).map(OwnedFd::from)
    });
    Running {
        pid: child.pid,
        start_time: crate::process_stat::start_time(child.pid).unwrap_or(0),
        pidfd: child.pidfd,
        terminal,
        cgroup: Some(cgroup),
        // A program that ended already has no mounts left to hold.
        hold: hold.ok(),
    }
}

/// The state document while a container is made.
fn state_of(create: &Create<'_>) -> State {
    State {
        oci_version: VERSION.to_owned(),
        id: create.id.to_owned(),
        status: Status::Creating,
        pid: 0,
        bundle: create.bundle.dir.to_string_lossy().into_owned(),
        annotations: create.bundle.spec.annotations.clone(),
    }
}
