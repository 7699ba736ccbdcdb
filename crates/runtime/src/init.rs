//! The child between clone and exec: one straight line, each step one call and one named error.
//!
//! The order is the security argument. Rights are given up last: namespaces and files are made with
//! all of them; then descriptors, limits and the working directory; then, without no-new-privileges,
//! the filter, which needs a right; then the bounding set, groups, user and capabilities; then, with
//! no-new-privileges, the filter. Invariant: nothing allocates (the memory may be the parent's)
//! except where a plan asks for hooks or copies, which are only done with a memory of its own.

use std::convert::Infallible;
use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use hull_sys::capability;
use hull_sys::cgroupfs;
use hull_sys::namespace;
use hull_sys::{beneath, fd, files, process, pty, signal_mask};

use crate::failure::{At, Failure, Step};
use crate::hooks::ChildHooks;
use crate::link::{Link, word};
use crate::plan::Plan;
use crate::plan::namespaces::{Enter, Namespaces};
use crate::plan::program::Program;
use crate::rootfs;
use crate::streams::Streams;

/// What else a child needs to know.
#[derive(Debug)]
pub(crate) struct Surroundings<'a> {
    pub(crate) link: Link<'a>,
    pub(crate) streams: Streams<'a>,
    pub(crate) hooks: ChildHooks<'a>,
}

type Done = Result<(), Failure>;

/// Becomes the container's program; comes back only with the failure.
pub(crate) fn container(plan: &Plan, around: &Surroundings<'_>) -> Failure {
    match make(plan, around) {
        Ok(never) => match never {},
        Err(failure) => failure,
    }
}

fn make(plan: &Plan, around: &Surroundings<'_>) -> Result<Infallible, Failure> {
    let program = &plan.program;
    begin(&around.link)?;
    join_cgroups(&plan.join.tasks)?;
    enter_namespaces(&plan.namespaces.inner)?;
    become_root_of_users(&plan.namespaces, &around.link)?;
    make_cgroup_namespace(&plan.namespaces)?;
    bring_up_loopback(&plan.namespaces)?;
    let early = Early::take(program)?;
    let root = rootfs::build(&plan.files)?;
    let terminal = open_terminal(program, root.as_fd(), &around.streams)?;
    run_creation_hooks(around)?;
    make_directory(program, root.as_fd())?;
    set_parameters(&plan.namespaces)?;
    rootfs::finish(&plan.files, root.as_fd())?;
    rootfs::pivot(&plan.files, root)?;
    name_host(&plan.namespaces)?;
    finish(program, early, terminal, around)
}

/// Becomes a further program in the container behind `target`; comes back only with the failure.
pub(crate) fn visitor(visit: &Visit<'_>, around: &Surroundings<'_>) -> Failure {
    match enter(visit, around) {
        Ok(never) => match never {},
        Err(failure) => failure,
    }
}

/// What an `exec` needs besides its program.
#[derive(Debug)]
pub(crate) struct Visit<'a> {
    pub(crate) program: &'a Program,
    pub(crate) target: BorrowedFd<'a>,
    pub(crate) kinds: u64,
    pub(crate) tasks: &'a [OwnedFd],
    pub(crate) becomes_root: bool,
    pub(crate) first_cpus: Option<&'a [u64]>,
    pub(crate) last_cpus: Option<&'a [u64]>,
}

fn enter(visit: &Visit<'_>, around: &Surroundings<'_>) -> Result<Infallible, Failure> {
    let program = visit.program;
    begin(&around.link)?;
    set_affinity(visit.first_cpus)?;
    join_cgroups(visit.tasks)?;
    set_affinity(visit.last_cpus)?;
    let early = Early::take(program)?;
    namespace::enter(visit.target, visit.kinds).at(Step::EnterNamespace)?;
    if visit.becomes_root {
        process::set_gid(0).at(Step::UserMaps)?;
        process::set_uid(0).at(Step::UserMaps)?;
    }
    let terminal = match around.streams.terminal() {
        Some(to) => {
            let root = beneath::current_root().at(Step::Terminal)?;
            Some(open_pty(program, root.as_fd(), to)?.slave)
        }
        None => None,
    };
    finish(program, early, terminal, around)
}

fn begin(link: &Link<'_>) -> Done {
    signal_mask::reset_all();
    process::die_with_parent(hull_sys::signal::number::KILL).at(Step::Channel)?;
    // Modes of devices and mount points are exact; the program's own mask comes later.
    process::set_umask(0);
    link.open()
}

fn join_cgroups(tasks: &[OwnedFd]) -> Done {
    tasks
        .iter()
        .try_for_each(|file| cgroupfs::join_v1(file.as_fd()))
        .at(Step::JoinCgroup)
}

fn set_affinity(cpus: Option<&[u64]>) -> Done {
    cpus.map_or(Ok(()), |cpus| {
        process::set_affinity(cpus).at(Step::Affinity)
    })
}

fn enter_namespaces(list: &[Enter]) -> Done {
    for one in list {
        namespace::enter(one.namespace.as_fd(), one.kind)
            .about(Step::EnterNamespace, one.path.to_bytes())?;
    }
    Ok(())
}

