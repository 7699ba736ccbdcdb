//! The calling process: who it is, where it works, what it may use, and becoming another program.
//!
//! Leaves capabilities, seccomp and namespaces to their own files. Invariant: everything here but the
//! constructors of [`Strings`] allocates nothing, so it may run between clone and exec.

use std::ffi::{CStr, CString, NulError};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

/// Whether this process has root's effective user id.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Number of this process.
pub fn id() -> i32 {
    rustix::process::getpid().as_raw_nonzero().get()
}

/// Ends the process at once: no destructors, no buffers written.
pub fn exit(code: u8) -> ! {
    // SAFETY: never returns and touches no memory.
    unsafe { libc::_exit(code.into()) }
}

/// A list of texts in the form execve takes.
#[derive(Debug)]
pub struct Strings {
    pointers: Vec<*const libc::c_char>,
    texts: Vec<CString>,
}

impl Strings {
    /// Copies `texts`; a zero byte inside one is an error.
    pub fn new<I, T>(texts: I) -> Result<Self, NulError>
    where
        I: IntoIterator<Item = T>,
        T: Into<Vec<u8>>,
    {
        let texts = texts
            .into_iter()
            .map(CString::new)
            .collect::<Result<Vec<_>, _>>()?;
        let pointers = texts
            .iter()
            .map(|text| text.as_ptr())
            .chain([ptr::null()])
            .collect();
        Ok(Self { pointers, texts })
    }

    /// The texts.
    pub fn texts(&self) -> &[CString] {
        &self.texts
    }
}

/// Becomes the program at `path`; only comes back with an error.
pub fn execute(path: &CStr, arguments: &Strings, environment: &Strings) -> io::Error {
    // SAFETY: the path and both null-terminated lists stay alive through the call.
    unsafe {
        libc::execve(
            path.as_ptr(),
            arguments.pointers.as_ptr(),
            environment.pointers.as_ptr(),
        )
    };
    io::Error::last_os_error()
}

/// Becomes the program an open descriptor leads to.
pub fn execute_fd(
    program: BorrowedFd<'_>,
    arguments: &Strings,
    environment: &Strings,
) -> io::Error {
    // SAFETY: the empty path and both null-terminated lists stay alive through the call.
    unsafe {
        libc::syscall(
            libc::SYS_execveat,
            program.as_raw_fd(),
            c"".as_ptr(),
            arguments.pointers.as_ptr(),
            environment.pointers.as_ptr(),
            libc::AT_EMPTY_PATH,
        )
    };
    io::Error::last_os_error()
}

/// Whether the file this process was started from can't be written through `/proc/self/exe`.
pub fn is_sealed() -> io::Result<bool> {
    use rustix::fs::{Mode, OFlags, open};
    use std::os::fd::AsFd;
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    crate::fd::is_sealed(open(c"/proc/self/exe", flags, Mode::empty())?.as_fd())
}

/// The signal this process gets when its parent dies; 0 for none.
pub fn die_with_parent(signal: i32) -> io::Result<()> {
    // SAFETY: plain numbers.
    check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal, 0, 0, 0) })
}

/// Whether others of the same user may trace this process and read its `/proc` files.
pub fn set_dumpable(yes: bool) -> io::Result<()> {
    // SAFETY: plain numbers.
    check(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, libc::c_ulong::from(yes), 0, 0, 0) })
}

/// Leads a new session, without a terminal.
pub fn new_session() -> io::Result<()> {
    rustix::process::setsid()?;
    Ok(())
}

/// Sets real, effective and saved group id.
pub fn set_gid(gid: u32) -> io::Result<()> {
    // SAFETY: plain numbers; by number, because glibc's wrapper would signal other threads.
    check_long(unsafe { libc::syscall(libc::SYS_setresgid, gid, gid, gid) })
}

/// Sets real, effective and saved user id.
pub fn set_uid(uid: u32) -> io::Result<()> {
    // SAFETY: plain numbers.
    check_long(unsafe { libc::syscall(libc::SYS_setresuid, uid, uid, uid) })
}

/// Sets the supplementary groups.
pub fn set_groups(groups: &[u32]) -> io::Result<()> {
    // SAFETY: the kernel reads as many numbers as the slice has.
    check_long(unsafe { libc::syscall(libc::SYS_setgroups, groups.len(), groups.as_ptr()) })
}

/// Sets the file mode creation mask and gives the former one.
pub fn set_umask(mask: u32) -> u32 {
    rustix::process::umask(rustix::fs::Mode::from_bits_truncate(mask)).bits()
}

