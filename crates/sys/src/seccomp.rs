//! Installing a finished seccomp filter on the calling thread.
//!
//! Filters are compiled by `hull-runtime`'s `security::seccomp`; this file only knows the kernel's
//! form of one instruction. Invariant: [`load`] allocates nothing, so it may run between clone and
//! exec, and it never sets no-new-privileges by itself.

use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

/// One instruction of classic BPF, laid out as the kernel's `struct sock_filter`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Instruction {
    /// Operation.
    pub code: u16,
    /// Instructions to skip when the comparison holds.
    pub jt: u8,
    /// Instructions to skip when it does not.
    pub jf: u8,
    /// Operand.
    pub k: u32,
}

/// The longest program the kernel takes.
pub const MAX_INSTRUCTIONS: usize = 4096;

/// All threads of the process get the filter.
pub const FLAG_TSYNC: u32 = 1;
/// Actions other than allow are logged.
pub const FLAG_LOG: u32 = 1 << 1;
/// No mitigation of speculative store bypass.
pub const FLAG_SPEC_ALLOW: u32 = 1 << 2;
/// A descriptor for notifications is returned.
pub const FLAG_NEW_LISTENER: u32 = 1 << 3;
/// A notified caller can only be interrupted by fatal signals.
pub const FLAG_WAIT_KILLABLE_RECV: u32 = 1 << 5;

const SET_MODE_FILTER: libc::c_long = 1;
const GET_ACTION_AVAIL: libc::c_long = 2;

#[repr(C)]
struct Program {
    length: libc::c_ushort,
    instructions: *const Instruction,
}

/// Puts `program` on the calling thread; with [`FLAG_NEW_LISTENER`] gives the notification
/// descriptor. Needs no-new-privileges or CAP_SYS_ADMIN in its user namespace.
pub fn load(program: &[Instruction], flags: u32) -> io::Result<Option<OwnedFd>> {
    let length = match libc::c_ushort::try_from(program.len()) {
        Ok(length) if program.len() <= MAX_INSTRUCTIONS => length,
        _ => return Err(io::Error::from_raw_os_error(libc::E2BIG)),
    };
    let form = Program {
        length,
        instructions: program.as_ptr(),
    };
    // SAFETY: `form` and the instructions it points to live through the call; the kernel copies
    // and verifies them.
    let rc = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            SET_MODE_FILTER,
            libc::c_ulong::from(flags),
            &raw const form,
        )
    };
    if rc < 0 {
        return Err(io::Error::last_os_error());
    }
    if flags & FLAG_NEW_LISTENER == 0 {
        // With TSYNC a positive answer is the thread that could not be brought in step.
        return if rc == 0 {
            Ok(None)
        } else {
            Err(io::Error::from_raw_os_error(libc::ESRCH))
        };
    }
    let fd = i32::try_from(rc).map_err(|_| io::Error::from_raw_os_error(libc::EBADF))?;
    // SAFETY: with NEW_LISTENER a non-negative answer is a fresh descriptor owned by nobody else.
    Ok(Some(unsafe { OwnedFd::from_raw_fd(fd) }))
}

/// Whether this kernel knows a return action (`SECCOMP_RET_*`, without data).
pub fn knows_action(action: u32) -> bool {
    // SAFETY: the kernel reads four bytes from a valid pointer.
    let rc = unsafe { libc::syscall(libc::SYS_seccomp, GET_ACTION_AVAIL, 0u64, &raw const action) };
    rc == 0
}

/// Whether this kernel knows `flags`: it complains about the missing program only after them.
pub fn knows_flags(flags: u32) -> bool {
    // SAFETY: the null program is never followed, the call fails with EFAULT or EINVAL.
    let rc = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            SET_MODE_FILTER,
            libc::c_ulong::from(flags),
            std::ptr::null::<Program>(),
        )
    };
    rc < 0 && io::Error::last_os_error().raw_os_error() == Some(libc::EFAULT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instruction_has_the_kernels_layout() {
        assert_eq!(size_of::<Instruction>(), 8);
        assert_eq!(align_of::<Instruction>(), 4);
    }

    #[test]
    fn kernel_knows_errno_and_log_but_not_nonsense() {
        assert!(knows_action(0x0005_0000));
        assert!(!knows_action(0x0001_1000));
        assert!(knows_flags(FLAG_LOG));
        assert!(!knows_flags(1 << 30));
    }

    #[test]
    fn too_long_a_program_is_refused() {
        let program = vec![Instruction::default(); MAX_INSTRUCTIONS + 1];
        let error = load(&program, 0).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::E2BIG));
    }

    #[test]
    fn filter_takes_effect_in_a_thread() {
        std::thread::spawn(|| {
            crate::capability::no_new_privileges().unwrap();
            let number = u32::try_from(libc::SYS_getppid).unwrap();
            let program = [
                Instruction {
                    code: 0x20,
                    jt: 0,
                    jf: 0,
                    k: 0,
                },
                Instruction {
                    code: 0x15,
                    jt: 0,
                    jf: 1,
                    k: number,
                },
                Instruction {
                    code: 0x06,
                    jt: 0,
                    jf: 0,
                    k: 0x0005_0000 | 42,
                },
                Instruction {
                    code: 0x06,
                    jt: 0,
                    jf: 0,
                    k: 0x7fff_0000,
                },
            ];
            assert!(load(&program, 0).unwrap().is_none());
            // SAFETY: getppid takes nothing; it is called by number to see the errno.
            let rc = unsafe { libc::syscall(libc::SYS_getppid) };
            assert_eq!(
                (rc, io::Error::last_os_error().raw_os_error()),
                (-1, Some(42))
            );
        })
        .join()
        .unwrap();
    }
}
