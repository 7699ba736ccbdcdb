//! Processes held as descriptors, which never come to mean another process.
//!
//! Invariant: a pid is turned into a descriptor once and compared with a start time by whoever got
//! the number from a file; from then on only the descriptor is used.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, pidfd_open, pidfd_send_signal, waitid,
};

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It returned this code.
    Code(i32),
    /// This signal killed it.
    Signal(i32),
}

/// A descriptor of process `pid`.
pub fn open(pid: i32) -> io::Result<OwnedFd> {
    let pid = Pid::from_raw(pid).ok_or_else(|| io::Error::from_raw_os_error(libc::ESRCH))?;
    Ok(pidfd_open(pid, PidfdFlags::empty())?)
}

/// Sends signal `number` to the process.
pub fn signal(pidfd: impl AsFd, number: i32) -> io::Result<()> {
    let signal = Signal::from_named_raw(number)
        .or_else(|| real_time(number))
        .ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL))?;
    Ok(pidfd_send_signal(pidfd, signal)?)
}

fn real_time(number: i32) -> Option<Signal> {
    let range = libc::SIGRTMIN()..=libc::SIGRTMAX();
    // SAFETY: rustix asks that the number is a signal's and not one of those glibc keeps for
    // itself; SIGRTMIN and SIGRTMAX as glibc gives them bound exactly the free ones.
    range
        .contains(&number)
        .then(|| unsafe { Signal::from_raw_unchecked(number) })
}

/// Takes the exit of a child that has ended; `None` while it runs.
pub fn try_wait(pidfd: impl AsFd) -> io::Result<Option<Exit>> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
    let status = rustix::io::retry_on_intr(|| waitid(WaitId::PidFd(pidfd.as_fd()), options))?;
    Ok(status.and_then(|status| {
        let code = status.exit_status().map(Exit::Code);
        code.or_else(|| status.terminating_signal().map(Exit::Signal))
    }))
}

/// Waits at most `timeout` (for ever when `None`) until the process, a child or not, has ended.
pub fn wait_gone(pidfd: impl AsFd, timeout: Option<Duration>) -> io::Result<bool> {
    crate::poll::readable(pidfd.as_fd(), timeout)
}

/// Takes the exit of some child that has ended, with its pid; `None` when there is none now.
pub fn reap_next() -> Option<(i32, Exit)> {
    let wait = || rustix::process::wait(rustix::process::WaitOptions::NOHANG);
    let (pid, status) = rustix::io::retry_on_intr(wait).ok()??;
    let exit = match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, signal) => Exit::Signal(signal?),
    };
    Some((pid.as_raw_nonzero().get(), exit))
}

/// Takes the exits of all children that have ended, except `kept`'s.
pub fn reap_others(kept: i32) {
    // A kept child that has ended hides those behind it until it is taken; they can wait.
    while let Some(pid) = ended_child().filter(|&pid| pid != kept) {
        let Some(pid) = Pid::from_raw(pid) else {
            return;
        };
        waitid(
            WaitId::Pid(pid),
            WaitIdOptions::EXITED | WaitIdOptions::NOHANG,
        )
        .ok();
    }
}

/// Some child that has ended and whose exit nobody took.
fn ended_child() -> Option<i32> {
    // SAFETY: a siginfo_t is plain data, for which all zeroes is a value.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: info is writable and lives through the call.
    let result = unsafe { libc::waitid(libc::P_ALL, 0, &raw mut info, options) };
    // SAFETY: after waitid the structure is that of SIGCHLD, or still all zeroes.
    let pid = unsafe { info.si_pid() };
    (result == 0 && pid > 0).then_some(pid)
}