/// Works in the directory a descriptor leads to.
pub fn change_directory(place: BorrowedFd<'_>) -> io::Result<()> {
    Ok(rustix::process::fchdir(place)?)
}

/// Works in the directory at `path`.
pub fn change_directory_to(path: &CStr) -> io::Result<()> {
    Ok(rustix::process::chdir(path)?)
}

/// Whether this process may execute the file at `path`; a directory is refused as execve does.
pub fn may_execute(path: &CStr) -> io::Result<()> {
    use rustix::fs::{Access, AtFlags, CWD, FileType, accessat, stat};
    let kind = FileType::from_raw_mode(stat(path)?.st_mode);
    if kind != FileType::RegularFile {
        return Err(io::Error::from_raw_os_error(libc::EACCES));
    }
    Ok(accessat(CWD, path, Access::EXEC_OK, AtFlags::empty())?)
}

/// Sets the execution domain.
pub fn set_personality(domain: u64) -> io::Result<()> {
    // SAFETY: a plain number.
    check_long(unsafe { libc::syscall(libc::SYS_personality, domain) })
}

/// Sets one limit, by its number.
pub fn set_limit(resource: u32, soft: u64, hard: u64) -> io::Result<()> {
    let limit = libc::rlimit64 {
        rlim_cur: soft,
        rlim_max: hard,
    };
    // SAFETY: the kernel reads `limit`; no old value is asked for.
    check_long(unsafe {
        libc::syscall(
            libc::SYS_prlimit64,
            0,
            resource,
            &raw const limit,
            ptr::null_mut::<libc::rlimit64>(),
        )
    })
}

/// The soft and hard value of one limit, by its number.
pub fn limit(resource: u32) -> io::Result<(u64, u64)> {
    let mut limit = libc::rlimit64 {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the kernel writes `limit`; no new value is set.
    check_long(unsafe {
        libc::syscall(
            libc::SYS_prlimit64,
            0,
            resource,
            ptr::null::<libc::rlimit64>(),
            &raw mut limit,
        )
    })?;
    Ok((limit.rlim_cur, limit.rlim_max))
}

/// A scheduling policy and its numbers, as sched_setattr(2) takes them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Schedule {
    /// `SCHED_*`.
    pub policy: u32,
    /// `SCHED_FLAG_*`.
    pub flags: u64,
    /// Nice value.
    pub nice: i32,
    /// Static priority.
    pub priority: u32,
    /// Runtime, deadline and period of the deadline policy, nanoseconds.
    pub deadline: [u64; 3],
}

#[repr(C)]
struct ScheduleAttributes {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    deadline: [u64; 3],
}

/// Sets how this process is scheduled.
pub fn set_schedule(schedule: &Schedule) -> io::Result<()> {
    let attributes = ScheduleAttributes {
        size: 48,
        policy: schedule.policy,
        flags: schedule.flags,
        nice: schedule.nice,
        priority: schedule.priority,
        deadline: schedule.deadline,
    };
    // SAFETY: the kernel reads the 48 bytes its size field states.
    check_long(unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) })
}

/// Sets the priority of disk accesses: class in the upper bits, level in the lower thirteen.
pub fn set_io_priority(value: i32) -> io::Result<()> {
    const WHO_PROCESS: i32 = 1;
    // SAFETY: plain numbers.
    check_long(unsafe { libc::syscall(libc::SYS_ioprio_set, WHO_PROCESS, 0, value) })
}

/// Pins this process to CPUs, bit `n` of the words standing for CPU `n`.
pub fn set_affinity(mask: &[u64]) -> io::Result<()> {
    // SAFETY: the kernel reads as many bytes as stated.
    check_long(unsafe {
        libc::syscall(
            libc::SYS_sched_setaffinity,
            0,
            size_of_val(mask),
            mask.as_ptr(),
        )
    })
}

/// Starts a session keyring of its own, so that the caller's keys are out of reach.
pub fn new_session_keyring(name: &CStr) -> io::Result<()> {
    const JOIN_SESSION_KEYRING: libc::c_long = 1;
    // SAFETY: the name stays alive through the call.
    check_long(unsafe { libc::syscall(libc::SYS_keyctl, JOIN_SESSION_KEYRING, name.as_ptr()) })
}

/// Marks all descriptors from `first` on to be closed by execve.
pub fn close_on_exec_from(first: u32) -> io::Result<()> {
    const CLOEXEC: u32 = 1 << 2;
    // SAFETY: plain numbers; only a flag of descriptors changes.
    check_long(unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, CLOEXEC) })
}

fn check(rc: libc::c_int) -> io::Result<()> {
    check_long(rc.into())
}

fn check_long(rc: libc::c_long) -> io::Result<()> {
    if rc < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}
