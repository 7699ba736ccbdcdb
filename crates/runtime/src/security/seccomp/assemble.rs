//! From decisions to a program: a binary search over ranges of numbers per architecture.
//!
//! Pure. The program is written from its end to its start, so that every jump, which can only go
//! forward, knows its target. Invariant: a conditional jump never reaches further than the 255
//! instructions the kernel allows; a far target gets a stepping stone nearby.

use std::collections::{BTreeMap, HashMap};

use hull_oci::runtime_spec::CompareOp;
use hull_sys::seccomp::Instruction;

use super::arch::{Arch, X32_BIT};
use super::rules::{BAD_ARCH, Condition, Decision, Decisions, Rule};

const LOAD: u16 = 0x20;
const AND: u16 = 0x54;
const JUMP: u16 = 0x05;
const EQUAL: u16 = 0x15;
const GREATER: u16 = 0x25;
const GREATER_EQUAL: u16 = 0x35;
const RETURN: u16 = 0x06;

/// Where `seccomp_data` has the number, the architecture and the arguments.
const NUMBER: u32 = 0;
const ARCH: u32 = 4;
const ARGUMENTS: u32 = 16;

/// A place in the program, counted from its end.
type Label = usize;

/// The program of `decisions`.
pub(super) fn assemble(decisions: &Decisions) -> Vec<Instruction> {
    let mut program = Reversed::default();
    let mut next = program.answer(BAD_ARCH);
    for (token, ranges) in sections(decisions).iter().rev() {
        program.memory.clear();
        let tree = program.search(ranges, decisions.default);
        debug_assert_eq!(
            tree + 1,
            program.code.len(),
            "the tree's root was written last"
        );
        let start = program.push(LOAD, NUMBER);
        next = program.branch(EQUAL, *token, start, next);
    }
    // The first section's test is the last thing written, so the load falls into it.
    debug_assert_eq!(
        next + 1,
        program.code.len(),
        "the first test was written last"
    );
    program.push(LOAD, ARCH);
    program.code.reverse();
    program.code
}

/// First number of each range, and its decision; the first starts at 0.
type Ranges = Vec<(u32, Decision)>;

/// The ranges of each architecture token; x86_64 and x32 share one.
fn sections(decisions: &Decisions) -> Vec<(u32, Ranges)> {
    let has = |wanted: Arch| decisions.arches.iter().any(|(arch, _)| *arch == wanted);
    let mut tables: Vec<(u32, BTreeMap<u32, Decision>)> = Vec::new();
    for (arch, table) in &decisions.arches {
        match tables.iter_mut().find(|(token, _)| *token == arch.token()) {
            Some((_, shared)) => shared.extend(table.iter().map(|(n, d)| (*n, d.clone()))),
            None => tables.push((arch.token(), table.clone())),
        }
    }
    let default = Decision::Always(decisions.default);
    let refused = Decision::Always(BAD_ARCH);
    let with_ranges = |(token, table): (u32, BTreeMap<u32, Decision>)| {
        let mut ranges = ranges(&table, &default);
        if token == Arch::X86_64.token() {
            // A tracer skips a call by making its number -1, which is no x32 call.
            match (has(Arch::X86_64), has(Arch::X32)) {
                (true, false) => overlay(&mut ranges, X32_BIT, u32::MAX - 1, &refused),
                (false, true) => overlay(&mut ranges, 0, X32_BIT - 1, &refused),
                _ => {}
            }
        }
        (token, ranges)
    };
    tables.into_iter().map(with_ranges).collect()
}

/// Neighbouring numbers of one decision as ranges, the gaps filled with the default.
fn ranges(table: &BTreeMap<u32, Decision>, default: &Decision) -> Ranges {
    let mut list: Ranges = Vec::new();
    let mut push = |start: u32, decision: &Decision| {
        if list.last().is_none_or(|(_, last)| last != decision) {
            list.push((start, decision.clone()));
        }
    };
    let mut next = Some(0u32);
    for (&number, decision) in table {
        if let Some(gap) = next.filter(|&gap| gap < number) {
            push(gap, default);
        }
        push(number, decision);
        next = number.checked_add(1);
    }
    if let Some(gap) = next {
        push(gap, default);
    }
    list
}

/// Puts `decision` over the numbers `first..=last`.
fn overlay(list: &mut Ranges, first: u32, last: u32, decision: &Decision) {
    let at = |number: u32| list.iter().rev().find(|(start, _)| *start <= number);
    let after = last
        .checked_add(1)
        .and_then(|next| Some((next, at(next)?.1.clone())));
    list.retain(|(start, _)| *start < first || after.as_ref().is_some_and(|(n, _)| start > n));
    list.push((first, decision.clone()));
    list.extend(after);
    list.sort_by_key(|(start, _)| *start);
}

/// A program, last instruction first.
#[derive(Default)]
struct Reversed {
    code: Vec<Instruction>,
    answers: HashMap<u32, Label>,
    /// Where the code of a list of rules begins, within the section being written.
    memory: HashMap<Vec<Rule>, Label>,
}

