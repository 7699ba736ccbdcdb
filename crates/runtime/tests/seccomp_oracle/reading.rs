//! What a plain reading of a profile's rules allows.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use hull_oci::runtime_spec::{Action, Arg, CompareOp, Seccomp};
use hull_runtime::security::seccomp::Arch;

/// Set in the number of every x32 call.
const X32: u32 = 0x4000_0000;

/// The answers a plain reading of the rules allows: that of an unconditional rule, or those of
/// all rules whose conditions hold, or the default.
pub(crate) fn acceptable(
    profile: &Seccomp,
    token: u32,
    number: u32,
    args: &[u64; 6],
) -> BTreeSet<u32> {
    let lists = |name: &str| profile.architectures.iter().any(|known| known == name);
    let arch = match token {
        0xc000_003e if number & X32 == 0 || number == u32::MAX => Arch::X86_64,
        0xc000_003e if lists("SCMP_ARCH_X32") => Arch::X32,
        0x4000_0003 if lists("SCMP_ARCH_X86") => Arch::X86,
        _ => return BTreeSet::from([0]),
    };
    let wide = arch == Arch::X86_64;
    let mut answers = BTreeSet::new();
    for rule in &profile.syscalls {
        for name in &rule.names {
            let direct = number_of(arch, name) == Some(number);
            let carried = arch == Arch::X86
                && match name.as_str() {
                    "socket" => number == 102 && args[0] & 0xffff_ffff == 1,
                    "accept4" => number == 102 && args[0] & 0xffff_ffff == 18,
                    "shmat" => number == 117 && args[0] & 0xffff_ffff == 21,
                    _ => false,
                };
            let repeated = (0..6).any(|i| rule.args.iter().filter(|a| a.index == i).count() > 1);
            let test = |arg: &Arg| (carried && arg.index == 0) || holds(arg, args, wide);
            let met = match repeated {
                true => rule.args.iter().any(test),
                false => rule.args.iter().all(test),
            };
            let always = rule.args.iter().all(|arg| tautology(arg, wide));
            let answer = match rule.action {
                Action::Allow => 0x7fff_0000,
                Action::Log => 0x7ffc_0000,
                Action::Trap => 0x0003_0000,
                Action::KillProcess => 0x8000_0000,
                other => panic!("{other:?}"),
            };
            if direct && always {
                return BTreeSet::from([answer]);
            }
            if (direct || carried) && met {
                answers.insert(answer);
            }
        }
    }
    if answers.is_empty() {
        BTreeSet::from([0x0005_0001])
    } else {
        answers
    }
}

pub(crate) fn number_of(arch: Arch, name: &str) -> Option<u32> {
    static TABLE: LazyLock<HashMap<(u32, bool, &str), u32>> = LazyLock::new(|| {
        let of = |arch: Arch| {
            arch.syscalls()
                .map(move |(name, n)| ((arch.token(), arch == Arch::X32, name), n))
        };
        [Arch::X86_64, Arch::X86, Arch::X32]
            .into_iter()
            .flat_map(of)
            .collect()
    });
    TABLE.get(&(arch.token(), arch == Arch::X32, name)).copied()
}

pub(crate) fn halves(wide: bool) -> u64 {
    if wide { u64::MAX } else { u64::from(u32::MAX) }
}

/// Whether no value fails a condition because it compares no bits.
pub(crate) fn tautology(arg: &Arg, wide: bool) -> bool {
    arg.op == CompareOp::MaskedEqual && arg.value & halves(wide) == 0
}

pub(crate) fn holds(arg: &Arg, args: &[u64; 6], wide: bool) -> bool {
    let keep = halves(wide);
    let a = args[usize::try_from(arg.index).unwrap()] & keep;
    let value = arg.value & keep;
    match arg.op {
        CompareOp::NotEqual => a != value,
        CompareOp::Less => a < value,
        CompareOp::LessEqual => a <= value,
        CompareOp::Equal => a == value,
        CompareOp::GreaterEqual => a >= value,
        CompareOp::Greater => a > value,
        CompareOp::MaskedEqual => a & value == arg.value_two & value,
    }
}
