//! Our filters against libseccomp's, decision by decision, for Docker's default profile under many
//! capability sets and for random profiles. Needs python3-seccomp; says so when it is not there.

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod random;
#[cfg(test)]
mod reading;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use hull_oci::runtime_spec::{Action, CompareOp, Seccomp, SyscallRule};
    use hull_runtime::security::capabilities::{ALL, DEFAULT};
    use hull_runtime::security::profile::{Context, default_profile};
    use hull_runtime::security::seccomp::{Arch, Filter};

    use crate::oracle::{Oracle, Program, run};
    use crate::random::{Dice, random_profile};
    use crate::reading::acceptable;

    /// A profile that refuses what `syscalls` do not name.
    pub(crate) fn plain(syscalls: Vec<SyscallRule>) -> Seccomp {
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
