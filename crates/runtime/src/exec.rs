//! A further program in a running container.

use std::cell::RefCell;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use hull_oci::runtime_spec::{Linux, Process, Spec, State};
use hull_sys::clone::{Child, Clone as Cloning, Memory, clone};
use hull_sys::{beneath, namespace, seqpacket};

use crate::agent::tell_agent;
use crate::cgroup::Cgroup;
use crate::create::filter;
use crate::dialogue::{self, Answers};
use crate::home::home_of;
use crate::hooks::ChildHooks;
use crate::init::{self, Surroundings, Visit};
use crate::link::Link;
use crate::outer::Back;
use crate::plan::namespaces::flag;
use crate::plan::program::{Around, Program};
use crate::security::capabilities;
use crate::streams::{Streams, receive_terminal, streams};
use crate::{Error, Host, Result, Running, Stdio, process_stat};

/// A wish for a further program.
#[derive(Debug)]
pub struct Exec<'a> {
    /// The facts of this host.
    pub host: &'a Host,
    /// The container's first process.
    pub target: BorrowedFd<'a>,
    /// The same as a number, for messages and `/proc`.
    pub pid: i32,
    /// The container's configuration: its filter, its namespaces.
    pub spec: &'a Spec,
    /// Its cgroups, which the program joins.
    pub cgroup: &'a Cgroup,
    /// Its state, for an agent that supervises system calls.
    pub state: Option<&'a State>,
    /// The program.
    pub process: &'a Process,
    /// Descriptors 0, 1 and 2.
    pub stdio: Stdio,
    /// How many descriptors from 3 on the program inherits.
    pub preserve_fds: u32,
    /// Where compiled system call filters are kept.
    pub filter_cache: Option<&'a Path>,
}

/// Executes a program in a running container; the caller is its parent.
pub fn exec(exec: Exec<'_>) -> Result<Running> {
    let linux = exec.spec.linux.clone().unwrap_or_default();
    let (program, foreign) = plan(&exec, &linux)?;
    let join = exec.cgroup.join_plan()?;
    let (streams, terminal) = streams(&exec.stdio, exec.process.terminal)?;
    let affinity = exec.process.exec_cpu_affinity.clone().unwrap_or_default();
    let first_cpus = cpus("initial", &affinity.initial)?;
    let last_cpus = cpus("final", &affinity.last)?;
    let kinds = linux.namespaces.iter().map(|one| flag(one.kind));
    let visit = Visit {
        program: &program,
        target: exec.target,
        // The clone itself brought the pid namespace.
        kinds: kinds.fold(0, |all, one| all | one) & !namespace::PID,
        tasks: &join.tasks,
        becomes_root: foreign,
        first_cpus: first_cpus.as_deref(),
        last_cpus: last_cpus.as_deref(),
    };
    let notifies = program
        .filter
        .as_ref()
        .is_some_and(|filter| filter.notifies());
    let memory = if notifies || visit.kinds & namespace::TIME != 0 {
        Memory::Copied
    } else {
        Memory::Shared
    };
    let wish = Cloning {
        flags: 0,
        memory,
        cgroup: join.unified.as_ref().map(AsFd::as_fd),
    };
    let child = match memory {
        Memory::Shared => shared(&exec, &visit, &wish, streams)?,
        Memory::Copied => copied(&exec, &visit, &wish, streams)?,
    };
    let terminal = match terminal.map(|pair| receive_terminal(&pair)).transpose() {
        Ok(terminal) => terminal.flatten(),
        Err(error) => {
            crate::ending::end(&child);
            return Err(error);
        }
    };
    Ok(Running {
        pid: child.pid,
        start_time: process_stat::start_time(child.pid).unwrap_or(0),
        pidfd: child.pidfd,
        terminal,
        cgroup: None,
        hold: None,
    })
}

fn plan(exec: &Exec<'_>, linux: &Linux) -> Result<(Program, bool)> {
    let foreign = linux
        .namespaces
        .iter()
        .any(|one| one.kind == hull_oci::runtime_spec::NamespaceType::User);
    let held = exec.host.capabilities;
    let around = Around {
        held: if foreign {
            capabilities::full(capabilities::ALL)
        } else {
            held
        },
        limits: held.effective,
        personality: linux.personality.as_ref(),
        keep: exec.preserve_fds,
    };
    let mut process = exec.process.clone();
    let has = |one: &String| {
        one.strip_prefix("HOME=")
            .is_some_and(|home| !home.is_empty())
    };
    if !process.env.iter().any(has) {
        let table = passwd_of(exec.pid).unwrap_or_default();
        process
            .env
            .push(format!("HOME={}", home_of(&table, process.user.uid)));
    }
    let mut program = Program::plan(&process, around)?;
    program.filter = filter(linux, exec.filter_cache)?;
    Ok((program, foreign))
}

