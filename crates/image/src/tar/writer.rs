//! Writing tar: headers as ustar, with PAX records where ustar's fields are too small.
//!
//! Leaves the data to the caller, who writes exactly as many bytes as the header says. Invariant:
//! equal input gives equal bytes.

use crate::tar::header::{BLOCK, Block};

/// What the header of a plain member says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member<'a> {
    /// Name.
    pub name: &'a str,
    /// Bytes of data.
    pub size: u64,
    /// Permission bits.
    pub mode: u32,
    /// Seconds since 1970.
    pub mtime: u64,
    /// A directory; its name ends in a slash.
    pub directory: bool,
}

/// The header blocks of `member`.
pub(crate) fn header(member: &Member<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let records = records(member);
    if !records.is_empty() {
        let size = u64::try_from(records.len()).unwrap_or_default();
        bytes.extend(block("PaxHeaders/x", size, member, b'x'));
        bytes.extend(&records);
        bytes.extend(padding(size));
    }
    let flag = if member.directory { b'5' } else { b'0' };
    bytes.extend(block(member.name, member.size, member, flag));
    bytes
}

/// The zeros that fill the last block of `size` bytes.
pub(crate) fn padding(size: u64) -> &'static [u8] {
    const ZEROS: &[u8] = &[0; BLOCK];
    let rest = usize::try_from(size % 512).unwrap_or_default();
    if rest == 0 {
        &[]
    } else {
        ZEROS.get(rest..).unwrap_or_default()
    }
}

/// The end of an archive.
pub(crate) const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// The most eleven octal digits hold.
const OCTAL_LIMIT: u64 = 0o77_777_777_777;

fn records(member: &Member<'_>) -> Vec<u8> {
    let mut records = Vec::new();
    if member.name.len() > 100 {
        records.extend(record("path", member.name));
    }
    if member.size > OCTAL_LIMIT {
        records.extend(record("size", &member.size.to_string()));
    }
    records
}

/// A record's length counts its own digits.
fn record(key: &str, value: &str) -> Vec<u8> {
    let bare = key.len() + value.len() + 3;
    let mut length = bare + 1;
    while length != bare + length.to_string().len() {
        length = bare + length.to_string().len();
    }
    format!("{length} {key}={value}\n").into_bytes()
}

fn block(name: &str, size: u64, member: &Member<'_>, flag: u8) -> Block {
    let mut block: Block = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| {
        for (slot, byte) in block.iter_mut().skip(at).zip(bytes) {
            *slot = *byte;
        }
    };
    let short: &[u8] = name.as_bytes().get(..100).unwrap_or(name.as_bytes());
    put(0, short);
    put(100, format!("{:07o}\0", member.mode & 0o7777).as_bytes());
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{:011o}\0", size.min(OCTAL_LIMIT)).as_bytes());
    put(
        136,
        format!("{:011o}\0", member.mtime.min(OCTAL_LIMIT)).as_bytes(),
    );
    put(148, b"        ");
    put(156, &[flag]);
    put(257, b"ustar\x0000");
    put(329, b"0000000\0");
    put(337, b"0000000\0");
    let sum: u32 = block.iter().map(|b| u32::from(*b)).sum();
    for (slot, byte) in block
        .iter_mut()
        .skip(148)
        .zip(format!("{sum:06o}\0 ").as_bytes())
    {
        *slot = *byte;
    }
    block
}
