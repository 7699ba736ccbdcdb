//! Docker's default system call profile: a pure function of capabilities, kernel and architecture.
//!
//! The long list is `always`; what depends on something is here. Invariant: the result takes the
//! same decisions as Docker's profile of the same date for every capability set.

mod always;

use hull_oci::runtime_spec::{Action, Arg, CompareOp, Seccomp, SyscallRule};

use super::capabilities::mask_of;
use super::seccomp::Arch;

/// What a profile may depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// The container's bounding set.
    pub capabilities: u64,
    /// Version and patch level of the kernel, `(6, 12)`.
    pub kernel: (u32, u32),
    /// The architecture the container runs on.
    pub arch: Arch,
}

impl Context {
    /// A container with `capabilities` on the architecture hull was built for and any kernel hull
    /// runs on.
    pub fn native(capabilities: u64) -> Self {
        Self {
            capabilities,
            kernel: (5, 10),
            arch: Arch::NATIVE,
        }
    }

    /// As [`Context::native`] with the version of the running kernel, which users' profiles may ask
    /// for.
    pub fn host(capabilities: u64) -> Self {
        let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let native = Self::native(capabilities);
        Self {
            kernel: version_of(&release).unwrap_or(native.kernel),
            ..native
        }
    }

    /// Whether the container has the capability named `name`.
    pub fn has(&self, name: &str) -> bool {
        mask_of(name).is_some_and(|mask| self.capabilities & mask != 0)
    }
}

/// Version and patch level in a kernel's release, `6.1.0-56-cloud`.
fn version_of(release: &str) -> Option<(u32, u32)> {
    let mut parts = release.split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Calls that come with a capability.
const WITH_CAPABILITY: [(&str, &str); 15] = [
    ("CAP_DAC_READ_SEARCH", "open_by_handle_at"),
    (
        "CAP_SYS_ADMIN",
        "bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie \
         lsm_get_self_attr lsm_list_modules lsm_set_self_attr mount mount_setattr move_mount \
         open_tree perf_event_open quotactl quotactl_fd setdomainname sethostname setns syslog \
         umount umount2 unshare",
    ),
    ("CAP_SYS_BOOT", "reboot"),
    ("CAP_SYS_CHROOT", "chroot"),
    ("CAP_SYS_MODULE", "delete_module init_module finit_module"),
    ("CAP_SYS_PACCT", "acct"),
    (
        "CAP_SYS_PTRACE",
        "kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace",
    ),
    ("CAP_SYS_RAWIO", "iopl ioperm"),
    (
        "CAP_SYS_TIME",
        "settimeofday stime clock_settime clock_settime64",
    ),
    ("CAP_SYS_TTY_CONFIG", "vhangup"),
    (
        "CAP_SYS_NICE",
        "get_mempolicy mbind set_mempolicy set_mempolicy_home_node",
    ),
    ("CAP_SYSLOG", "syslog"),
    ("CAP_BPF", "bpf"),
    ("CAP_PERFMON", "perf_event_open"),
    // Since Linux 4.8 a traced process can't use ptrace to get around its filter.
    ("", "process_vm_readv process_vm_writev ptrace"),
];

/// Execution domains that do no harm: Linux, with and without a 32-bit machine name, and asking.
const PERSONALITIES: [u64; 5] = [0, 0x8, 0x2_0000, 0x2_0008, 0xffff_ffff];

/// Flags of clone that make namespaces: time, cgroup, UTS, IPC, user, pid, network, mount.
const NAMESPACES: u64 = 0x7e02_0000;

/// Socket families refused: AF_ALG has a history of holes, AF_VSOCK reaches the machine's host.
const AF_ALG: u64 = 38;
const AF_VSOCK: u64 = 40;

/// Docker's default profile for a container of `context`.
pub fn default_profile(context: &Context) -> Seccomp {
    let mut syscalls = vec![allow(always::ALWAYS, Vec::new())];
    syscalls.extend(conditional());
    for (capability, names) in WITH_CAPABILITY {
        let given = match capability {
            "" => context.kernel >= (4, 8),
            name => context.has(name),
        };
        if given {
            syscalls.push(allow(names, Vec::new()));
        }
    }
    syscalls.extend(of_architecture(context.arch));
    if !context.has("CAP_SYS_ADMIN") {
        let masked = arg(0, NAMESPACES, CompareOp::MaskedEqual);
        syscalls.push(allow("clone", vec![masked]));
        syscalls.push(SyscallRule {
            names: vec!["clone3".to_owned()],
            // Its flags are in memory, out of a filter's sight; "no such call" makes callers fall
            // back to clone.
            action: Action::Errno,
            errno_ret: Some(ENOSYS),
            args: Vec::new(),
        });
    }
    Seccomp {
        default_action: Action::Errno,
        default_errno_ret: Some(EPERM),
        architectures: architectures(context.arch),
        flags: Vec::new(),
        listener_path: String::new(),
        listener_metadata: String::new(),
        syscalls,
    }
}

const EPERM: u32 = 1;
const ENOSYS: u32 = 38;

/// Rules on arguments that hold for everybody.
fn conditional() -> Vec<SyscallRule> {
    let mut list = vec![
        allow("socket", vec![arg(0, AF_ALG, CompareOp::Less)]),
        allow("socket", vec![arg(0, AF_ALG + 1, CompareOp::Equal)]),
        allow("socket", vec![arg(0, AF_VSOCK, CompareOp::Greater)]),
    ];
    let personality = |&domain| allow("personality", vec![arg(0, domain, CompareOp::Equal)]);
    list.extend(PERSONALITIES.iter().map(personality));
    list
}

/// Rules of one architecture.
fn of_architecture(arch: Arch) -> Option<SyscallRule> {
    match arch {
        Arch::X86_64 | Arch::X32 => Some(allow("arch_prctl modify_ldt", Vec::new())),
        Arch::X86 => Some(allow("modify_ldt", Vec::new())),
        Arch::Aarch64 | Arch::Arm => Some(allow(
            "arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls",
            Vec::new(),
        )),
    }
}

/// The architectures a container may make calls of: the native one and its smaller kin.
pub fn architectures(arch: Arch) -> Vec<String> {
    let list: &[Arch] = match arch {
        Arch::X86_64 => &[Arch::X86_64, Arch::X86, Arch::X32],
        Arch::Aarch64 => &[Arch::Aarch64, Arch::Arm],
        Arch::X86 => &[Arch::X86],
        Arch::X32 => &[Arch::X32],
        Arch::Arm => &[Arch::Arm],
    };
    list.iter().map(|arch| arch.name().to_owned()).collect()
}

fn allow(names: &str, args: Vec<Arg>) -> SyscallRule {
    let names = names.split_whitespace().map(str::to_owned).collect();
    SyscallRule {
        names,
        action: Action::Allow,
        errno_ret: None,
        args,
    }
}

fn arg(index: u32, value: u64, op: CompareOp) -> Arg {
    Arg {
        index,
        value,
        value_two: 0,
        op,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases() {
        assert_eq!(version_of("6.1.0-56-cloud-amd64\n"), Some((6, 1)));
        assert_eq!(version_of("5.15"), Some((5, 15)));
        assert_eq!(version_of("garbage"), None);
        assert!(Context::host(0).kernel >= (4, 0));
    }
}
