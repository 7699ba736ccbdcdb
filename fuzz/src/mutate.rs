//! Bends inputs: bits, bytes, runs, splices, words of the format, and numbers at the edges.
//!
//! Invariant: the same seed over the same corpus gives the same inputs.

/// Makes new inputs out of kept ones.
pub struct Mutator {
    state: u64,
    words: &'static [&'static str],
    repair: fn(&mut [u8]),
}

impl Mutator {
    /// A mutator with a seed, the words of a format, and what mends its checksums.
    pub fn new(seed: u64, words: &'static [&'static str], repair: fn(&mut [u8])) -> Self {
        Self {
            state: seed | 1,
            words,
            repair,
        }
    }

    /// The next input.
    pub fn input(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut input = corpus[self.below(corpus.len())].clone();
        for _ in 0..=self.below(6) {
            self.bend(&mut input, corpus);
        }
        input.truncate(1 << 20);
        if self.below(8) != 0 {
            (self.repair)(&mut input);
        }
        input
    }

    fn bend(&mut self, input: &mut Vec<u8>, corpus: &[Vec<u8>]) {
        let at = self.below(input.len() + 1);
        let end = (at + 1 + self.below(64)).min(input.len());
        match self.below(9) {
            0 if at < input.len() => input[at] ^= 1 << self.below(8),
            1 if at < input.len() => input[at] = self.below(256) as u8,
            2 if at < end => drop(input.drain(at..end)),
            3 => {
                let run: Vec<u8> = input[at.min(end)..end].to_vec();
                let times = 1 + self.below(50);
                input.splice(at..at, run.repeat(times));
            }
            4 => {
                let other = &corpus[self.below(corpus.len())];
                let from = self.below(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            5 if !self.words.is_empty() => {
                let word = self.words[self.below(self.words.len())];
                input.splice(at..at, word.bytes());
            }
            6 if !self.words.is_empty() => {
                let word = self.words[self.below(self.words.len())];
                let over = (at + word.len()).min(input.len());
                input.splice(at..over, word.bytes());
            }
            7 => self.number(input),
            _ => input.truncate(at),
        }
    }

    /// Puts a number at the edge of its type where a number stands.
    fn number(&mut self, input: &mut Vec<u8>) {
        const EDGES: [&str; 12] = [
            "0",
            "-1",
            "1",
            "127",
            "65536",
            "2147483648",
            "-2147483649",
            "4294967296",
            "9223372036854775807",
            "-9223372036854775808",
            "18446744073709551616",
            "1e400",
        ];
        let start = self.below(input.len() + 1);
        let Some(found) = input[start..].iter().position(u8::is_ascii_digit) else {
            return;
        };
        let from = start + found;
        let length = input[from..]
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count();
        let edge = EDGES[self.below(EDGES.len())];
        input.splice(from..from + length, edge.bytes());
    }

    /// A number below `limit` (xorshift).
    fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state % limit.max(1) as u64) as usize
    }
}
