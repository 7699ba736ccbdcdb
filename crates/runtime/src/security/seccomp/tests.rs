//! What programs answer, run by a small interpreter of the kernel's rules.

use hull_oci::runtime_spec::{Action, Arg, CompareOp, Seccomp, SyscallRule};
use hull_sys::seccomp::Instruction;

use super::{Arch, Filter};
use crate::security::capabilities::{ALL, DEFAULT};
use crate::security::profile::{Context, default_profile};

const ALLOW: u32 = 0x7fff_0000;
const EPERM: u32 = 0x0005_0001;

/// What `program` answers to a call; panics on what the kernel would refuse.
fn run(program: &[Instruction], arch: Arch, number: u32, args: [u64; 6]) -> u32 {
    let mut data = [0u32; 16];
    data[0] = number;
    data[1] = arch.token();
    for (place, arg) in args.iter().enumerate() {
        data[4 + 2 * place] = u32::try_from(arg & 0xffff_ffff).unwrap();
        data[5 + 2 * place] = u32::try_from(arg >> 32).unwrap();
    }
    let (mut pc, mut a) = (0usize, 0u32);
    loop {
        let i = program[pc];
        pc += 1;
        let holds = match i.code {
            0x20 => {
                a = data[usize::try_from(i.k).unwrap() / 4];
                continue;
            }
            0x54 => {
                a &= i.k;
                continue;
            }
            0x05 => {
                pc += usize::try_from(i.k).unwrap();
                continue;
            }
            0x06 => return i.k,
            0x15 => a == i.k,
            0x25 => a > i.k,
            0x35 => a >= i.k,
            other => panic!("operation {other:#x}"),
        };
        pc += usize::from(if holds { i.jt } else { i.jf });
    }
}

fn number(arch: Arch, name: &str) -> u32 {
    arch.syscalls().find(|(known, _)| *known == name).unwrap().1
}

fn with(default: Action, syscalls: Vec<SyscallRule>) -> Seccomp {
    Seccomp {
        default_action: default,
        default_errno_ret: None,
        architectures: vec!["SCMP_ARCH_X86_64".to_owned()],
        flags: Vec::new(),
        listener_path: String::new(),
        listener_metadata: String::new(),
        syscalls,
    }
}

fn rule(names: &[&str], action: Action, args: &[(u32, CompareOp, u64, u64)]) -> SyscallRule {
    let arg = |&(index, op, value, value_two)| Arg {
        index,
        value,
        value_two,
        op,
    };
    SyscallRule {
        names: names.iter().map(ToString::to_string).collect(),
        action,
        errno_ret: None,
        args: args.iter().map(arg).collect(),
    }
}

#[test]
fn dockers_default_is_short_and_right() {
    let filter = Filter::compile(&default_profile(&Context::native(DEFAULT))).unwrap();
    let length = filter.program.len();
    assert!((100..300).contains(&length), "{length} instructions");
    let x86_64 = |name, args| {
        run(
            &filter.program,
            Arch::X86_64,
            number(Arch::X86_64, name),
            args,
        )
    };
    assert_eq!(x86_64("read", [0; 6]), ALLOW);
    assert_eq!(
        x86_64("chroot", [0; 6]),
        ALLOW,
        "CAP_SYS_CHROOT is in the default"
    );
    assert_eq!(x86_64("mount", [0; 6]), EPERM);
    assert_eq!(x86_64("clone3", [0; 6]), 0x0005_0026);
    assert_eq!(x86_64("clone", [0x11, 0, 0, 0, 0, 0]), ALLOW);
    assert_eq!(
        x86_64("clone", [0x1000_0000, 0, 0, 0, 0, 0]),
        EPERM,
        "CLONE_NEWUSER"
    );
    for (family, answer) in [
        (2, ALLOW),
        (38, EPERM),
        (39, ALLOW),
        (40, EPERM),
        (41, ALLOW),
    ] {
        assert_eq!(
            x86_64("socket", [family, 0, 0, 0, 0, 0]),
            answer,
            "family {family}"
        );
    }
    assert_eq!(x86_64("personality", [0xffff_ffff, 0, 0, 0, 0, 0]), ALLOW);
    assert_eq!(x86_64("personality", [0x1_ffff_ffff, 0, 0, 0, 0, 0]), EPERM);
    let x86 = |name| run(&filter.program, Arch::X86, number(Arch::X86, name), [0; 6]);
    assert_eq!((x86("chown32"), x86("mount")), (ALLOW, EPERM));
    let x32 = |name| run(&filter.program, Arch::X32, number(Arch::X32, name), [0; 6]);
    assert_eq!((x32("execve"), x32("mount")), (ALLOW, EPERM));
    assert_eq!(
        run(&filter.program, Arch::Aarch64, 0, [0; 6]),
        0,
        "a foreign architecture"
    );
}

#[test]
fn all_capabilities_open_what_they_guard() {
    let filter = Filter::compile(&default_profile(&Context::native(ALL))).unwrap();
    for name in ["mount", "clone3", "bpf", "reboot", "ptrace", "settimeofday"] {
        let answer = run(
            &filter.program,
            Arch::X86_64,
            number(Arch::X86_64, name),
            [0; 6],
        );
        assert_eq!(answer, ALLOW, "{name}");
    }
}