/// The container's /etc/passwd.
fn passwd_of(pid: i32) -> Option<String> {
    use std::io::Read;
    let root = File::open(format!("/proc/{pid}/root")).ok()?;
    let file = beneath::open_file(root.as_fd(), c"/etc/passwd").ok()?;
    let mut text = String::new();
    File::from(file)
        .take(1 << 20)
        .read_to_string(&mut text)
        .ok()?;
    Some(text)
}

/// Clones into the container's pid namespace.
fn cloned(exec: &Exec<'_>, wish: &Cloning<'_>, body: impl FnMut() -> u8) -> Result<Child> {
    let own_pids = exec.spec.linux.iter().flat_map(|linux| &linux.namespaces);
    let mut back = Back::default();
    if own_pids
        .into_iter()
        .any(|one| flag(one.kind) == namespace::PID)
    {
        back.remember(namespace::PID)?;
        namespace::enter(exec.target, namespace::PID).map_err(|source| Error::Enter {
            what: format!("pid of process {}", exec.pid),
            source,
        })?;
    }
    let child = clone(wish, body).map_err(Error::Clone);
    back.leave()?;
    child
}

fn no_hooks(state: &State) -> ChildHooks<'_> {
    ChildHooks {
        outside: false,
        create_container: &[],
        start_container: &[],
        state,
    }
}

fn shared(
    exec: &Exec<'_>,
    visit: &Visit<'_>,
    wish: &Cloning<'_>,
    streams: Streams<'_>,
) -> Result<Child> {
    let failure = RefCell::new(None);
    let state = nobody();
    let around = Surroundings {
        link: Link::Memory(&failure),
        streams,
        hooks: no_hooks(&state),
    };
    let child = cloned(exec, wish, || {
        let failure = init::visitor(visit, &around);
        around.link.report(&failure);
        1
    })?;
    drop(around);
    match failure.into_inner() {
        Some(failure) => {
            crate::ending::end(&child);
            Err(failure.into())
        }
        None => Ok(child),
    }
}

fn copied(
    exec: &Exec<'_>,
    visit: &Visit<'_>,
    wish: &Cloning<'_>,
    streams: Streams<'_>,
) -> Result<Child> {
    let (ours, theirs) = seqpacket::pair().map_err(Error::Dialogue)?;
    let starter = RefCell::new(None);
    let nobody = nobody();
    let state = exec.state.unwrap_or(&nobody);
    let around = Surroundings {
        link: Link::Socket {
            own: theirs.as_fd(),
            parents: &ours,
            starter: &starter,
            door: None,
        },
        streams,
        hooks: no_hooks(state),
    };
    let child = cloned(exec, wish, || {
        let failure = init::visitor(visit, &around);
        around.link.report(&failure);
        1
    })?;
    drop(around);
    drop(theirs);
    let answers = Answers {
        maps: &|_| Ok(()),
        hooks: &|_| Ok(()),
        notify: &|pid, listener| tell_agent(exec.spec, state, pid, listener),
    };
    match dialogue::hold(&child, &ours, &answers) {
        Ok(()) => Ok(child),
        Err(error) => {
            crate::ending::end(&child);
            Err(error)
        }
    }
}

/// A state nobody reads.
fn nobody() -> State {
    State {
        oci_version: String::new(),
        id: String::new(),
        status: hull_oci::runtime_spec::Status::Running,
        pid: 0,
        bundle: String::new(),
        annotations: std::collections::BTreeMap::default(),
    }
}

/// A CPU list (`0-3,7`) as a mask.
fn cpus(field: &str, list: &str) -> Result<Option<Vec<u64>>> {
    const MOST: usize = 8192;
    if list.is_empty() {
        return Ok(None);
    }
    let bad = || crate::plan::invalid("process.execCPUAffinity", format!("{field}: {list:?}"));
    let mut mask = vec![0u64; MOST / 64];
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let first: usize = first.trim().parse().map_err(|_| bad())?;
        let last: usize = last.trim().parse().map_err(|_| bad())?;
        if first > last || last >= MOST {
            return Err(bad());
        }
        for cpu in first..=last {
            if let Some(word) = mask.get_mut(cpu / 64) {
                *word |= 1 << (cpu % 64);
            }
        }
    }
    Ok(Some(mask))
}

#[cfg(test)]
mod tests {
    use super::cpus;

    #[test]
    fn cpu_lists() {
        let check = |list: &str| cpus("initial", list).unwrap().map(|mask| mask[0]);
        assert_eq!(check(""), None);
        assert_eq!(check("0"), Some(1));
        assert_eq!(check("0-2,5"), Some(0b10_0111));
        for bad in ["a", "3-1", "9999", "1,", "-"] {
            assert!(cpus("initial", bad).is_err(), "{bad}");
        }
    }
}
