//! Making a process: clone3 with namespaces, either as vfork (one memory, the parent waits until the
//! child executes or ends) or as fork.
//!
//! What the child does is the caller's closure. Invariants: the calling process has one thread, else
//! nothing is cloned (a lock held by another thread would stay locked in the child for ever); and a
//! vfork child allocates nothing, because it may be killed at any instant and the heap is its
//! parent's.

use std::ffi::c_void;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;

use crate::signal_mask;

/// How parent and child live together until the child executes a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// One memory; the parent stands still until the child executes or ends.
    Shared,
    /// The child has a copy; both run.
    Copied,
}

/// What to clone.
#[derive(Debug)]
pub struct Clone<'a> {
    /// New namespaces and other `CLONE_*` flags.
    pub flags: u64,
    /// One memory or two.
    pub memory: Memory,
    /// The cgroup (v2) the child starts in.
    pub cgroup: Option<BorrowedFd<'a>>,
}

/// A child that was made.
#[derive(Debug)]
pub struct Child {
    /// Its number in our pid namespace.
    pub pid: i32,
    /// Its descriptor.
    pub pidfd: OwnedFd,
}

/// The child gets the caller's parent as its parent.
pub const PARENT: u64 = libc::CLONE_PARENT as u64;

const STACK: usize = 256 * 1024;
const INTO_CGROUP: u64 = 0x2_0000_0000;

#[repr(C)]
#[derive(Default)]
struct Arguments {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

/// How many threads this process has.
pub fn threads() -> io::Result<u64> {
    let stat = rustix::fs::stat(c"/proc/self/task")?;
    Ok(stat.st_nlink.saturating_sub(2))
}

/// Makes a child that runs `body` on a stack of its own and ends with the code it gives.
///
/// All signals are blocked in the child until it says otherwise, and were so before it existed, so
/// that no handler of the parent ever runs in it.
pub fn clone<F: FnMut() -> u8>(wish: &Clone<'_>, mut body: F) -> io::Result<Child> {
    if threads()? != 1 {
        return Err(io::Error::new(
            io::ErrorKind::ResourceBusy,
            "the process has more than one thread",
        ));
    }
    let stack = Stack::map()?;
    let blocked = signal_mask::block_all()?;
    let mut pidfd: libc::c_int = -1;
    let mut arguments = Arguments {
        flags: wish.flags | libc::CLONE_PIDFD as u64,
        pidfd: (&raw mut pidfd) as u64,
        exit_signal: libc::SIGCHLD as u64,
        stack: stack.base as u64,
        stack_size: STACK as u64,
        ..Arguments::default()
    };
    if wish.flags & PARENT != 0 {
        arguments.exit_signal = 0;
    }
    if wish.memory == Memory::Shared {
        arguments.flags |= (libc::CLONE_VM | libc::CLONE_VFORK) as u64;
    }
    if let Some(group) = wish.cgroup {
        arguments.flags |= INTO_CGROUP;
        arguments.cgroup = u64::try_from(group.as_raw_fd()).unwrap_or(u64::MAX);
    }
    let data = (&raw mut body).cast::<c_void>();
    // SAFETY: the arguments describe a live stack of the stated size; `enter::<F>` never returns, so
    // the child never comes back into this frame; `body` outlives the child's use of it, because with
    // shared memory this thread stands still until the child executes or ends, and otherwise the
    // child has a copy.
    let answer = unsafe { raw_clone(&arguments, enter::<F>, data) };
    drop(blocked);
    let pid = answer?;
    // SAFETY: CLONE_PIDFD wrote a fresh descriptor that nobody else owns.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    Ok(Child { pid, pidfd })
}

extern "C" fn enter<F: FnMut() -> u8>(data: *mut c_void) -> ! {
    // SAFETY: `clone` passes a pointer to its own live `F`, which nobody else uses meanwhile.
    let body = unsafe { &mut *data.cast::<F>() };
    let code = body();
    crate::process::exit(code)
}

/// A stack of its own for a child, with an inaccessible page below it.
struct Stack {
    map: *mut c_void,
    base: *mut c_void,
}

const GUARD: usize = 4096;

impl Stack {
    fn map() -> io::Result<Self> {
        // SAFETY: an anonymous mapping at an address of the kernel's choice overlaps nothing.
        let map = unsafe {
            libc::mmap(
                ptr::null_mut(),
                STACK + GUARD,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK,
                -1,
                0,
            )
        };
        if map == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the first page of the mapping just made; nothing lies in it.
        let rc = unsafe { libc::mprotect(map, GUARD, libc::PROT_NONE) };
        let stack = Self {
            map,
            base: map.wrapping_byte_add(GUARD),
        };
        if rc != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(stack)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: the mapping made in `map`, which no child of shared memory uses any more: it has
        // executed or ended before `clone` returns.
        unsafe { libc::munmap(self.map, STACK + GUARD) };
    }
}

type Entry = extern "C" fn(*mut c_void) -> !;

/// The call itself, answered in the parent only.
///
/// # Safety
/// `arguments` must describe a stack that stays mapped while the child uses it.
unsafe fn raw_clone(arguments: &Arguments, entry: Entry, data: *mut c_void) -> io::Result<i32> {
    let answer: i64;
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the child starts on its own stack right after `syscall` and leaves this block only
    // through `entry`, which never returns; the parent sees an ordinary system call.
    unsafe {
        std::arch::asm!(
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "xor ebp, ebp",
            "mov rdi, r12",
            "call r13",
            "ud2",
            "2:",
            inlateout("rax") libc::SYS_clone3 => answer,
            in("rdi") ptr::from_ref(arguments),
            in("rsi") size_of::<Arguments>(),
            in("r12") data,
            in("r13") entry,
            lateout("rcx") _,
            lateout("r11") _,
        );
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: as above, in the words of this processor.
    unsafe {
        std::arch::asm!(
            "svc 0",
            "cbnz x0, 2f",
            "mov x29, xzr",
            "mov x0, x20",
            "blr x21",
            "brk 1",
            "2:",
            in("x8") libc::SYS_clone3,
            inlateout("x0") ptr::from_ref(arguments) => answer,
            in("x1") size_of::<Arguments>(),
            in("x20") data,
            in("x21") entry,
        );
    }
    if answer < 0 {
        let code = i32::try_from(-answer).unwrap_or(libc::EINVAL);
        return Err(io::Error::from_raw_os_error(code));
    }
    i32::try_from(answer).map_err(|_| io::Error::from_raw_os_error(libc::EOVERFLOW))
}

#[cfg(test)]
mod tests {
    // Every test here runs in a process of its own (see tests/clone.rs): the test runner has threads.
    use super::*;

    #[test]
    fn refuses_beside_other_threads() {
        let wish = Clone {
            flags: 0,
            memory: Memory::Copied,
            cgroup: None,
        };
        let error = std::thread::spawn(move || clone(&wish, || 0).unwrap_err())
            .join()
            .unwrap();
        assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
    }
}
