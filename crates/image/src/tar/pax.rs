//! PAX extended headers: `<length> <key>=<value>\n` records.
//!
//! Leaves meaning of most keys to `reader`. Invariant: a record's length is believed only after it
//! was found to end in a newline inside the header.

use crate::error::{Error, Result};
use crate::tar::entry::{Segment, Time};

/// Everything PAX headers can say about an entry that we use.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pax {
    pub(crate) path: Option<Vec<u8>>,
    pub(crate) link: Option<Vec<u8>>,
    pub(crate) size: Option<u64>,
    pub(crate) uid: Option<u64>,
    pub(crate) gid: Option<u64>,
    pub(crate) mtime: Option<Time>,
    pub(crate) atime: Option<Time>,
    pub(crate) xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) sparse: Sparse,
}

/// GNU's sparse keys.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sparse {
    pub(crate) major: Option<u64>,
    pub(crate) minor: Option<u64>,
    pub(crate) name: Option<Vec<u8>>,
    pub(crate) real_size: Option<u64>,
    /// Formats 0.0 and 0.1: offsets and lengths in turn.
    pub(crate) map: Vec<u64>,
}

impl Sparse {
    /// The map of formats 0.0 and 0.1.
    pub(crate) fn segments(&self) -> Result<Vec<Segment>> {
        if !self.map.len().is_multiple_of(2) {
            return Err(malformed("sparse map of odd length"));
        }
        let pairs = self.map.chunks_exact(2);
        Ok(pairs
            .filter_map(|pair| match pair {
                [offset, length] => Some(Segment {
                    offset: *offset,
                    length: *length,
                }),
                _ => None,
            })
            .collect())
    }
}

fn malformed(problem: &str) -> Error {
    Error::Tar {
        problem: problem.to_owned(),
    }
}

impl Pax {
    /// Applies the records of one header on top of what was known.
    pub(crate) fn read(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            // Some writers pad the header with zeros.
            if bytes.iter().all(|b| *b == 0) {
                return Ok(());
            }
            let (key, value, rest) = record(bytes).ok_or_else(|| malformed("bad PAX record"))?;
            self.set(key, value)?;
            bytes = rest;
        }
        Ok(())
    }

    fn set(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        let text = |value: &[u8]| (!value.is_empty()).then(|| value.to_vec());
        if let Some(name) = key.strip_prefix(b"SCHILY.xattr.") {
            self.set_xattr(name.to_vec(), value.to_vec(), true);
            return Ok(());
        }
        if let Some(name) = key.strip_prefix(b"LIBARCHIVE.xattr.") {
            if let (Some(name), Some(value)) = (percent(name), base64(value)) {
                self.set_xattr(name, value, false);
            }
            return Ok(());
        }
        match key {
            b"path" => {
                if value.contains(&0) {
                    return Err(malformed("name with a zero byte"));
                }
                self.path = text(value);
            }
            b"linkpath" => {
                if value.contains(&0) {
                    return Err(malformed("link target with a zero byte"));
                }
                self.link = text(value);
            }
            b"size" => self.size = number(value)?,
            b"uid" => self.uid = number(value)?,
            b"gid" => self.gid = number(value)?,
            b"mtime" => self.mtime = time(value)?,
            b"atime" => self.atime = time(value)?,
            b"GNU.sparse.major" => self.sparse.major = number(value)?,
            b"GNU.sparse.minor" => self.sparse.minor = number(value)?,
            b"GNU.sparse.name" => self.sparse.name = text(value),
            b"GNU.sparse.realsize" | b"GNU.sparse.size" => self.sparse.real_size = number(value)?,
            b"GNU.sparse.offset" | b"GNU.sparse.numbytes" => {
                self.sparse.map.extend(number(value)?);
            }
            b"GNU.sparse.map" => {
                let numbers = value.split(|b| *b == b',').filter(|n| !n.is_empty());
                let numbers: Result<Vec<Option<u64>>> = numbers.map(number).collect();
                self.sparse.map = numbers?.into_iter().flatten().collect();
            }
            _ => {}
        }
        Ok(())
    }

    /// star's spelling wins over libarchive's when an archive has both.
    fn set_xattr(&mut self, name: Vec<u8>, value: Vec<u8>, wins: bool) {
        match self.xattrs.iter_mut().find(|(known, _)| *known == name) {
            Some(known) if wins => known.1 = value,
            Some(_) => {}
            None => self.xattrs.push((name, value)),
        }
    }
}

fn record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let blank = bytes.iter().take(21).position(|b| *b == b' ')?;
    let length: usize = std::str::from_utf8(bytes.get(..blank)?)
        .ok()?
        .parse()
        .ok()?;
    let record = bytes.get(blank + 1..length)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|b| *b == b'=')?;
    let (key, value) = record.split_at_checked(equals)?;
    Some((key, value.get(1..)?, bytes.get(length..)?))
}

/// An empty value takes a global record back.
fn number(value: &[u8]) -> Result<Option<u64>> {
    if value.is_empty() {
        return Ok(None);
    }
    let text = std::str::from_utf8(value).ok();
    let number = text.and_then(|t| t.parse().ok());
    number
        .map(Some)
        .ok_or_else(|| malformed("bad number in a PAX record"))
}

fn time(value: &[u8]) -> Result<Option<Time>> {
    if value.is_empty() {
        return Ok(None);
    }
    let read = || {
        let text = std::str::from_utf8(value).ok()?;
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let seconds: i64 = whole.parse().ok()?;
        let digits: String = fraction
            .chars()
            .chain(std::iter::repeat('0'))
            .take(9)
            .collect();
        let nanos: u32 = digits.parse().ok()?;
        if whole.starts_with('-') && nanos > 0 {
            return Some(Time {
                seconds: seconds.checked_sub(1)?,
                nanos: 1_000_000_000 - nanos,
            });
        }
        Some(Time { seconds, nanos })
    };
    read()
        .map(Some)
        .ok_or_else(|| malformed("bad time in a PAX record"))
}

fn percent(name: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(name.len());
    let mut bytes = name.iter();
    while let Some(byte) = bytes.next() {
        if *byte != b'%' {
            out.push(*byte);
            continue;
        }
        let hex = [*bytes.next()?, *bytes.next()?];
        out.push(u8::from_str_radix(std::str::from_utf8(&hex).ok()?, 16).ok()?);
    }
    Some(out)
}

fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' | b'\n' => continue,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from((bits >> count) & 0xff).ok()?);
        }
    }
    Some(out)
}
