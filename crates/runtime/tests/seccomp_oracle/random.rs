//! Random profiles, the same in every run.

use hull_oci::runtime_spec::{Action, Arg, CompareOp, Seccomp, SyscallRule};

use crate::tests::plain;

/// Numbers that are the same in every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }

    pub(crate) fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[usize::try_from(self.roll(u64::try_from(list.len()).unwrap())).unwrap()]
    }
}

pub(crate) const OPS: [CompareOp; 7] = [
    CompareOp::NotEqual,
    CompareOp::Less,
    CompareOp::LessEqual,
    CompareOp::Equal,
    CompareOp::GreaterEqual,
    CompareOp::Greater,
    CompareOp::MaskedEqual,
];

pub(crate) fn random_arg(dice: &mut Dice) -> Arg {
    let values = [
        0,
        1,
        2,
        5,
        0xffff_ffff,
        0x1_0000_0000,
        0x2_0000_0005,
        u64::MAX,
    ];
    let value = dice.pick(&values);
    let value_two = dice.pick(&values);
    let index = u32::try_from(dice.roll(3)).unwrap();
    Arg {
        index,
        value,
        value_two,
        op: dice.pick(&OPS),
    }
}

/// A profile of a few rules for a few calls; rules with conditions share `actions` by name.
pub(crate) fn random_profile(dice: &mut Dice, mixed: bool) -> Seccomp {
    let names = [
        "read", "socket", "accept4", "shmat", "chown32", "execve", "clone", "ipc",
    ];
    let actions = [
        Action::Allow,
        Action::Log,
        Action::Trap,
        Action::KillProcess,
    ];
    let mut rules = Vec::new();
    for _ in 0..=dice.roll(6) {
        let place = usize::try_from(dice.roll(8)).unwrap();
        let action = if mixed {
            dice.pick(&actions)
        } else {
            actions[place % 4]
        };
        let args = (0..dice.roll(4)).map(|_| random_arg(dice)).collect();
        let names = vec![names[place].to_owned()];
        rules.push(SyscallRule {
            names,
            action,
            errno_ret: None,
            args,
        });
    }
    let mut profile = plain(rules);
    let arches = ["SCMP_ARCH_X86", "SCMP_ARCH_X32"];
    for arch in arches.iter().take(usize::try_from(dice.roll(3)).unwrap()) {
        profile.architectures.push((*arch).to_owned());
    }
    profile
}