impl Reversed {
    fn push(&mut self, code: u16, k: u32) -> Label {
        self.code.push(Instruction {
            code,
            jt: 0,
            jf: 0,
            k,
        });
        self.code.len() - 1
    }

    /// The nearest place that returns `value`, a new one if the last is getting far.
    fn answer(&mut self, value: u32) -> Label {
        match self.answers.get(&value) {
            Some(&label) if self.code.len() - label < 200 => label,
            _ => {
                let label = self.push(RETURN, value);
                self.answers.insert(value, label);
                label
            }
        }
    }

    /// A conditional jump to one of two places.
    fn branch(&mut self, code: u16, k: u32, yes: Label, no: Label) -> Label {
        let (mut yes, mut no) = (yes, no);
        loop {
            match (self.distance(yes), self.distance(no)) {
                (Some(jt), Some(jf)) => {
                    self.code.push(Instruction { code, jt, jf, k });
                    return self.code.len() - 1;
                }
                (None, _) => yes = self.stepping_stone(yes),
                (_, None) => no = self.stepping_stone(no),
            }
        }
    }

    /// How far the next instruction jumps to reach `target`, if a conditional one can.
    fn distance(&self, target: Label) -> Option<u8> {
        u8::try_from(self.code.len() - 1 - target).ok()
    }

    /// A place nearby that does what `target` does.
    fn stepping_stone(&mut self, target: Label) -> Label {
        let far = self.code.get(target).copied().unwrap_or_default();
        if far.code == RETURN {
            let label = self.push(RETURN, far.k);
            self.answers.insert(far.k, label);
            return label;
        }
        let distance = u32::try_from(self.code.len() - 1 - target).unwrap_or(u32::MAX);
        self.push(JUMP, distance)
    }

    /// The code that decides a number within `ranges`, the number being loaded; its start is the
    /// last instruction written.
    fn search(&mut self, ranges: &[(u32, Decision)], default: u32) -> Label {
        let root = self.halve(ranges, default);
        if root + 1 == self.code.len() {
            return root;
        }
        // One range only, and its code is further down: go there.
        self.stepping_stone(root)
    }

    fn halve(&mut self, ranges: &[(u32, Decision)], default: u32) -> Label {
        let (low, high) = ranges.split_at(ranges.len() / 2);
        match (low, high) {
            ([], [(_, decision), ..]) => self.decision(decision, default),
            (_, [(start, _), ..]) => {
                let above = self.halve(high, default);
                let below = self.halve(low, default);
                self.branch(GREATER_EQUAL, *start, above, below)
            }
            (_, []) => self.answer(default),
        }
    }

    fn decision(&mut self, decision: &Decision, default: u32) -> Label {
        match decision {
            Decision::Always(value) => self.answer(*value),
            Decision::FirstOf(rules) => {
                if let Some(&label) = self.memory.get(rules) {
                    return label;
                }
                let mut next = self.answer(default);
                for rule in rules.iter().rev() {
                    let mut here = self.answer(rule.answer);
                    for one in rule.conditions.iter().rev() {
                        here = self.condition(one, here, next);
                    }
                    next = here;
                }
                self.memory.insert(rules.clone(), next);
                next
            }
        }
    }

    /// The code of one condition; like all code of conditions it begins with a load.
    fn condition(&mut self, one: &Condition, yes: Label, no: Label) -> Label {
        use CompareOp as Op;
        let (low, high) = (word(one.value), word(one.value >> 32));
        let (low_mask, high_mask) = (word(one.mask), word(one.mask >> 32));
        let offset = ARGUMENTS + 8 * u32::from(one.argument);
        let (code, yes, no) = match one.op {
            Op::Equal | Op::MaskedEqual => (EQUAL, yes, no),
            Op::NotEqual => (EQUAL, no, yes),
            Op::Greater => (GREATER, yes, no),
            Op::GreaterEqual => (GREATER_EQUAL, yes, no),
            Op::LessEqual => (GREATER, no, yes),
            Op::Less => (GREATER_EQUAL, no, yes),
        };
        let mut here = yes;
        if low_mask != 0 {
            here = self.compare(code, low, (offset, low_mask), (yes, no));
        }
        if !one.wide || high_mask == 0 {
            return here;
        }
        if code == EQUAL {
            return self.compare(EQUAL, high, (offset + 4, high_mask), (here, no));
        }
        // Above decides at once, below too, and only for equal upper halves do the lower count.
        let equal = self.branch(EQUAL, high, here, no);
        self.branch(GREATER, high, yes, equal);
        self.push(LOAD, offset + 4)
    }

    fn compare(&mut self, code: u16, k: u32, word: (u32, u32), to: (Label, Label)) -> Label {
        let (offset, mask) = word;
        self.branch(code, k, to.0, to.1);
        if mask != u32::MAX {
            self.push(AND, mask);
        }
        self.push(LOAD, offset)
    }
}

/// The lower half.
fn word(value: u64) -> u32 {
    u32::try_from(value & u64::from(u32::MAX)).unwrap_or(0)
}
