//! Circles in a small graph of names.

use std::collections::{BTreeMap, BTreeSet};

/// Arrows: from a name to the names it uses.
pub(super) type Arrows = BTreeMap<String, BTreeSet<String>>;

/// One circle for each group of names that reach each other, as `a > b > a`.
pub(super) fn circles(arrows: &Arrows) -> Vec<String> {
    let mut found = Vec::new();
    let mut told = BTreeSet::new();
    for start in arrows.keys() {
        if told.contains(start) {
            continue;
        }
        if let Some(way) = way_back(arrows, start) {
            told.extend(way.iter().cloned());
            found.push(way.join(" > "));
        }
    }
    found
}

/// The shortest way from `start` back to itself.
fn way_back(arrows: &Arrows, start: &str) -> Option<Vec<String>> {
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut edge: Vec<&str> = vec![start];
    while !edge.is_empty() {
        let mut next = Vec::new();
        for from in edge {
            for to in arrows.get(from).into_iter().flatten() {
                if to == start {
                    return Some(retrace(&came_from, start, from));
                }
                if !came_from.contains_key(to.as_str()) {
                    came_from.insert(to, from);
                    next.push(to.as_str());
                }
            }
        }
        edge = next;
    }
    None
}

/// The names from `start` to `last`, then `start` again.
fn retrace(came_from: &BTreeMap<&str, &str>, start: &str, last: &str) -> Vec<String> {
    let mut way = vec![start.to_owned()];
    let mut at = last;
    while at != start {
        way.push(at.to_owned());
        match came_from.get(at) {
            Some(previous) => at = previous,
            None => break,
        }
    }
    way.push(start.to_owned());
    way.reverse();
    way
}

#[cfg(test)]
mod tests {
    use super::{Arrows, circles};

    fn arrows(list: &[(&str, &str)]) -> Arrows {
        let mut arrows = Arrows::new();
        for (from, to) in list {
            arrows
                .entry((*from).into())
                .or_default()
                .insert((*to).into());
        }
        arrows
    }

    #[test]
    fn a_tree_has_no_circle() {
        assert!(circles(&arrows(&[("a", "b"), ("a", "c"), ("b", "c")])).is_empty());
    }

    #[test]
    fn a_circle_is_told_once() {
        let found = circles(&arrows(&[("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")]));
        assert_eq!(found, ["a > b > c > a"]);
    }
}
