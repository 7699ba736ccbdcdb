//! Finds the detach keys in what is typed.
//!
//! Invariant: keys that turn out not to be the whole sequence reach the container after all, in
//! order.

/// Watches for a sequence of bytes.
pub(crate) struct Keys {
    sequence: Vec<u8>,
    seen: usize,
}

/// What to do with what was typed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Typed {
    /// Bytes for the container.
    pub(crate) forward: Vec<u8>,
    /// The sequence was typed.
    pub(crate) detach: bool,
}

impl Keys {
    /// Watches for `sequence`; an empty one never comes.
    pub(crate) fn new(sequence: Vec<u8>) -> Self {
        Self { sequence, seen: 0 }
    }

    /// Looks at the next bytes.
    pub(crate) fn watch(&mut self, bytes: &[u8]) -> Typed {
        if self.sequence.is_empty() {
            return Typed {
                forward: bytes.to_vec(),
                detach: false,
            };
        }
        let mut forward = Vec::with_capacity(bytes.len() + self.seen);
        for byte in bytes {
            if self.sequence.get(self.seen) == Some(byte) {
                self.seen += 1;
                if self.seen == self.sequence.len() {
                    self.seen = 0;
                    return Typed {
                        forward,
                        detach: true,
                    };
                }
                continue;
            }
            forward.extend(self.sequence.iter().take(self.seen));
            self.seen = 0;
            if self.sequence.first() == Some(byte) {
                self.seen = 1;
            } else {
                forward.push(*byte);
            }
        }
        Typed {
            forward,
            detach: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_found_and_nothing_is_lost() {
        let check = |parts: &[&[u8]], forward: &[u8], detach: bool| {
            let mut keys = Keys::new(vec![16, 17]);
            let mut all = Vec::new();
            let mut detached = false;
            for part in parts {
                let typed = keys.watch(part);
                all.extend(typed.forward);
                detached |= typed.detach;
            }
            assert_eq!((all.as_slice(), detached), (forward, detach));
        };
        check(&[b"ls\n"], b"ls\n", false);
        check(&[b"a\x10\x11b"], b"a", true);
        check(&[b"a\x10", b"\x11"], b"a", true);
        check(&[b"\x10x"], b"\x10x", false);
        check(&[b"\x10\x10\x11"], b"\x10", true);
        check(&[b"\x11"], b"\x11", false);
        assert!(!Keys::new(Vec::new()).watch(b"\x10\x11").detach);
    }
}