/// In a user namespace of its own the child is nobody until the parent wrote the maps.
fn become_root_of_users(plan: &Namespaces, link: &Link<'_>) -> Done {
    if plan.maps.is_some() || plan.waits {
        link.ask(word::MAPS, None)?;
    }
    if plan.maps.is_none() && plan.user.is_none() {
        return Ok(());
    }
    process::set_gid(0).at(Step::UserMaps)?;
    process::set_uid(0).at(Step::UserMaps)?;
    // Having changed users, this process's files in /proc belong to the root outside; being
    // dumpable gives them back.
    process::set_dumpable(true).at(Step::UserMaps)
}

fn make_cgroup_namespace(plan: &Namespaces) -> Done {
    if !plan.cgroup {
        return Ok(());
    }
    namespace::leave(namespace::CGROUP).at(Step::NewCgroupNamespace)
}

fn bring_up_loopback(plan: &Namespaces) -> Done {
    if !plan.loopback {
        return Ok(());
    }
    namespace::loopback_up().at(Step::Loopback)
}

fn name_host(plan: &Namespaces) -> Done {
    if !plan.host_name.is_empty() {
        let name = &plan.host_name;
        namespace::set_host_name(name).about(Step::HostName, name)?;
    }
    if !plan.domain_name.is_empty() {
        let name = &plan.domain_name;
        namespace::set_domain_name(name).about(Step::DomainName, name)?;
    }
    Ok(())
}

/// Through the host's /proc, which shows this process's own namespaces and is still writable.
fn set_parameters(plan: &Namespaces) -> Done {
    for (path, value) in &plan.parameters {
        files::write(path, value.to_bytes()).about(Step::Sysctl, path.to_bytes())?;
    }
    Ok(())
}

