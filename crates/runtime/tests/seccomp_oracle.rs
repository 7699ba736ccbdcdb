//! Our filters against libseccomp's, decision by decision, for Docker's default profile under many
//! capability sets and for random profiles. Needs python3-seccomp; says so when it is not there.

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashMap};
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
    use std::sync::LazyLock;

    use hull_oci::runtime_spec::{Action, Arg, CompareOp, Seccomp, SyscallRule};
    use hull_runtime::security::capabilities::{ALL, DEFAULT};
    use hull_runtime::security::profile::{Context, default_profile};
    use hull_runtime::security::seccomp::{Arch, Filter};
    use serde_json::{Value, json};

    /// A Python process with libseccomp in it.
    struct Oracle {
        child: Child,
        questions: ChildStdin,
        answers: BufReader<ChildStdout>,
    }

    impl Drop for Oracle {
        fn drop(&mut self) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }

    type Program = Vec<(u16, u8, u8, u32)>;

    /// What libseccomp made of a profile.
    struct Theirs {
        unknown: Vec<String>,
        refused: u64,
        program: Program,
    }

    impl Oracle {
        fn start() -> Option<Self> {
            if cfg!(not(target_arch = "x86_64")) {
                println!("skipped: written for x86_64");
                return None;
            }
            #[expect(
                clippy::disallowed_methods,
                reason = "the oracle is a program of its own"
            )]
            let mut python = Command::new("/usr/bin/python3");
            python.arg("-c").arg(include_str!("seccomp_oracle.py"));
            let started = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
            let mut child = match started {
                Ok(child) => child,
                Err(error) => {
                    println!("skipped: python3: {error}");
                    return None;
                }
            };
            let questions = child.stdin.take().unwrap();
            let answers = BufReader::new(child.stdout.take().unwrap());
            let mut oracle = Self {
                child,
                questions,
                answers,
            };
            if oracle.try_ask(&plain(Vec::new())).is_none() {
                println!("skipped: python3-seccomp is not installed");
                return None;
            }
            Some(oracle)
        }

        fn try_ask(&mut self, profile: &Seccomp) -> Option<Theirs> {
            let names: BTreeSet<&String> = profile
                .syscalls
                .iter()
                .flat_map(|rule| &rule.names)
                .collect();
            let table = |arch: Arch| -> Value {
                let own = arch
                    .syscalls()
                    .filter(|(name, _)| names.contains(&(*name).to_owned()));
                own.map(|(name, number)| (name.to_owned(), Value::from(number)))
                    .collect()
            };
            let line = json!({"profile": profile, "numbers": {"X86_64": table(Arch::X86_64),
                "X86": table(Arch::X86), "X32": table(Arch::X32)}});
            writeln!(self.questions, "{line}").ok()?;
            let mut answer = String::new();
            self.answers.read_line(&mut answer).ok()?;
            let answer: Value = serde_json::from_str(&answer).ok()?;
            let number = |value: &Value| u32::try_from(value.as_u64().unwrap()).unwrap();
            let one = |value: &Value| {
                let byte = |place: usize| u8::try_from(number(&value[place])).unwrap();
                (
                    u16::try_from(number(&value[0])).unwrap(),
                    byte(1),
                    byte(2),
                    number(&value[3]),
                )
            };
            let unknown = answer["unknown"].as_array()?;
            Some(Theirs {
                unknown: unknown
                    .iter()
                    .map(|name| name.as_str().unwrap().to_owned())
                    .collect(),
                refused: answer["refused"].as_u64()?,
                program: answer["program"].as_array()?.iter().map(one).collect(),
            })
        }

        fn ask(&mut self, profile: &Seccomp) -> Theirs {
            self.try_ask(profile).expect("the oracle answers")
        }
    }

    fn plain(syscalls: Vec<SyscallRule>) -> Seccomp {
        Seccomp {
            default_action: Action::Errno,
            default_errno_ret: Some(1),
            architectures: Vec::new(),
            flags: Vec::new(),
            listener_path: String::new(),
            listener_metadata: String::new(),
            syscalls,
        }
    }

    fn ours(profile: &Seccomp) -> Program {
        let filter = Filter::compile(profile).unwrap();
        filter
            .program
            .iter()
            .map(|i| (i.code, i.jt, i.jf, i.k))
            .collect()
    }

    /// Classic BPF on a call, as the kernel runs it.
    fn run(program: &Program, token: u32, number: u32, args: &[u64; 6]) -> u32 {
        let mut data = [0u32; 16];
        data[0] = number;
        data[1] = token;
        for (place, arg) in args.iter().enumerate() {
            data[4 + 2 * place] = u32::try_from(arg & 0xffff_ffff).unwrap();
            data[5 + 2 * place] = u32::try_from(arg >> 32).unwrap();
        }
        let (mut pc, mut a) = (0usize, 0u32);
        loop {
            let (code, jt, jf, k) = program[pc];
            pc += 1;
            let index = usize::try_from(k).unwrap();
            let holds = match code {
                0x20 => {
                    a = data[index / 4];
                    continue;
                }
                0x54 => {
                    a &= k;
                    continue;
                }
                0x05 => {
                    pc += index;
                    continue;
                }
                0x06 => return k,
                0x15 => a == k,
                0x25 => a > k,
                0x35 => a >= k,
                other => panic!("operation {other:#x}"),
            };
            pc += usize::from(if holds { jt } else { jf });
        }
    }

    const TOKENS: [u32; 4] = [0xc000_003e, 0x4000_0003, 0xc000_00b7, 0x1234];
    const X32: u32 = 0x4000_0000;

    /// Numbers worth asking about: all that exist, and the edges.
    fn numbers() -> Vec<u32> {
        let low = (0..=700).chain([1000, 0x3fff_ffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe]);
        low.chain((0..=700).map(|number| X32 | number))
            .chain([u32::MAX])
            .collect()
    }

    /// Values worth passing: those of the profile's conditions and their neighbours.
    fn values(profile: &Seccomp) -> Vec<u64> {
        let mut set = BTreeSet::from([0, 1, u64::from(u32::MAX), u64::MAX, 1 << 32]);
        for arg in profile.syscalls.iter().flat_map(|rule| &rule.args) {
            for value in [arg.value, arg.value_two, arg.value & arg.value_two] {
                let near = [
                    value,
                    value.wrapping_add(1),
                    value.wrapping_sub(1),
                    value ^ (1 << 32),
                ];
                set.extend(near);
            }
            set.extend([!arg.value, arg.value_two | !arg.value]);
            for bit in (0..64).filter(|bit| arg.value & (1 << bit) != 0) {
                if arg.op == CompareOp::MaskedEqual {
                    set.insert(arg.value_two ^ (1 << bit));
                }
            }
        }
        set.into_iter().collect()
    }

    /// The numbers, by token, for which a profile has conditions.
    fn conditional(profile: &Seccomp) -> Vec<(u32, u32)> {
        let mut list = vec![(0x4000_0003, 102), (0x4000_0003, 117)];
        for arch in [Arch::X86_64, Arch::X86, Arch::X32] {
            for (name, number) in arch.syscalls() {
                let rules = profile.syscalls.iter().filter(|rule| !rule.args.is_empty());
                if rules
                    .flat_map(|rule| &rule.names)
                    .any(|known| known == name)
                {
                    list.push((arch.token(), number));
                }
            }
        }
        list
    }

    /// Asks both about every case; gives the number of cases, panics at the first difference.
    fn compare(profile: &Seccomp, theirs: &Program) -> Result<u64, String> {
        let mine = ours(profile);
        let mut cases = 0;
        let mut check = |token: u32, number: u32, args: &[u64; 6]| {
            cases += 1;
            let (a, b) = (
                run(&mine, token, number, args),
                run(theirs, token, number, args),
            );
            if a == b {
                return Ok(());
            }
            Err(format!(
                "{token:#x} {number:#x} {args:x?}: ours {a:#x}, libseccomp {b:#x}"
            ))
        };
        for token in TOKENS {
            for number in numbers() {
                for fill in [0, 1, u64::MAX] {
                    check(token, number, &[fill; 6])?;
                }
            }
        }
        let values = values(profile);
        let used: BTreeSet<usize> = profile
            .syscalls
            .iter()
            .flat_map(|rule| &rule.args)
            .map(|arg| usize::try_from(arg.index).unwrap())
            .chain([0])
            .collect();
        for (token, number) in conditional(profile) {
            for &first in &used {
                for &second in used.range(first..) {
                    for &a in &values {
                        for b in [0, 1].into_iter().chain(values.iter().copied()) {
                            let mut args = [7; 6];
                            args[first] = a;
                            args[second] = b;
                            check(token, number, &args)?;
                        }
                    }
                }
            }
        }
        Ok(cases)
    }

    /// A profile without what the installed libseccomp has not heard of yet.
    fn without(mut profile: Seccomp, unknown: &[String]) -> Seccomp {
        for rule in &mut profile.syscalls {
            rule.names.retain(|name| !unknown.contains(name));
        }
        profile.syscalls.retain(|rule| !rule.names.is_empty());
        profile
    }

    #[test]
    fn dockers_default_decides_as_libseccomp_does() {
        let Some(mut oracle) = Oracle::start() else {
            return;
        };
        let mut sets = vec![0, DEFAULT, ALL, ALL & !(1 << 24)];
        sets.extend((0..41).map(|number| DEFAULT | 1 << number));
        sets.extend((0..41).map(|number| ALL & !(1 << number)));
        let mut seen = BTreeSet::new();
        let (mut cases, mut profiles) = (0, 0);
        for set in sets {
            let profile = default_profile(&Context::native(set));
            let unknown = oracle.ask(&profile).unknown;
            let profile = without(profile, &unknown);
            if !seen.insert(serde_json::to_string(&profile).unwrap()) {
                continue;
            }
            let theirs = oracle.ask(&profile);
            assert_eq!(theirs.refused, 0);
            cases += compare(&profile, &theirs.program).unwrap();
            profiles += 1;
        }
        println!("{profiles} profiles, {cases} cases");
        assert!(profiles > 20);
    }

    /// Numbers that are the same in every run.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, sides: u64) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 11) % sides
        }

        fn pick<T: Copy>(&mut self, list: &[T]) -> T {
            list[usize::try_from(self.roll(u64::try_from(list.len()).unwrap())).unwrap()]
        }
    }

    const OPS: [CompareOp; 7] = [
        CompareOp::NotEqual,
        CompareOp::Less,
        CompareOp::LessEqual,
        CompareOp::Equal,
        CompareOp::GreaterEqual,
        CompareOp::Greater,
        CompareOp::MaskedEqual,
    ];

    fn random_arg(dice: &mut Dice) -> Arg {
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
    fn random_profile(dice: &mut Dice, mixed: bool) -> Seccomp {
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

    /// The answers a plain reading of the rules allows: that of an unconditional rule, or those of
    /// all rules whose conditions hold, or the default.
    fn acceptable(profile: &Seccomp, token: u32, number: u32, args: &[u64; 6]) -> BTreeSet<u32> {
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
                let repeated =
                    (0..6).any(|i| rule.args.iter().filter(|a| a.index == i).count() > 1);
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

    fn number_of(arch: Arch, name: &str) -> Option<u32> {
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

    fn halves(wide: bool) -> u64 {
        if wide { u64::MAX } else { u64::from(u32::MAX) }
    }

    /// Whether no value fails a condition because it compares no bits.
    fn tautology(arg: &Arg, wide: bool) -> bool {
        arg.op == CompareOp::MaskedEqual && arg.value & halves(wide) == 0
    }

    fn holds(arg: &Arg, args: &[u64; 6], wide: bool) -> bool {
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

    /// libseccomp's tree of conditions loses its way where several bounds or several arguments meet;
    /// there only the plain reading counts. Elsewhere the two must agree.
    fn judge(seed: u64, mixed: bool) -> (u32, u32) {
        let Some(mut oracle) = Oracle::start() else {
            return (1, 0);
        };
        let mut dice = Dice(seed);
        let (mut same, mut different) = (0, 0);
        for _ in 0..60 {
            let profile = random_profile(&mut dice, mixed);
            let shown = || serde_json::to_string(&profile).unwrap();
            let theirs = oracle.ask(&profile);
            if theirs.refused > 0 {
                continue;
            }
            let Err(first) = compare(&profile, &theirs.program) else {
                same += 1;
                continue;
            };
            different += 1;
            let mine = ours(&profile);
            for (token, number) in conditional(&profile) {
                for &a in &values(&profile) {
                    for &b in &values(&profile) {
                        for args in [[a, b, 7, 7, 7, 7], [a, 7, b, 7, 7, 7], [7, a, b, 7, 7, 7]] {
                            let got = run(&mine, token, number, &args);
                            let fine = acceptable(&profile, token, number, &args);
                            let call = format!("{token:#x} {number:#x} {args:x?}");
                            assert!(
                                fine.contains(&got),
                                "{call}: {got:#x}\n{first}\n{}",
                                shown()
                            );
                        }
                    }
                }
            }
        }
        println!("{same} profiles as libseccomp has them, {different} where it errs");
        (same, different)
    }

    #[test]
    fn random_profiles_decide_as_libseccomp_does() {
        let (same, different) = judge(0x9e37_79b9_7f4a_7c15, false);
        assert!(same > 10 * different, "{same} {different}");
    }

    #[test]
    fn rules_of_different_actions_overlap_as_libseccomp_has_it() {
        let (same, different) = judge(0x2545_f491_4f6c_dd1d, true);
        assert!(same > 10 * different, "{same} {different}");
    }
}
