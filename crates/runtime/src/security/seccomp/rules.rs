//! From an OCI profile to one decision per system call number.
//!
//! Pure. Invariant: the decision is the one libseccomp's filter for the same profile takes, for
//! every number and argument: rules for one call are alternatives; a rule without conditions wins
//! over any with some, the first such over later ones; where rules with different actions overlap,
//! libseccomp's order of nodes is followed, not the profile's.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use hull_oci::runtime_spec::{Action, Arg, CompareOp, Seccomp};

use super::arch::{Arch, multiplexed};
use crate::security::error::Error;

/// What to answer for one system call number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Decision {
    /// Always this `SECCOMP_RET_*` value.
    Always(u32),
    /// The first rule that holds, or the default.
    FirstOf(Vec<Rule>),
}

/// A rule with conditions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Rule {
    /// All must hold; ordered by argument, each argument at most once.
    pub(super) conditions: Vec<Condition>,
    /// The answer then.
    pub(super) answer: u32,
}

/// A condition on one argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Condition {
    /// 0 to 5.
    pub(super) argument: u8,
    /// How to compare.
    pub(super) op: CompareOp,
    /// With what.
    pub(super) value: u64,
    /// Bits compared.
    pub(super) mask: u64,
    /// Whether the upper half is compared too.
    pub(super) wide: bool,
}

/// `SECCOMP_RET_KILL_THREAD`: what libseccomp answers to calls of an architecture not listed.
pub(super) const BAD_ARCH: u32 = 0;

/// The decisions of a profile, by architecture.
#[derive(Debug)]
pub(super) struct Decisions {
    /// For calls without a rule.
    pub(super) default: u32,
    /// By architecture, then by number.
    pub(super) arches: Vec<(Arch, BTreeMap<u32, Decision>)>,
    /// Whether some answer asks a supervisor.
    pub(super) notify: bool,
}

/// Works out the decisions of `profile`.
pub(super) fn decide(profile: &Seccomp) -> Result<Decisions, Error> {
    let default = answer(
        profile.default_action,
        profile.default_errno_ret,
        "defaultErrnoRet",
    )?;
    if profile.default_action == Action::Notify {
        return Err(fault("SCMP_ACT_NOTIFY cannot be the default action"));
    }
    let rules = collect(profile, default)?;
    let mut arches = Vec::new();
    for arch in architectures(profile)? {
        let numbers: HashMap<&str, u32> = arch.syscalls().collect();
        let mut table = BTreeMap::new();
        for rule in &rules {
            add_named(&mut table, arch, numbers.get(rule.name).copied(), rule);
        }
        for decision in table.values_mut() {
            if let Decision::FirstOf(rules) = decision {
                rules.sort_by(precedence);
            }
        }
        arches.push((arch, table));
    }
    let notify = profile
        .syscalls
        .iter()
        .any(|rule| rule.action == Action::Notify);
    if notify && profile.listener_path.is_empty() {
        return Err(fault("SCMP_ACT_NOTIFY needs a listenerPath"));
    }
    Ok(Decisions {
        default,
        arches,
        notify,
    })
}

/// One rule for one name, as the profile has it.
struct Named<'a> {
    name: &'a str,
    conditions: Vec<&'a Arg>,
    answer: u32,
}

/// The native architecture first, then the others the profile lists.
fn architectures(profile: &Seccomp) -> Result<Vec<Arch>, Error> {
    let mut list = vec![Arch::NATIVE];
    for name in &profile.architectures {
        let unknown = || fault(format!("unknown architecture {name:?}"));
        if let Some(arch) = Arch::parse(name).ok_or_else(unknown)?
            && !list.contains(&arch)
        {
            list.push(arch);
        }
    }
    Ok(list)
}

/// The profile's rules by name, those that repeat the default left out.
fn collect(profile: &Seccomp, default: u32) -> Result<Vec<Named<'_>>, Error> {
    let mut list = Vec::new();
    for (place, rule) in profile.syscalls.iter().enumerate() {
        if rule.names.is_empty() {
            return Err(fault(format!("rule {place} names no system call")));
        }
        if rule.action == Action::Notify && rule.names.iter().any(|name| name == "write") {
            return Err(fault("SCMP_ACT_NOTIFY cannot be used for write"));
        }
        let answer = answer(
            rule.action,
            rule.errno_ret,
            &format!("errnoRet of rule {place}"),
        )?;
        if let Some(bad) = rule.args.iter().find(|arg| arg.index > 5) {
            return Err(fault(format!(
                "rule {place} has a condition on argument {}",
                bad.index
            )));
        }
        if answer == default {
            continue;
        }
        // Two conditions on one argument can't be told to libseccomp together, so callers of it
        // take each condition of such a rule for a rule of its own.
        let repeated =
            (0..6).any(|index| rule.args.iter().filter(|arg| arg.index == index).count() > 1);
        for name in &rule.names {
            let mut add = |conditions| {
                list.push(Named {
                    name,
                    conditions,
                    answer,
                })
            };
            if repeated {
                rule.args.iter().for_each(|arg| add(vec![arg]));
            } else {
                add(rule.args.iter().collect());
            }
        }
    }
    Ok(list)
}

