//! Architectures a filter can cover, and what system calls are called and numbered on them.
//!
//! The numbers are data in `syscalls.tsv`. Invariant: a name that is not in the data, or not on an
//! architecture, is nobody's fault: profiles are written for many kernels at once.

/// An architecture whose calls a kernel of ours can receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Arch {
    /// 64-bit Intel and AMD.
    X86_64,
    /// 32-bit calls on the same.
    X86,
    /// 64-bit calls with 32-bit pointers, which say they are of [`Arch::X86_64`].
    X32,
    /// 64-bit Arm.
    Aarch64,
    /// 32-bit calls on the same.
    Arm,
}

/// Set in the number of every x32 call.
pub(super) const X32_BIT: u32 = 0x4000_0000;

const TABLE: &str = include_str!("syscalls.tsv");

impl Arch {
    /// The architecture hull was built for.
    pub const NATIVE: Self = if cfg!(target_arch = "aarch64") {
        Self::Aarch64
    } else {
        Self::X86_64
    };

    /// The architecture of an OCI name; `None` when nobody knows the name, `Some(None)` when no call
    /// of it can reach a kernel that runs this hull.
    pub fn parse(name: &str) -> Option<Option<Self>> {
        const OTHERS: [&str; 18] = [
            "MIPS",
            "MIPS64",
            "MIPS64N32",
            "MIPSEL",
            "MIPSEL64",
            "MIPSEL64N32",
            "PPC",
            "PPC64",
            "PPC64LE",
            "S390",
            "S390X",
            "PARISC",
            "PARISC64",
            "RISCV64",
            "LOONGARCH64",
            "M68K",
            "SH",
            "SHEB",
        ];
        let own = match name.strip_prefix("SCMP_ARCH_").unwrap_or(name) {
            "X86_64" => Self::X86_64,
            "X86" => Self::X86,
            "X32" => Self::X32,
            "AARCH64" => Self::Aarch64,
            "ARM" => Self::Arm,
            "NATIVE" => Self::NATIVE,
            other if OTHERS.contains(&other) => return Some(None),
            _ => return None,
        };
        Some(Some(own))
    }

    /// The OCI name.
    pub fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "SCMP_ARCH_X86_64",
            Self::X86 => "SCMP_ARCH_X86",
            Self::X32 => "SCMP_ARCH_X32",
            Self::Aarch64 => "SCMP_ARCH_AARCH64",
            Self::Arm => "SCMP_ARCH_ARM",
        }
    }

    /// What the kernel calls it in `seccomp_data`.
    pub fn token(self) -> u32 {
        match self {
            Self::X86_64 | Self::X32 => 0xc000_003e,
            Self::X86 => 0x4000_0003,
            Self::Aarch64 => 0xc000_00b7,
            Self::Arm => 0x4000_0028,
        }
    }

    /// Whether all 64 bits of an argument are compared.
    pub fn is_wide(self) -> bool {
        matches!(self, Self::X86_64 | Self::Aarch64)
    }

    /// Whether sockets and System V IPC can also be reached through one call for all.
    pub fn has_multiplexed(self) -> bool {
        self == Self::X86
    }

    /// Every name and number of this architecture.
    pub fn syscalls(self) -> impl Iterator<Item = (&'static str, u32)> {
        let column = match self {
            Self::X86_64 => 1,
            Self::X86 => 2,
            Self::X32 => 3,
            Self::Aarch64 => 4,
            Self::Arm => 5,
        };
        let bit = if self == Self::X32 { X32_BIT } else { 0 };
        TABLE.lines().skip(1).filter_map(move |line| {
            let mut fields = line.split('\t');
            let name = fields.next()?;
            let number: u32 = fields.nth(column - 1)?.parse().ok()?;
            Some((name, number | bit))
        })
    }
}

/// `socketcall` and `ipc` on x86: their numbers.
pub(super) const SOCKETCALL: u32 = 102;
/// See [`SOCKETCALL`].
pub(super) const IPC: u32 = 117;

/// The call that carries `name` as one of its operations, and the operation's number.
pub(super) fn multiplexed(name: &str) -> Option<(u32, u64)> {
    let (call, operation) = match name {
        "socket" => (SOCKETCALL, 1),
        "bind" => (SOCKETCALL, 2),
        "connect" => (SOCKETCALL, 3),
        "listen" => (SOCKETCALL, 4),
        "accept" => (SOCKETCALL, 5),
        "getsockname" => (SOCKETCALL, 6),
        "getpeername" => (SOCKETCALL, 7),
        "socketpair" => (SOCKETCALL, 8),
        "send" => (SOCKETCALL, 9),
        "recv" => (SOCKETCALL, 10),
        "sendto" => (SOCKETCALL, 11),
        "recvfrom" => (SOCKETCALL, 12),
        "shutdown" => (SOCKETCALL, 13),
        "setsockopt" => (SOCKETCALL, 14),
        "getsockopt" => (SOCKETCALL, 15),
        "sendmsg" => (SOCKETCALL, 16),
        "recvmsg" => (SOCKETCALL, 17),
        "accept4" => (SOCKETCALL, 18),
        "recvmmsg" => (SOCKETCALL, 19),
        "sendmmsg" => (SOCKETCALL, 20),
        "semop" => (IPC, 1),
        "semget" => (IPC, 2),
        "semctl" => (IPC, 3),
        "semtimedop" => (IPC, 4),
        "msgsnd" => (IPC, 11),
        "msgrcv" => (IPC, 12),
        "msgget" => (IPC, 13),
        "msgctl" => (IPC, 14),
        "shmat" => (IPC, 21),
        "shmdt" => (IPC, 22),
        "shmget" => (IPC, 23),
        "shmctl" => (IPC, 24),
        _ => return None,
    };
    Some((call, operation))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(arch: Arch, name: &str) -> Option<u32> {
        arch.syscalls()
            .find(|(known, _)| *known == name)
            .map(|(_, number)| number)
    }

    #[test]
    fn numbers_by_architecture() {
        assert_eq!(number(Arch::X86_64, "clone3"), Some(435));
        assert_eq!(number(Arch::X32, "execve"), Some(X32_BIT | 520));
        assert_eq!(number(Arch::X86, "socketcall"), Some(SOCKETCALL));
        assert_eq!(number(Arch::X86, "ipc"), Some(IPC));
        assert_eq!(number(Arch::Aarch64, "open"), None);
        assert_eq!(number(Arch::Arm, "set_tls"), Some(983_045));
    }

    #[test]
    fn names_of_architectures() {
        for arch in [Arch::X86_64, Arch::X86, Arch::X32, Arch::Aarch64, Arch::Arm] {
            assert_eq!(Arch::parse(arch.name()), Some(Some(arch)));
            assert!(arch.syscalls().count() > 300);
        }
        assert_eq!(Arch::parse("SCMP_ARCH_S390X"), Some(None));
        assert_eq!(Arch::parse("SCMP_ARCH_VAX"), None);
    }
}
