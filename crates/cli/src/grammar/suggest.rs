//! "Did you mean": the known word nearest to a mistyped one.
//!
//! Invariant: a suggestion is at most two edits away, and never for a word of one letter.

/// The nearest of `known` to `word`, when it is near enough.
pub(crate) fn closest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let limit = match word.len() {
        0 | 1 => return None,
        2..=4 => 1,
        _ => 2,
    };
    known
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(edits, candidate)| {
            *edits <= limit || (word.len() >= 3 && candidate.starts_with(word))
        })
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut older: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, other) in b.iter().enumerate() {
            let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX);
            let replaced = at(&last, j) + usize::from(letter != other);
            let mut best = replaced.min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let swapped =
                i > 0 && j > 0 && a.get(i - 1) == Some(other) && b.get(j - 1) == Some(letter);
            if swapped {
                best = best.min(at(&older, j - 1) + 1);
            }
            row.push(best);
        }
        older = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_suggested() {
        let known = ["run", "rename", "restart", "images", "inspect", "ps"];
        let check = |word: &str, expected: Option<&str>| {
            assert_eq!(closest(word, known.into_iter()), expected, "{word}");
        };
        check("rum", Some("run"));
        check("urn", Some("run"));
        check("imgaes", Some("images"));
        check("inspct", Some("inspect"));
        check("psx", Some("ps"));
        check("bogus", None);
        check("x", None);
    }
}
