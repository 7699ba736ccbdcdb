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
use super::search::{Plan, Ranges, plan};
use super::values::{Values, word};

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
    let mut program = Reversed {
        default: decisions.default,
        ..Reversed::default()
    };
    let mut next = program.answer(BAD_ARCH);
    let mut tokens: Vec<u32> = Vec::new();
    for (arch, _) in &decisions.arches {
        if !tokens.contains(&arch.token()) {
            tokens.push(arch.token());
        }
    }
    for token in tokens.into_iter().rev() {
        let of = |wanted| decisions.arches.iter().find(|(arch, _)| *arch == wanted);
        let root = if token == Arch::X86_64.token() {
            program.with_x32(of(Arch::X86_64), of(Arch::X32))
        } else {
            let own = decisions
                .arches
                .iter()
                .find(|(arch, _)| arch.token() == token);
            program.numbers(own, 0)
        };
        let root = program.fall_into(root);
        debug_assert_eq!(root + 1, program.code.len(), "the root was written last");
        let start = program.push(LOAD, NUMBER);
        next = program.branch(EQUAL, token, start, next);
    }
    let next = program.fall_into(next);
    debug_assert_eq!(
        next + 1,
        program.code.len(),
        "the first test was written last"
    );
    program.push(LOAD, ARCH);
    program.code.reverse();
    program.code
}

/// An architecture and its decisions by number.
type Table = (Arch, BTreeMap<u32, Decision>);

/// Neighbouring numbers of one decision as ranges, the gaps filled with the default; `base` is taken
/// off every number.
fn ranges(table: Option<&Table>, base: u32, default: u32) -> Ranges<Decision> {
    let default = Decision::Always(default);
    let mut list: Ranges<Decision> = Vec::new();
    let mut push = |start: u32, decision: &Decision| {
        if list.last().is_none_or(|(_, last)| last != decision) {
            list.push((start, decision.clone()));
        }
    };
    let mut next = Some(0u32);
    for (&number, decision) in table.into_iter().flat_map(|(_, table)| table) {
        let number = number - base;
        if let Some(gap) = next.filter(|&gap| gap < number) {
            push(gap, &default);
        }
        push(number, decision);
        next = number.checked_add(1);
    }
    if let Some(gap) = next {
        push(gap, &default);
    }
    list
}

/// A program, last instruction first.
#[derive(Default)]
struct Reversed {
    code: Vec<Instruction>,
    /// What calls without a rule get.
    default: u32,
    answers: HashMap<u32, Label>,
    /// Where the code of a list of rules begins; it loads what it needs, so all may share it.
    rules: HashMap<Vec<Rule>, Label>,
    /// Where the code of a part of a search begins; it needs the number loaded, which it is in all
    /// searches.
    plans: HashMap<Plan<Decision>, Label>,
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

    /// `target` itself if it was written last, else a place that was and leads there.
    fn fall_into(&mut self, target: Label) -> Label {
        if target + 1 == self.code.len() {
            target
        } else {
            self.stepping_stone(target)
        }
    }

    /// The code for the architecture that x86_64 and x32 share. A tracer skips a call by making its
    /// number -1, which is no x32 call.
    fn with_x32(&mut self, x86_64: Option<&Table>, x32: Option<&Table>) -> Label {
        let high = match x32 {
            Some(_) => {
                let own = self.numbers(x32, X32_BIT);
                self.fall_into(own);
                let own = self.push(AND, !X32_BIT);
                let default = self.answer(self.default);
                self.branch(GREATER_EQUAL, 2 * X32_BIT, default, own)
            }
            None => {
                let (default, refuse) = (self.answer(self.default), self.answer(BAD_ARCH));
                self.branch(EQUAL, u32::MAX, default, refuse)
            }
        };
        let low = match x86_64 {
            Some(_) => self.numbers(x86_64, 0),
            None => self.answer(BAD_ARCH),
        };
        self.branch(GREATER_EQUAL, X32_BIT, high, low)
    }