/// Adds a rule to an architecture's table, under its number and, where there is one, under the call
/// that carries it as an operation.
fn add_named(
    table: &mut BTreeMap<u32, Decision>,
    arch: Arch,
    number: Option<u32>,
    rule: &Named<'_>,
) {
    let mut conditions: Vec<Condition> = rule
        .conditions
        .iter()
        .filter_map(|arg| condition(arg, arch))
        .collect();
    conditions.sort_by_key(|one| one.argument);
    if arch.has_multiplexed()
        && let Some((call, operation)) = multiplexed(rule.name)
    {
        // The first argument is the operation now; the others stay where the profile has them.
        let first = Condition {
            argument: 0,
            op: CompareOp::Equal,
            value: operation,
            mask: u64::MAX,
            wide: false,
        };
        let rest = conditions.iter().filter(|one| one.argument != 0).copied();
        add(
            table,
            call,
            std::iter::once(first).chain(rest).collect(),
            rule.answer,
        );
    }
    if let Some(number) = number {
        add(table, number, conditions, rule.answer);
    }
}

fn add(table: &mut BTreeMap<u32, Decision>, number: u32, conditions: Vec<Condition>, answer: u32) {
    let decision = table
        .entry(number)
        .or_insert_with(|| Decision::FirstOf(Vec::new()));
    match decision {
        Decision::Always(_) => {}
        Decision::FirstOf(_) if conditions.is_empty() => *decision = Decision::Always(answer),
        Decision::FirstOf(rules) => {
            let known = |rule: &Rule| rule.conditions == conditions;
            if !rules.iter().any(known) {
                rules.push(Rule { conditions, answer });
            }
        }
    }
}

/// A condition as this architecture compares it; `None` when it always holds.
fn condition(arg: &Arg, arch: Arch) -> Option<Condition> {
    let wide = arch.is_wide();
    let (mut mask, mut value) = match arg.op {
        CompareOp::MaskedEqual => (arg.value, arg.value_two),
        _ => (u64::MAX, arg.value),
    };
    if !wide {
        // Only the lower half is looked at, on both sides.
        mask &= u64::from(u32::MAX);
    }
    if mask == 0 && arg.op == CompareOp::MaskedEqual {
        return None;
    }
    value &= mask;
    let argument = u8::try_from(arg.index).ok()?;
    Some(Condition {
        argument,
        op: arg.op,
        value,
        mask,
        wide,
    })
}

/// The order in which libseccomp looks at overlapping rules: higher arguments first, then equality
/// before less before greater, then the tighter bound.
fn precedence(a: &Rule, b: &Rule) -> Ordering {
    for (one, other) in a.conditions.iter().zip(&b.conditions) {
        let order = key(other).cmp(&key(one));
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// Greater comes first.
fn key(one: &Condition) -> (u8, u8, u64, u64) {
    let kind = match one.op {
        CompareOp::MaskedEqual | CompareOp::Equal | CompareOp::NotEqual => 3,
        CompareOp::LessEqual | CompareOp::Less => 2,
        CompareOp::GreaterEqual | CompareOp::Greater => 1,
    };
    let value = if kind == 2 { !one.value } else { one.value };
    (one.argument, kind, value, 0)
}

/// The `SECCOMP_RET_*` value of an action.
fn answer(action: Action, errno: Option<u32>, place: &str) -> Result<u32, Error> {
    const EPERM: u32 = 1;
    const MAX_ERRNO: u32 = 4095;
    let data = |most: u32| match errno {
        None => Ok(EPERM),
        Some(number) if number <= most => Ok(number),
        Some(number) => Err(fault(format!("{place} is {number}, more than {most}"))),
    };
    Ok(match action {
        Action::Kill | Action::KillThread => 0,
        Action::KillProcess => 0x8000_0000,
        Action::Trap => 0x0003_0000,
        Action::Errno => 0x0005_0000 | data(MAX_ERRNO)?,
        Action::Notify => 0x7fc0_0000,
        Action::Trace => 0x7ff0_0000 | data(0xffff)?,
        Action::Log => 0x7ffc_0000,
        Action::Allow => 0x7fff_0000,
    })
}

fn fault(what: impl Into<String>) -> Error {
    Error::Profile { what: what.into() }
}
