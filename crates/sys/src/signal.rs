//! Signals of this process: which are ignored, and reading the others from a descriptor.
//!
//! Invariant: whoever blocks signals here and starts programs later must give those programs an
//! empty mask, with [`reset_for`] or as `runtime` does.

use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

/// Signal numbers used by name in this workspace.
pub mod number {
    /// Hang-up.
    pub const HUP: i32 = libc::SIGHUP;
    /// Interrupt.
    pub const INT: i32 = libc::SIGINT;
    /// Quit.
    pub const QUIT: i32 = libc::SIGQUIT;
    /// Kill.
    pub const KILL: i32 = libc::SIGKILL;
    /// Broken pipe.
    pub const PIPE: i32 = libc::SIGPIPE;
    /// Termination.
    pub const TERM: i32 = libc::SIGTERM;
    /// A child changed.
    pub const CHILD: i32 = libc::SIGCHLD;
    /// Output of a background job to its terminal.
    pub const TTOU: i32 = libc::SIGTTOU;
    /// Input of a background job from its terminal.
    pub const TTIN: i32 = libc::SIGTTIN;
    /// Stop typed at a terminal.
    pub const TSTP: i32 = libc::SIGTSTP;
}

/// Ignores signal `number` from now on.
pub fn ignore(number: i32) -> io::Result<()> {
    // SAFETY: signal(2) with SIG_IGN installs no handler of ours and takes any number, refusing
    // those that are none.
    let previous = unsafe { libc::signal(number, libc::SIG_IGN) };
    if previous == libc::SIG_ERR {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

fn set_of(numbers: &[i32]) -> libc::sigset_t {
    // SAFETY: a sigset_t is plain integers, for which all zeroes is a value (the empty set).
    let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
    for &number in numbers {
        // SAFETY: set is valid for writing; an impossible number is refused by sigaddset.
        unsafe { libc::sigaddset(&raw mut set, number) };
    }
    set
}

/// Blocks `numbers` and reads them from a descriptor instead, which never blocks.
pub fn descriptor(numbers: &[i32]) -> io::Result<Signals> {
    let set = set_of(numbers);
    // SAFETY: set is initialised; no old mask is asked for.
    let blocked =
        unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) };
    if blocked != 0 {
        return Err(io::Error::from_raw_os_error(blocked));
    }
    // SAFETY: -1 asks for a new descriptor; set is initialised.
    let fd = unsafe { libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) };
    if fd == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor is new and ours.
    Ok(Signals(unsafe { OwnedFd::from_raw_fd(fd) }))
}

/// As [`descriptor`], for every signal but those that tell of a fault of this very program.
pub fn descriptor_of_all() -> io::Result<Signals> {
    let faults = [
        libc::SIGFPE,
        libc::SIGILL,
        libc::SIGSEGV,
        libc::SIGBUS,
        libc::SIGABRT,
        libc::SIGTRAP,
        libc::SIGSYS,
    ];
    let all = (1..=libc::SIGRTMAX()).filter(|number| !faults.contains(number));
    descriptor(&all.collect::<Vec<_>>())
}

/// Sends signal `number` to process `pid`, a child of ours whose exit was not taken yet.
pub fn send_to_child(pid: i32, number: i32) -> io::Result<()> {
    // SAFETY: plain numbers; whoever calls knows that the pid still names his child.
    let result = unsafe { libc::kill(pid, number) };
    if result == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Makes the program `command` will start lead a process group of its own, in the foreground of the
/// terminal on standard input if there is one, with the default action for terminal stops.
pub fn lead_foreground(command: &mut std::process::Command) {
    let prepare = || {
        // SAFETY: plain numbers; failing (already a leader) changes nothing.
        unsafe { libc::setpgid(0, 0) };
        // SAFETY: as above. Ignored while the terminal is taken from the background.
        unsafe { libc::signal(libc::SIGTTOU, libc::SIG_IGN) };
        // SAFETY: plain numbers; failing (no terminal) changes nothing.
        let group = unsafe { libc::getpgrp() };
        // SAFETY: as above.
        unsafe { libc::tcsetpgrp(0, group) };
        crate::signal_mask::reset_all();
        Ok(())
    };
    // SAFETY: the closure runs between fork and exec, and calls only async-signal-safe functions that
    // neither allocate nor lock.
    unsafe { std::os::unix::process::CommandExt::pre_exec(command, prepare) };
}

/// Gives the program `command` will start no blocked and no ignored signals. (The standard library
/// hands this process' own on.)
pub fn reset_for(command: &mut std::process::Command) {
    let prepare = || {
        crate::signal_mask::reset_all();
        Ok(())
    };
    // SAFETY: the closure runs between fork and exec; the reset neither allocates nor locks.
    unsafe { std::os::unix::process::CommandExt::pre_exec(command, prepare) };
}

/// A descriptor that tells signals; poll it for readability.
#[derive(Debug)]
pub struct Signals(OwnedFd);

impl AsFd for Signals {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Signals {
    /// The number of the next signal that came, `None` when there is none.
    pub fn next_signal(&self) -> io::Result<Option<i32>> {
        let mut record = [0_u8; size_of::<libc::signalfd_siginfo>()];
        // SAFETY: the buffer is writable for its whole length, which is that of one record.
        let length =
            unsafe { libc::read(self.0.as_raw_fd(), record.as_mut_ptr().cast(), record.len()) };
        if length == -1 {
            let cause = io::Error::last_os_error();
            return match cause.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(None),
                _ => Err(cause),
            };
        }
        // ssi_signo is the first field, 32 bits in the machine's order (signalfd(2)).
        let number = record.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes));
        Ok(number.and_then(|number| i32::try_from(number).ok()))
    }
}