    /// The code that decides a loaded number, less `base`, by `table`.
    fn numbers(&mut self, table: Option<&Table>, base: u32) -> Label {
        match plan(&ranges(table, base, self.default)) {
            Some(plan) => self.search(&plan),
            None => self.answer(self.default),
        }
    }

    fn search(&mut self, plan: &Plan<Decision>) -> Label {
        if let Some(&label) = self.plans.get(plan) {
            return label;
        }
        let label = match plan {
            Plan::Leaf(decision) => return self.decision(decision),
            Plan::Split(border, high, low) => {
                let (high, low) = (self.search(high), self.search(low));
                self.branch(GREATER_EQUAL, *border, high, low)
            }
            Plan::Pick(number, decision, rest) => {
                let (one, rest) = (self.decision(decision), self.search(rest));
                self.branch(EQUAL, *number, one, rest)
            }
        };
        self.plans.insert(plan.clone(), label);
        label
    }

    fn decision(&mut self, decision: &Decision) -> Label {
        match decision {
            Decision::Always(value) => self.answer(*value),
            Decision::FirstOf(rules) => {
                if let Some(&label) = self.rules.get(rules) {
                    return label;
                }
                let label = match Values::of(rules, self.default) {
                    Some(values) => self.values(&values),
                    None => self.chain(rules),
                };
                self.rules.insert(rules.clone(), label);
                label
            }
        }
    }

    /// The code of rules one after the other.
    fn chain(&mut self, rules: &[Rule]) -> Label {
        let mut next = self.answer(self.default);
        for rule in rules.iter().rev() {
            let mut here = self.answer(rule.answer);
            for one in rule.conditions.iter().rev() {
                here = self.condition(one, here, next);
            }
            next = here;
        }
        next
    }

    /// The code of rules that all look at one argument, as a search among its values.
    fn values(&mut self, values: &Values) -> Label {
        let offset = ARGUMENTS + 8 * u32::from(values.argument);
        if !values.wide {
            let root = match values.high.first() {
                Some((_, low)) => self.low(low, offset),
                None => self.answer(self.default),
            };
            return root;
        }
        match plan(&values.high) {
            Some(Plan::Leaf(low)) => self.low(&low, offset),
            Some(plan) => {
                let root = self.high(&plan, offset);
                self.fall_into(root);
                self.push(LOAD, offset + 4)
            }
            None => self.answer(self.default),
        }
    }

    fn high(&mut self, plan: &Plan<Ranges<u32>>, offset: u32) -> Label {
        match plan {
            Plan::Leaf(low) => self.low(low, offset),
            Plan::Split(border, above, below) => {
                let (above, below) = (self.high(above, offset), self.high(below, offset));
                self.branch(GREATER_EQUAL, *border, above, below)
            }
            Plan::Pick(value, low, rest) => {
                let (one, rest) = (self.low(low, offset), self.high(rest, offset));
                self.branch(EQUAL, *value, one, rest)
            }
        }
    }

    /// The code that finds the lower half of an argument, loading it if it matters.
    fn low(&mut self, ranges: &Ranges<u32>, offset: u32) -> Label {
        match plan(ranges) {
            None => self.answer(self.default),
            Some(Plan::Leaf(value)) => self.answer(value),
            Some(plan) => {
                let root = self.answers_among(&plan);
                self.fall_into(root);
                self.push(LOAD, offset)
            }
        }
    }

    fn answers_among(&mut self, plan: &Plan<u32>) -> Label {
        match plan {
            Plan::Leaf(value) => self.answer(*value),
            Plan::Split(border, above, below) => {
                let (above, below) = (self.answers_among(above), self.answers_among(below));
                self.branch(GREATER_EQUAL, *border, above, below)
            }
            Plan::Pick(one, value, rest) => {
                let (one_answer, rest) = (self.answer(*value), self.answers_among(rest));
                self.branch(EQUAL, *one, one_answer, rest)
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
