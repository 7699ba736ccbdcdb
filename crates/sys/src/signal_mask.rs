//! The signal mask around a clone: all blocked for a while, then a clean slate for a new program.
//!
//! Leaves to `signal`: receiving them. Invariant: nothing here allocates.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;

/// All signals are blocked while this lives; dropping it brings the former mask back.
#[derive(Debug)]
pub struct Blocked(libc::sigset_t);

/// Blocks every signal that can be.
pub fn block_all() -> io::Result<Blocked> {
    let all = full();
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: both sets are valid for the call; the kernel fills `before`.
    let rc = unsafe { libc::sigprocmask(libc::SIG_SETMASK, &raw const all, before.as_mut_ptr()) };
    if rc != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the successful call above initialised it.
    Ok(Blocked(unsafe { before.assume_init() }))
}

impl Drop for Blocked {
    fn drop(&mut self) {
        // SAFETY: a valid set; nothing is written.
        unsafe { libc::sigprocmask(libc::SIG_SETMASK, &raw const self.0, ptr::null_mut()) };
    }
}

/// Default actions for all signals and none blocked: what a new program expects. Allocates nothing.
pub fn reset_all() {
    for number in 1..=64 {
        // glibc keeps 32 and 33 for itself and refuses them; they are at their default anyway.
        // SAFETY: SIG_DFL is no function of ours; an invalid number is refused by the call.
        unsafe { libc::signal(number, libc::SIG_DFL) };
    }
    let mut none = full();
    // SAFETY: a valid set of our own.
    unsafe { libc::sigemptyset(&raw mut none) };
    // SAFETY: a valid set; nothing is written.
    unsafe { libc::sigprocmask(libc::SIG_SETMASK, &raw const none, ptr::null_mut()) };
}

fn full() -> libc::sigset_t {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: fills the set it is given.
    unsafe { libc::sigfillset(set.as_mut_ptr()) };
    // SAFETY: filled by the call above.
    unsafe { set.assume_init() }
}
