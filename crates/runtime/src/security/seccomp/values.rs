//! Rules that all look at one argument, as a list of ranges of its values.
//!
//! Pure. Invariant: each value gets the answer of the first rule that holds for it, or the default.

use hull_oci::runtime_spec::CompareOp;

use super::rules::{Condition, Rule};
use super::search::Ranges;

/// What is answered for each value of one argument.
#[derive(Debug)]
pub(super) struct Values {
    /// The argument.
    pub(super) argument: u8,
    /// Whether the upper half counts; if not, there is one range of it.
    pub(super) wide: bool,
    /// By upper half, then by lower half.
    pub(super) high: Ranges<Ranges<u32>>,
}

impl Values {
    /// The values of `rules`, if each has one condition, unmasked and on the same argument.
    pub(super) fn of(rules: &[Rule], default: u32) -> Option<Self> {
        let mut conditions = Vec::new();
        for rule in rules {
            let [one] = rule.conditions.as_slice() else {
                return None;
            };
            let full = if one.wide {
                u64::MAX
            } else {
                u64::from(u32::MAX)
            };
            if one.op == CompareOp::MaskedEqual && one.mask != full {
                return None;
            }
            conditions.push((one, rule.answer));
        }
        let (first, _) = conditions.first()?;
        let (argument, wide) = (first.argument, first.wide);
        if conditions
            .iter()
            .any(|(one, _)| (one.argument, one.wide) != (argument, wide))
        {
            return None;
        }
        let most = if wide { u64::MAX } else { u64::from(u32::MAX) };
        // Every place where an answer can change.
        let mut borders: Vec<u64> = conditions
            .iter()
            .flat_map(|(one, _)| [Some(one.value), one.value.checked_add(1)])
            .flatten()
            .filter(|&border| border <= most)
            .chain([0])
            .collect();
        // And where an upper half begins, so that no range crosses into it.
        for border in borders.clone() {
            let upper = border >> 32 << 32;
            borders.push(upper);
            borders.extend(upper.checked_add(1 << 32).filter(|&next| next <= most));
        }
        borders.sort_unstable();
        borders.dedup();
        let answer = |value: u64| {
            let met = conditions.iter().find(|(one, _)| holds(one, value));
            met.map_or(default, |(_, answer)| *answer)
        };
        let mut high: Ranges<Ranges<u32>> = Vec::new();
        let mut upper = None;
        for border in borders {
            if upper != Some(word(border >> 32)) {
                upper = Some(word(border >> 32));
                high.push((word(border >> 32), Vec::new()));
            }
            let (_, low) = high.last_mut()?;
            if low.last().is_none_or(|(_, last)| *last != answer(border)) {
                low.push((word(border), answer(border)));
            }
        }
        high.dedup_by(|later, earlier| later.1 == earlier.1);
        Some(Self {
            argument,
            wide,
            high,
        })
    }
}

/// Whether an unmasked condition holds for a value.
fn holds(one: &Condition, value: u64) -> bool {
    match one.op {
        CompareOp::NotEqual => value != one.value,
        CompareOp::Less => value < one.value,
        CompareOp::LessEqual => value <= one.value,
        CompareOp::Equal | CompareOp::MaskedEqual => value == one.value,
        CompareOp::GreaterEqual => value >= one.value,
        CompareOp::Greater => value > one.value,
    }
}

/// The lower half.
pub(super) fn word(value: u64) -> u32 {
    u32::try_from(value & u64::from(u32::MAX)).unwrap_or(0)
}