/// What must be opened or written through the host's /proc.
struct Early<'a> {
    labels: [Option<(OwnedFd, &'a CStr)>; 2],
}

impl<'a> Early<'a> {
    fn take(program: &'a Program) -> Result<Self, Failure> {
        if let Some(score) = &program.oom_score {
            let score = score.to_bytes();
            files::write(c"/proc/self/oom_score_adj", score).about(Step::OomScore, score)?;
        }
        let mut labels = [None, None];
        for (slot, (path, value)) in labels.iter_mut().zip(&program.labels) {
            let file = files::open_for_writing(path).about(Step::Label, value.to_bytes())?;
            *slot = Some((file, value.as_c_str()));
        }
        Ok(Self { labels })
    }

    fn write_labels(self) -> Done {
        for (file, value) in self.labels.into_iter().flatten() {
            files::write_to(file.as_fd(), value.to_bytes()).about(Step::Label, value.to_bytes())?;
        }
        Ok(())
    }
}

fn open_terminal(
    program: &Program,
    root: BorrowedFd<'_>,
    streams: &Streams<'_>,
) -> Result<Option<OwnedFd>, Failure> {
    let Some(to) = streams.terminal() else {
        return Ok(None);
    };
    let pair = open_pty(program, root, to)?;
    rootfs::bind_console(root, pair.number)?;
    Ok(Some(pair.slave))
}

fn open_pty(
    program: &Program,
    root: BorrowedFd<'_>,
    to: BorrowedFd<'_>,
) -> Result<pty::Pair, Failure> {
    let pair = pty::open_in(root, c"/dev/pts/ptmx").about(Step::Terminal, b"(/dev/pts/ptmx)")?;
    if let Some((rows, columns)) = program.size {
        pty::resize(pair.slave.as_fd(), rows, columns).at(Step::Terminal)?;
    }
    fd::send(to, b"/dev/ptmx", &[pair.master.as_fd()]).at(Step::Terminal)?;
    Ok(pair)
}

fn run_creation_hooks(around: &Surroundings<'_>) -> Done {
    if around.hooks.outside {
        around.link.ask(word::FILES, None)?;
    }
    around.hooks.create_container()
}

/// As runc: a working directory the image lacks is made, while the root is still writable.
fn make_directory(program: &Program, root: BorrowedFd<'_>) -> Done {
    let made = beneath::place_or_make(root, &program.directory, beneath::Missing::Directory);
    match made.map_err(|error| error.raw_os_error()) {
        // Whether it can be entered is judged later, as the program's user.
        Ok(_) | Err(Some(EROFS | ENOTDIR)) => Ok(()),
        Err(code) => Err(io::Error::from_raw_os_error(code.unwrap_or(0)))
            .about(Step::WorkingDirectory, program.directory.to_bytes()),
    }
}

const EROFS: i32 = 30;
const ENOTDIR: i32 = 20;
const ENOENT: i32 = 2;
const EACCES: i32 = 13;

/// From a complete set of files to the program.
fn finish(
    program: &Program,
    early: Early<'_>,
    terminal: Option<OwnedFd>,
    around: &Surroundings<'_>,
) -> Result<Infallible, Failure> {
    // A session keyring of its own is a protection, not a promise: kernels without keys and full
    // quotas do without.
    drop(process::new_session_keyring(c"_ses"));
    process::new_session().at(Step::Session)?;
    set_streams(program, terminal.as_ref(), &around.streams)?;
    for limit in &program.limits {
        let name = crate::security::rlimits::name(limit.number);
        process::set_limit(limit.number, limit.soft, limit.hard)
            .about(Step::Limit, name.as_bytes())?;
    }
    set_schedule(program)?;
    early.write_labels()?;
    // Before the filter, which may know fewer calls than we use; what is opened later closes itself.
    process::close_on_exec_from(3 + program.keep).at(Step::CloseOnExec)?;
    let inside = change_directory(program);
    process::set_umask(program.umask);
    if program.no_new_privileges {
        capability::no_new_privileges().at(Step::NoNewPrivileges)?;
    } else {
        load_filter(program, around)?;
    }
    become_user(program)?;
    if inside.is_err() {
        // Not allowed to root may still be allowed to the user (a directory of a network share).
        change_directory(program)?;
    }
    capability::apply(&program.capabilities).at(Step::Capabilities)?;
    let path = find(program)?;
    if program.no_new_privileges && program.filter.as_ref().is_some_and(|f| f.notifies()) {
        load_filter(program, around)?;
        start(around)?;
    } else {
        start(around)?;
        if program.no_new_privileges {
            load_filter(program, around)?;
        }
    }
    let error = process::execute(path, &program.arguments, &program.environment);
    Err(Failure::new(Step::Execute, &error).about(path.to_bytes()))
}

/// The last words before the program: from here on the parent's death changes nothing.
fn start(around: &Surroundings<'_>) -> Done {
    process::die_with_parent(0).at(Step::Channel)?;
    around.link.wait()?;
    around.hooks.start_container()?;
    around.link.last()
}

fn set_streams(program: &Program, terminal: Option<&OwnedFd>, streams: &Streams<'_>) -> Done {
    let sources = match (terminal, streams) {
        (Some(terminal), _) => Some([terminal.as_fd(); 3]),
        (None, Streams::Given(sources)) => Some(*sources),
        _ => None,
    };
    for (number, source) in (0..).zip(sources.iter().flatten()) {
        fd::place(*source, number).at(Step::Stdio)?;
    }
    if terminal.is_some() {
        pty::control(fd::standard_input()).at(Step::Terminal)?;
    }
    // A program of another user must be able to open /dev/stdout again.
    fd::own_standard(program.uid).at(Step::Stdio)
}

fn set_schedule(program: &Program) -> Done {
    if let Some(schedule) = &program.schedule {
        process::set_schedule(schedule).at(Step::Schedule)?;
    }
    if let Some(priority) = program.io_priority {
        process::set_io_priority(priority).at(Step::IoPriority)?;
    }
    if let Some(domain) = program.personality {
        process::set_personality(domain).at(Step::Personality)?;
    }
    Ok(())
}

/// Opened without magic links, so that no descriptor of ours leads the program to the host.
fn change_directory(program: &Program) -> Done {
    let directory = program.directory.as_c_str();
    let change = || -> io::Result<()> {
        let root = beneath::current_root()?;
        let place = beneath::place(root.as_fd(), directory)?;
        process::change_directory(place.as_fd())
    };
    change().about(Step::WorkingDirectory, directory.to_bytes())
}

fn load_filter(program: &Program, around: &Surroundings<'_>) -> Done {
    let Some(filter) = &program.filter else {
        return Ok(());
    };
    match filter.install().at(Step::Seccomp)? {
        Some(listener) => around.link.ask(word::NOTIFY, Some(listener.as_fd())),
        None => Ok(()),
    }
}

fn become_user(program: &Program) -> Done {
    capability::limit_bounding(program.held.bounding, program.capabilities.bounding)
        .at(Step::Bounding)?;
    capability::keep_over_setuid(true).at(Step::Capabilities)?;
    if program.sets_groups {
        process::set_groups(&program.groups).at(Step::Groups)?;
    }
    process::set_gid(program.gid).at(Step::Group)?;
    process::set_uid(program.uid).at(Step::User)?;
    capability::keep_over_setuid(false).at(Step::Capabilities)
}

/// The first candidate that may be executed; the most telling error when there is none.
fn find(program: &Program) -> Result<&CStr, Failure> {
    let mut worst = io::Error::from_raw_os_error(ENOENT);
    for path in &program.candidates {
        match process::may_execute(path) {
            Ok(()) => return Ok(path),
            Err(error) if error.raw_os_error() == Some(ENOENT) => {}
            Err(error) if error.raw_os_error() == Some(ENOTDIR) => {}
            Err(error) => worst = error,
        }
    }
    let name = program.arguments.texts().first();
    let name = name.map_or(&b""[..], |name| name.to_bytes());
    let step = match worst.raw_os_error() {
        // A path given in full that leads nowhere is "no such file", not a search that failed.
        Some(ENOENT) if name.contains(&b'/') => Step::Execute,
        Some(EACCES) => Step::Execute,
        _ => Step::Find,
    };
    Err(Failure::new(step, &worst).about(name))
}