#[test]
fn every_comparison_with_wide_values() {
    use CompareOp as Op;
    const BIG: u64 = 0x1_0000_0005;
    let edges = [
        0,
        1,
        4,
        5,
        6,
        0xffff_ffff,
        0x1_0000_0000,
        BIG - 1,
        BIG,
        BIG + 1,
        u64::MAX,
    ];
    let holds = |op, a: u64, value: u64, two: u64| match op {
        Op::NotEqual => a != value,
        Op::Less => a < value,
        Op::LessEqual => a <= value,
        Op::Equal => a == value,
        Op::GreaterEqual => a >= value,
        Op::Greater => a > value,
        Op::MaskedEqual => a & value == two & value,
    };
    let ops = [
        Op::NotEqual,
        Op::Less,
        Op::LessEqual,
        Op::Equal,
        Op::GreaterEqual,
        Op::Greater,
    ];
    let plain = ops
        .into_iter()
        .flat_map(|op| edges.map(|value| (op, value, 0)));
    let masks = [0, 0xff, 0xffff_ffff, 0xff_0000_0000, u64::MAX];
    let masked = masks
        .into_iter()
        .flat_map(|m| edges.map(|two| (Op::MaskedEqual, m, two)));
    for (op, value, two) in plain.chain(masked) {
        let rules = vec![rule(&["read"], Action::Allow, &[(3, op, value, two)])];
        let filter = Filter::compile(&with(Action::Errno, rules)).unwrap();
        for a in edges {
            let got = run(&filter.program, Arch::X86_64, 0, [9, 9, 9, a, 9, 9]);
            let expected = if holds(op, a, value, two) {
                ALLOW
            } else {
                EPERM
            };
            assert_eq!(got, expected, "{a:#x} {op:?} {value:#x} {two:#x}");
        }
    }
}

#[test]
fn conditions_of_a_rule_all_hold_and_rules_are_alternatives() {
    use CompareOp::Equal;
    let rules = vec![
        rule(
            &["read"],
            Action::Allow,
            &[(0, Equal, 1, 0), (1, Equal, 2, 0)],
        ),
        rule(
            &["read"],
            Action::Allow,
            &[(2, Equal, 3, 0), (2, Equal, 4, 0)],
        ),
    ];
    let filter = Filter::compile(&with(Action::Errno, rules)).unwrap();
    let check = |args: [u64; 3], expected: u32| {
        let args = [args[0], args[1], args[2], 0, 0, 0];
        assert_eq!(
            run(&filter.program, Arch::X86_64, 0, args),
            expected,
            "{args:?}"
        );
    };
    check([1, 2, 0], ALLOW);
    check([1, 0, 0], EPERM);
    check([0, 0, 3], ALLOW);
    check([0, 0, 4], ALLOW);
    check([0, 0, 5], EPERM);
}

#[test]
fn a_program_longer_than_a_jump_still_gets_everywhere() {
    use CompareOp::Equal;
    let names: Vec<&str> = Arch::X86_64.syscalls().map(|(name, _)| name).collect();
    let rules: Vec<SyscallRule> = names
        .iter()
        .enumerate()
        .map(|(place, name)| {
            let value = u64::try_from(place).unwrap() << 20;
            let mut one = rule(&[name], Action::Errno, &[(0, Equal, value, 0)]);
            one.errno_ret = Some(u32::try_from(place).unwrap() + 2);
            one
        })
        .collect();
    let filter = Filter::compile(&with(Action::Allow, rules)).unwrap();
    assert!(filter.program.len() > 1000);
    for (place, name) in names.iter().enumerate() {
        let value = u64::try_from(place).unwrap() << 20;
        let call = |value| {
            let args = [value, 0, 0, 0, 0, 0];
            run(
                &filter.program,
                Arch::X86_64,
                number(Arch::X86_64, name),
                args,
            )
        };
        assert_eq!(
            call(value),
            0x0005_0000 | (u32::try_from(place).unwrap() + 2)
        );
        assert_eq!(call(value + 1), ALLOW);
    }
}

#[test]
fn x32_calls_are_refused_unless_listed() {
    let filter = Filter::compile(&with(Action::Allow, Vec::new())).unwrap();
    let call = |number| run(&filter.program, Arch::X86_64, number, [0; 6]);
    assert_eq!(call(0), ALLOW);
    assert_eq!(call(0x3fff_ffff), ALLOW);
    assert_eq!(call(0x4000_0000), 0);
    assert_eq!(call(u32::MAX - 1), 0);
    assert_eq!(call(u32::MAX), ALLOW, "a tracer's way to skip a call");
}

#[test]
fn bad_profiles_are_refused() {
    let refused = |profile: &Seccomp| Filter::compile(profile).unwrap_err().to_string();
    let mut bad = with(Action::Allow, Vec::new());
    bad.flags = vec!["SECCOMP_FILTER_FLAG_FROB".to_owned()];
    assert!(refused(&bad).contains("FROB"));
    bad = with(Action::Allow, Vec::new());
    bad.architectures = vec!["SCMP_ARCH_VAX".to_owned()];
    assert!(refused(&bad).contains("VAX"));
    bad = with(
        Action::Allow,
        vec![rule(
            &["read"],
            Action::Errno,
            &[(6, CompareOp::Equal, 0, 0)],
        )],
    );
    assert!(refused(&bad).contains("argument 6"));
    bad = with(Action::Allow, vec![rule(&["read"], Action::Notify, &[])]);
    assert!(refused(&bad).contains("listenerPath"));
    assert!(refused(&with(Action::Notify, Vec::new())).contains("default"));
    let many: Vec<SyscallRule> = (0..5000)
        .map(|value| {
            rule(
                &["read"],
                Action::Errno,
                &[(0, CompareOp::Equal, 2 * value, 0)],
            )
        })
        .collect();
    assert!(refused(&with(Action::Allow, many)).contains("4096"));
}
