//! Which comparisons to make, in what order, to find the range a number lies in.
//!
//! Pure, and used for system call numbers and for halves of arguments alike. Invariant: the plan
//! answers as the list of ranges does; it has as few comparisons as the two patterns here allow:
//! halving at a border, and picking single numbers out of one surrounding range.

use std::collections::HashMap;
use std::hash::Hash;

/// First number of each range and what it stands for; the first starts at 0, neighbours differ.
pub(super) type Ranges<T> = Vec<(u32, T)>;

/// A plan of comparisons.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Plan<T> {
    /// Nothing to compare any more.
    Leaf(T),
    /// Numbers from here on go up, others down.
    Split(u32, Box<Plan<T>>, Box<Plan<T>>),
    /// This one number is special.
    Pick(u32, T, Box<Plan<T>>),
}

/// How many numbers are picked one by one before halving is better, since each costs its turn.
const MOST_PICKS: usize = 4;

/// The longest list for which every way to split it is tried; longer ones are halved first.
const TRIED_IN_FULL: usize = 48;

/// The shortest plan for `ranges`; the flattest one among equals. `None` for no ranges.
pub(super) fn plan<T: Clone + Eq + Hash>(ranges: &Ranges<T>) -> Option<Plan<T>> {
    let mut numbers = HashMap::new();
    let mut borders = Vec::new();
    for (start, what) in ranges {
        let next = numbers.len();
        borders.push((*start, *numbers.entry(what).or_insert(next)));
    }
    let mut search = Search {
        borders,
        known: HashMap::new(),
    };
    search.best(0, ranges.len())?;
    search.build(ranges, 0, ranges.len())
}

/// The best plan of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Best {
    comparisons: usize,
    depth: usize,
    /// Where it splits; 0 where it picks.
    middle: usize,
}

/// The ranges with what they stand for as numbers, and the best plans of slices of them.
struct Search {
    borders: Vec<(u32, usize)>,
    known: HashMap<(usize, usize), Best>,
}

impl Search {
    fn best(&mut self, from: usize, to: usize) -> Option<Best> {
        if let Some(&best) = self.known.get(&(from, to)) {
            return Some(best);
        }
        let best = match self.picks(from, to) {
            Some(picks) => Best {
                comparisons: picks,
                depth: picks,
                middle: 0,
            },
            None => self.split(from, to)?,
        };
        self.known.insert((from, to), best);
        Some(best)
    }

    fn split(&mut self, from: usize, to: usize) -> Option<Best> {
        let half = from.midpoint(to);
        // All ways to split a long list take too long to try, and a long list has no best way.
        let ways = if to - from > TRIED_IN_FULL {
            half..half + 1
        } else {
            from + 1..to
        };
        let mut found: Option<Best> = None;
        for middle in ways {
            let (low, high) = (self.best(from, middle)?, self.best(middle, to)?);
            let comparisons = low.comparisons + high.comparisons + 1;
            let way = Best {
                comparisons,
                depth: low.depth.max(high.depth) + 1,
                middle,
            };
            found = Some(found.map_or(way, |other| other.min(way)));
        }
        found
    }

    /// How many numbers to pick out of a slice that is one range but for single numbers, if it is.
    fn picks(&self, from: usize, to: usize) -> Option<usize> {
        let slice = self.borders.get(from..to)?;
        if slice.len() > 2 * MOST_PICKS + 1 {
            return None;
        }
        let ((_, around), (_, last)) = (slice.first()?, slice.last()?);
        let mut count = 0;
        for pair in slice.windows(2) {
            let [(start, what), (end, _)] = pair else {
                return None;
            };
            if what != around {
                if end - start != 1 {
                    return None;
                }
                count += 1;
            }
        }
        (last == around && count <= MOST_PICKS).then_some(count)
    }

    fn build<T: Clone + Eq>(&self, ranges: &Ranges<T>, from: usize, to: usize) -> Option<Plan<T>> {
        let best = self.known.get(&(from, to))?;
        if best.middle != 0 {
            let (border, _) = ranges.get(best.middle)?;
            let low = self.build(ranges, from, best.middle)?;
            let high = self.build(ranges, best.middle, to)?;
            return Some(Plan::Split(*border, Box::new(high), Box::new(low)));
        }
        let slice = ranges.get(from..to)?;
        let (_, around) = slice.first()?;
        let mut plan = Plan::Leaf(around.clone());
        for (number, what) in slice.iter().rev().filter(|(_, what)| what != around) {
            plan = Plan::Pick(*number, what.clone(), Box::new(plan));
        }
        Some(plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(plan: &Plan<char>, number: u32) -> char {
        match plan {
            Plan::Leaf(what) => *what,
            Plan::Split(border, high, low) => {
                follow(if number >= *border { high } else { low }, number)
            }
            Plan::Pick(one, what, rest) => {
                if number == *one {
                    *what
                } else {
                    follow(rest, number)
                }
            }
        }
    }

    fn size(plan: &Plan<char>) -> usize {
        match plan {
            Plan::Leaf(_) => 0,
            Plan::Split(_, high, low) => 1 + size(high) + size(low),
            Plan::Pick(_, _, rest) => 1 + size(rest),
        }
    }

    /// `AABA…`, one letter per number, the last for all beyond.
    fn ranges(text: &str) -> Ranges<char> {
        let mut list: Ranges<char> = Vec::new();
        for (place, what) in text.chars().enumerate() {
            if list.last().is_none_or(|(_, last)| *last != what) {
                list.push((u32::try_from(place).unwrap(), what));
            }
        }
        list
    }

    fn check(text: &str, most: usize) {
        let plan = plan(&ranges(text)).unwrap();
        for (place, what) in text.chars().enumerate() {
            let number = u32::try_from(place).unwrap();
            assert_eq!(follow(&plan, number), what, "{text} {place}");
        }
        assert_eq!(follow(&plan, u32::MAX), text.chars().last().unwrap());
        assert!(size(&plan) <= most, "{text}: {}", size(&plan));
    }

    #[test]
    fn plans_are_right_and_short() {
        check("A", 0);
        check("AB", 1);
        check("ABA", 1);
        check("AABBA", 2);
        check("ABACABAABA", 4);
        check("BABABABABABABABABABA", 11);
        check("AAABBBCCCAAABBBCCC", 5);
        check("ABCDEFGH", 7);
    }
}
