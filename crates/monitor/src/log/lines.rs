//! Cutting a stream into docker's log messages.
//!
//! A message is a line; a line longer than 16 KiB is several, of which only the last ends in a newline;
//! so does what is left at the end of the stream. Invariant: the messages put together are the stream.

/// Most bytes of one message, docker's size.
pub(crate) const MOST: usize = 16 * 1024;

/// What one stream said since its last message.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    rest: Vec<u8>,
    /// Time of the first part of a line in several parts.
    part_of: Option<u64>,
}

/// One message and when it was said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    /// Bytes, the newline included where there was one.
    pub(crate) bytes: &'a [u8],
    /// Nanoseconds since 1970.
    pub(crate) time: u64,
}

impl Lines {
    /// Takes what was read at `now` and gives every message that is complete to `emit`.
    pub(crate) fn push(&mut self, bytes: &[u8], now: u64, emit: &mut impl FnMut(Message<'_>)) {
        let joined;
        let mut left = if self.rest.is_empty() {
            bytes
        } else {
            self.rest.extend_from_slice(bytes);
            joined = std::mem::take(&mut self.rest);
            joined.as_slice()
        };
        while let Some(length) = next_length(left) {
            let (message, after) = left.split_at(length);
            let ends = message.ends_with(b"\n");
            emit(Message {
                bytes: message,
                time: self.part_of.unwrap_or(now),
            });
            self.part_of = if ends {
                None
            } else {
                Some(self.part_of.unwrap_or(now))
            };
            left = after;
        }
        self.rest = left.to_vec();
    }

    /// Gives what is left at the end of the stream to `emit`.
    pub(crate) fn finish(&mut self, now: u64, emit: &mut impl FnMut(Message<'_>)) {
        let rest = std::mem::take(&mut self.rest);
        if !rest.is_empty() {
            emit(Message {
                bytes: &rest,
                time: self.part_of.unwrap_or(now),
            });
        }
        self.part_of = None;
    }
}

/// Length of the first message of `bytes`, `None` when it is not complete.
fn next_length(bytes: &[u8]) -> Option<usize> {
    let newline = bytes.iter().take(MOST).position(|&byte| byte == b'\n');
    match newline {
        Some(at) => Some(at + 1),
        None => (bytes.len() >= MOST).then_some(MOST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(chunks: &[&[u8]], expected: &[&[u8]]) {
        let (mut lines, mut got) = (Lines::default(), Vec::new());
        let mut emit = |message: Message<'_>| got.push(message.bytes.to_vec());
        for chunk in chunks {
            lines.push(chunk, 1, &mut emit);
        }
        lines.finish(2, &mut emit);
        assert_eq!(got, expected);
    }

    #[test]
    fn a_stream_is_cut_at_newlines_at_16_kib_and_at_its_end() {
        check(&[b"one\ntwo\n"], &[b"one\n", b"two\n"]);
        check(&[b"on", b"e\n\nt", b"wo"], &[b"one\n", b"\n", b"two"]);
        check(&[], &[]);
        let long = vec![b'x'; MOST + 10];
        let with_end = [long.as_slice(), b"\nz\n"].concat();
        check(&[&with_end], &[&long[..MOST], b"xxxxxxxxxx\n", b"z\n"]);
        check(
            &[&long[..100], &long[100..]],
            &[&long[..MOST], b"xxxxxxxxxx"],
        );
        let exact = [&long[..MOST], b"\n"].concat();
        check(&[&exact], &[&exact[..MOST], b"\n"]);
    }

    #[test]
    fn parts_of_one_line_carry_the_time_of_the_first() {
        let (mut lines, mut times) = (Lines::default(), Vec::new());
        let mut emit = |message: Message<'_>| times.push(message.time);
        lines.push(&vec![b'x'; MOST], 5, &mut emit);
        lines.push(b"tail\n", 6, &mut emit);
        lines.push(b"next\n", 7, &mut emit);
        assert_eq!(times, [5, 5, 7]);
    }
}
