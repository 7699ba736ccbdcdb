//! The map of PAX sparse format 1.0, which stands at the beginning of the data.
//!
//! Invariant: decimal lines, padded to a block; at most as many as fit the limit of headers.

use crate::error::{Error, Result};
use crate::tar::entry::Segment;

/// Reads numbers out of the blocks given to it.
#[derive(Debug, Default)]
pub(crate) struct MapReader {
    number: Option<u64>,
    count: Option<u64>,
    numbers: Vec<u64>,
}

impl MapReader {
    /// Takes one block; `true` when the map is complete.
    pub(crate) fn feed(&mut self, block: &[u8]) -> Result<bool> {
        let malformed = || Error::Tar {
            problem: "bad sparse map".into(),
        };
        for byte in block {
            match byte {
                b'0'..=b'9' => {
                    let number = self.number.unwrap_or_default();
                    let next = number
                        .checked_mul(10)
                        .and_then(|n| n.checked_add(u64::from(byte - b'0')));
                    self.number = Some(next.ok_or_else(malformed)?);
                }
                b'\n' => {
                    let number = self.number.take().ok_or_else(malformed)?;
                    match self.count {
                        None => self.count = Some(number),
                        Some(_) => self.numbers.push(number),
                    }
                    if self.complete() {
                        return Ok(true);
                    }
                }
                _ => return Err(malformed()),
            }
        }
        Ok(false)
    }

    fn complete(&self) -> bool {
        let have = u64::try_from(self.numbers.len()).unwrap_or(u64::MAX);
        self.count
            .is_some_and(|count| count.checked_mul(2) == Some(have))
    }

    /// The segments.
    pub(crate) fn segments(self) -> Vec<Segment> {
        let pairs = self.numbers.chunks_exact(2);
        pairs
            .filter_map(|pair| match pair {
                [offset, length] => Some(Segment {
                    offset: *offset,
                    length: *length,
                }),
                _ => None,
            })
            .collect()
    }
}

/// Segments must be in order, inside the file, and together as long as the data stored.
pub(crate) fn check(segments: &[Segment], real_size: u64, stored: u64) -> Result<()> {
    let mut end = 0_u64;
    let mut sum = 0_u64;
    for segment in segments {
        let next = segment.offset.checked_add(segment.length);
        match next {
            Some(next) if segment.offset >= end && next <= real_size => end = next,
            _ => {
                return Err(Error::Tar {
                    problem: "sparse map out of order or range".into(),
                });
            }
        }
        sum = sum.saturating_add(segment.length);
    }
    if sum != stored {
        return Err(Error::Tar {
            problem: "sparse map does not match the data".into(),
        });
    }
    Ok(())
}
