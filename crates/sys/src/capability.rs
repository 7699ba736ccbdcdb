//! Capability sets of the calling thread as bit masks: what it holds, and giving them up.
//!
//! Names and OCI semantics live in `hull-runtime`'s `security::capabilities`. Invariant: every
//! function that changes something allocates nothing, so it may run between clone and exec.

use std::io;

/// The five sets, bit `n` standing for capability number `n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sets {
    /// The limit on what exec can ever grant.
    pub bounding: u64,
    /// What the kernel checks now.
    pub effective: u64,
    /// What may be made effective.
    pub permitted: u64,
    /// What survives exec of a file that asks for it.
    pub inheritable: u64,
    /// What survives exec of any file.
    pub ambient: u64,
}

/// The kernel's version 3 header of capget and capset: two words per set.
const VERSION_3: u32 = 0x2008_0522;

#[repr(C)]
struct Header {
    version: u32,
    pid: i32,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Data {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// Reads all five sets of the calling thread.
pub fn held() -> io::Result<Sets> {
    let mut header = Header {
        version: VERSION_3,
        pid: 0,
    };
    let mut data = [Data::default(); 2];
    // SAFETY: header and data are valid for the kernel to read and write for this call, and
    // version 3 takes exactly two data elements.
    let rc = unsafe { libc::syscall(libc::SYS_capget, &raw mut header, data.as_mut_ptr()) };
    check(rc)?;
    let [low, high] = data;
    let (bounding, ambient) = bounding_and_ambient()?;
    Ok(Sets {
        bounding,
        effective: join(low.effective, high.effective),
        permitted: join(low.permitted, high.permitted),
        inheritable: join(low.inheritable, high.inheritable),
        ambient,
    })
}

/// Reads the bounding and ambient sets, one question per capability the kernel knows.
fn bounding_and_ambient() -> io::Result<(u64, u64)> {
    let (mut bounding, mut ambient) = (0u64, 0u64);
    for number in 0..64u32 {
        match prctl(libc::PR_CAPBSET_READ, number.into(), 0) {
            Ok(0) => {}
            Ok(_) => bounding |= 1 << number,
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => break,
            Err(error) => return Err(error),
        }
        if matches!(
            prctl(libc::PR_CAP_AMBIENT, AMBIENT_IS_SET, number.into()),
            Ok(1)
        ) {
            ambient |= 1 << number;
        }
    }
    Ok((bounding, ambient))
}

/// Drops from the bounding set whatever `keep` lacks; `held` is the present set, so that nothing is
/// asked twice.
pub fn limit_bounding(held: u64, keep: u64) -> io::Result<()> {
    let mut drop = held & !keep;
    while drop != 0 {
        let number = u64::from(drop.trailing_zeros());
        prctl(libc::PR_CAPBSET_DROP, number, 0)?;
        drop &= drop - 1;
    }
    Ok(())
}

/// Whether the permitted set survives the coming change of user id.
pub fn keep_over_setuid(keep: bool) -> io::Result<()> {
    prctl(libc::PR_SET_KEEPCAPS, keep.into(), 0).map(drop)
}

/// Sets effective, permitted and inheritable, then makes the ambient set exactly `sets.ambient`.
/// The bounding set is left to [`limit_bounding`], which must run before the user id changes.
pub fn apply(sets: &Sets) -> io::Result<()> {
    let mut header = Header {
        version: VERSION_3,
        pid: 0,
    };
    let data = [half(sets, 0), half(sets, 32)];
    // SAFETY: header and data are valid for this call; version 3 takes two data elements.
    let rc = unsafe { libc::syscall(libc::SYS_capset, &raw mut header, data.as_ptr()) };
    check(rc)?;
    match prctl(libc::PR_CAP_AMBIENT, AMBIENT_CLEAR_ALL, 0) {
        Ok(_) => {}
        // Kernels before 4.3 have no ambient set, so there is nothing to clear.
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) && sets.ambient == 0 => {}
        Err(error) => return Err(error),
    }
    let mut raise = sets.ambient;
    while raise != 0 {
        let number = u64::from(raise.trailing_zeros());
        prctl(libc::PR_CAP_AMBIENT, AMBIENT_RAISE, number)?;
        raise &= raise - 1;
    }
    Ok(())
}

/// Forbids this thread and its children to gain privileges by exec, for good.
pub fn no_new_privileges() -> io::Result<()> {
    prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0).map(drop)
}

const AMBIENT_IS_SET: u64 = 1;
const AMBIENT_RAISE: u64 = 2;
const AMBIENT_CLEAR_ALL: u64 = 4;

fn join(low: u32, high: u32) -> u64 {
    u64::from(low) | (u64::from(high) << 32)
}

/// One 32-bit half of each set, `shift` being 0 or 32.
fn half(sets: &Sets, shift: u32) -> Data {
    let word = |set: u64| u32::try_from((set >> shift) & u64::from(u32::MAX)).unwrap_or(0);
    Data {
        effective: word(sets.effective),
        permitted: word(sets.permitted),
        inheritable: word(sets.inheritable),
    }
}

fn prctl(option: i32, first: u64, second: u64) -> io::Result<libc::c_int> {
    // SAFETY: every option used in this file takes plain numbers, no pointers.
    let rc = unsafe { libc::prctl(option, first, second, 0u64, 0u64) };
    check(rc.into())?;
    Ok(rc)
}

fn check(rc: libc::c_long) -> io::Result<()> {
    if rc < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn held_agrees_with_proc() {
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        let line = |name: &str| {
            let text = status.lines().find_map(|l| l.strip_prefix(name)).unwrap();
            u64::from_str_radix(text.trim(), 16).unwrap()
        };
        let sets = held().unwrap();
        assert_eq!(sets.bounding, line("CapBnd:"));
        assert_eq!(sets.effective, line("CapEff:"));
        assert_eq!(sets.permitted, line("CapPrm:"));
        assert_eq!(sets.inheritable, line("CapInh:"));
        assert_eq!(sets.ambient, line("CapAmb:"));
    }

    #[test]
    fn dropped_capabilities_are_gone() {
        // A thread of its own: capabilities are per thread, and the test runner keeps its own.
        std::thread::spawn(|| {
            let before = held().unwrap();
            let keep = before.permitted & 0xff;
            if before.permitted & (1 << 8) == 0 {
                return; // CAP_SETPCAP is needed to drop from the bounding set
            }
            limit_bounding(before.bounding, keep).unwrap();
            let sets = Sets {
                bounding: keep,
                effective: keep,
                permitted: keep,
                inheritable: keep,
                ambient: keep & 1,
            };
            apply(&sets).unwrap();
            assert_eq!(held().unwrap(), sets);
        })
        .join()
        .unwrap();
    }
}
