//! The 512-byte header block: fields and numbers.
//!
//! Leaves extensions to `reader`. Invariant: a parsed header had a right checksum.

use crate::error::{Error, Result};
use crate::tar::entry::Segment;

/// Size of every block.
pub(crate) const BLOCK: usize = 512;

/// A block.
pub(crate) type Block = [u8; BLOCK];

/// A header's fields as they stand in the block.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    pub(crate) name: Vec<u8>,
    pub(crate) mode: u32,
    pub(crate) uid: u64,
    pub(crate) gid: u64,
    pub(crate) size: u64,
    pub(crate) mtime: i64,
    pub(crate) flag: u8,
    pub(crate) link: Vec<u8>,
    pub(crate) device: (u32, u32),
    pub(crate) gnu: bool,
}

fn field(block: &Block, start: usize, length: usize) -> &[u8] {
    block.get(start..start + length).unwrap_or_default()
}

fn text(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().take_while(|b| *b != 0).collect()
}

fn malformed(problem: &str) -> Error {
    Error::Tar {
        problem: problem.to_owned(),
    }
}

impl Header {
    /// Parses a block; `None` for one of zeros.
    pub(crate) fn parse(block: &Block) -> Result<Option<Self>> {
        if block.iter().all(|b| *b == 0) {
            return Ok(None);
        }
        let stated = number(field(block, 148, 8), "checksum")?;
        let (unsigned, signed) = checksums(block);
        if stated != unsigned && stated != signed {
            return Err(malformed("wrong header checksum"));
        }
        let magic = field(block, 257, 8);
        let gnu = magic == b"ustar  \0";
        let ustar = magic.starts_with(b"ustar\0");
        let mut name = text(field(block, 0, 100));
        if ustar {
            // star's variant keeps times at the end of the prefix field.
            let star = field(block, 508, 4) == b"tar\0";
            let prefix = text(field(block, 345, if star { 131 } else { 155 }));
            if !prefix.is_empty() {
                name = [prefix, vec![b'/'], name].concat();
            }
        }
        let device = |at| -> Result<u32> {
            if !gnu && !ustar {
                return Ok(0);
            }
            let value = number(field(block, at, 8), "device number")?;
            u32::try_from(value).map_err(|_| malformed("device number out of range"))
        };
        Ok(Some(Self {
            name,
            mode: mode(field(block, 100, 8))?,
            uid: unsigned_number(field(block, 108, 8), "owner")?,
            gid: unsigned_number(field(block, 116, 8), "group")?,
            size: unsigned_number(field(block, 124, 12), "size")?,
            mtime: number(field(block, 136, 12), "time")?,
            flag: block.get(156).copied().unwrap_or_default(),
            link: text(field(block, 157, 100)),
            device: (device(329)?, device(337)?),
            gnu,
        }))
    }
}

/// The four sparse segments, extension mark and real size of an old GNU sparse header.
pub(crate) fn gnu_sparse(block: &Block) -> Result<(Vec<Segment>, bool, u64)> {
    let segments = segments(block, 386, 4)?;
    let extended = block.get(482).is_some_and(|b| *b != 0);
    Ok((
        segments,
        extended,
        unsigned_number(field(block, 483, 12), "real size")?,
    ))
}

/// The 21 segments of an extension block, and whether another follows.
pub(crate) fn gnu_sparse_extension(block: &Block) -> Result<(Vec<Segment>, bool)> {
    Ok((
        segments(block, 0, 21)?,
        block.get(504).is_some_and(|b| *b != 0),
    ))
}

fn segments(block: &Block, start: usize, count: usize) -> Result<Vec<Segment>> {
    let mut found = Vec::new();
    for at in (0..count).map(|n| start + n * 24) {
        let (offset, length) = (field(block, at, 12), field(block, at + 12, 12));
        if offset.first().is_none_or(|b| *b == 0) {
            break;
        }
        found.push(Segment {
            offset: unsigned_number(offset, "sparse offset")?,
            length: unsigned_number(length, "sparse length")?,
        });
    }
    Ok(found)
}

/// Sum of all bytes with the checksum field as blanks; old tars summed signed bytes.
fn checksums(block: &Block) -> (i64, i64) {
    let mut sums = (0_i64, 0_i64);
    for (at, byte) in block.iter().enumerate() {
        let byte = if (148..156).contains(&at) {
            b' '
        } else {
            *byte
        };
        sums.0 += i64::from(byte);
        sums.1 += i64::from(i8::from_ne_bytes([byte]));
    }
    sums
}

/// Only the permission bits count; some writers put the file type there too.
fn mode(bytes: &[u8]) -> Result<u32> {
    let value = number(bytes, "mode")? & 0o7777;
    u32::try_from(value).map_err(|_| malformed("mode out of range"))
}

fn unsigned_number(bytes: &[u8], what: &str) -> Result<u64> {
    u64::try_from(number(bytes, what)?).map_err(|_| malformed(&format!("negative {what}")))
}

/// Octal text, or big-endian binary when the first bit is set.
pub(crate) fn number(bytes: &[u8], what: &str) -> Result<i64> {
    match bytes.first() {
        Some(first) if first & 0x80 != 0 => binary(bytes, *first, what),
        _ => octal(bytes, what),
    }
}

fn binary(bytes: &[u8], first: u8, what: &str) -> Result<i64> {
    let negative = first & 0x40 != 0;
    let mut value: i128 = if negative { -1 } else { 0 };
    for (at, byte) in bytes.iter().enumerate() {
        let byte = if at == 0 && !negative {
            byte & 0x7f
        } else {
            *byte
        };
        value = (value << 8) | i128::from(byte);
        if i64::try_from(value).is_err() {
            return Err(malformed(&format!("{what} out of range")));
        }
    }
    i64::try_from(value).map_err(|_| malformed(&format!("{what} out of range")))
}

fn octal(bytes: &[u8], what: &str) -> Result<i64> {
    let start = bytes
        .iter()
        .position(|b| !matches!(b, b' ' | 0))
        .unwrap_or(bytes.len());
    let digits = bytes.get(start..).unwrap_or_default();
    let end = digits
        .iter()
        .position(|b| matches!(b, b' ' | 0))
        .unwrap_or(digits.len());
    let mut value: i64 = 0;
    for byte in digits.get(..end).unwrap_or_default() {
        if !matches!(byte, b'0'..=b'7') {
            return Err(malformed(&format!("{what} is no octal number")));
        }
        value = (value << 3) | i64::from(byte - b'0');
    }
    Ok(value)
}
