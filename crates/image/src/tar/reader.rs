//! [`Reader`]: entries out of a tar stream, every extension applied.
//!
//! Follows Go's reader where formats are ambiguous, since images are made and judged by it. Leaves
//! names unjudged. Invariant: at most [`MAX_SPECIAL`] bytes of headers are held per entry, and an
//! entry's data ends where its header said.

use std::io::{BufRead, ErrorKind};

use crate::error::{Error, Result};
use crate::tar::entry::{Entry, Kind, MAX_SPECIAL, Segment, Time};
use crate::tar::header::{BLOCK, Block, Header, gnu_sparse, gnu_sparse_extension};
use crate::tar::pax::Pax;
use crate::tar::sparse::{MapReader, check};

/// Where a tar stream comes from.
pub(crate) trait Input: BufRead {
    /// Passes over bytes; a seekable input does better than reading them.
    fn skip(&mut self, mut count: u64) -> std::io::Result<()> {
        while count > 0 {
            let got = self.fill_buf()?.len();
            if got == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            let step = usize::try_from(count).map_or(got, |count| count.min(got));
            self.consume(step);
            count = count.saturating_sub(u64::try_from(step).unwrap_or(u64::MAX));
        }
        Ok(())
    }
}

impl Input for &[u8] {}

/// A tar stream.
#[derive(Debug)]
pub(crate) struct Reader<R> {
    input: R,
    global: Pax,
    /// Data of the current entry not yet read.
    left: u64,
    /// Padding after it.
    padding: u64,
}

/// Headers that come before an entry and change it.
#[derive(Default)]
struct Before {
    pax: Option<Pax>,
    long_name: Option<Vec<u8>>,
    long_link: Option<Vec<u8>>,
    bytes: u64,
}

fn malformed(problem: impl Into<String>) -> Error {
    Error::Tar {
        problem: problem.into(),
    }
}

impl<R: Input> Reader<R> {
    /// Entries of `input`.
    pub(crate) fn new(input: R) -> Self {
        Self {
            input,
            global: Pax::default(),
            left: 0,
            padding: 0,
        }
    }

    /// The input, to read what follows the end of the archive.
    pub(crate) fn into_inner(self) -> R {
        self.input
    }

    /// Bytes of data the current entry has left.
    pub(crate) fn left(&self) -> u64 {
        self.left
    }

    /// The input, positioned in the current entry's data.
    pub(crate) fn input(&mut self) -> &mut R {
        &mut self.input
    }

    /// The next entry; its data is read with [`Reader::data`] and [`Reader::consume`].
    pub(crate) fn next(&mut self) -> Result<Option<Entry>> {
        self.skip_data()?;
        let mut before = Before::default();
        loop {
            let Some(block) = self.block()? else {
                if before.bytes > 0 {
                    return Err(malformed("ends after an extended header"));
                }
                return Ok(None);
            };
            let Some(header) = Header::parse(&block)? else {
                return self.end();
            };
            match header.flag {
                b'x' => {
                    let bytes = self.special(&header, &mut before)?;
                    let mut pax = before.pax.take().unwrap_or_else(|| self.global.clone());
                    pax.read(&bytes)?;
                    before.pax = Some(pax);
                }
                b'g' => {
                    let bytes = self.special(&header, &mut before)?;
                    self.global.read(&bytes)?;
                }
                b'L' => before.long_name = Some(until_zero(self.special(&header, &mut before)?)),
                b'K' => before.long_link = Some(until_zero(self.special(&header, &mut before)?)),
                b'V' => self.input.skip(padded(header.size)?).map_err(read_failed)?,
                _ => return self.entry(header, before, &block).map(Some),
            }
        }
    }

    /// What is at hand of the current entry's data; empty at its end.
    pub(crate) fn data(&mut self) -> Result<&[u8]> {
        if self.left == 0 {
            return Ok(&[]);
        }
        let bytes = loop {
            match self.input.fill_buf() {
                Ok(_) => break self.input.fill_buf().map_err(read_failed)?,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(read_failed(e)),
            }
        };
        if bytes.is_empty() {
            return Err(read_failed(ErrorKind::UnexpectedEof.into()));
        }
        let limit = usize::try_from(self.left).unwrap_or(usize::MAX);
        Ok(bytes.get(..limit).unwrap_or(bytes))
    }

    /// Marks bytes of [`Reader::data`] as read.
    pub(crate) fn consume(&mut self, count: usize) {
        self.input.consume(count);
        self.left = self
            .left
            .saturating_sub(u64::try_from(count).unwrap_or(u64::MAX));
    }

    /// Passes over the rest of the current entry.
    pub(crate) fn skip_data(&mut self) -> Result<()> {
        let rest = self
            .left
            .checked_add(self.padding)
            .ok_or_else(|| malformed("size overflow"))?;
        (self.left, self.padding) = (0, 0);
        self.input.skip(rest).map_err(read_failed)
    }

    /// One block; `None` at the end of the input.
    fn block(&mut self) -> Result<Option<Block>> {
        let mut block = [0_u8; BLOCK];
        let mut have = 0;
        while let Some(space) = block.get_mut(have..).filter(|space| !space.is_empty()) {
            let got = match self.input.read(space) {
                Ok(got) => got,
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                Err(e) => return Err(read_failed(e)),
            };
            if got == 0 && have == 0 {
                return Ok(None);
            }
            if got == 0 {
                return Err(read_failed(ErrorKind::UnexpectedEof.into()));
            }
            have += got;
        }
        Ok(Some(block))
    }

    /// After a block of zeros: a second one, or the end of the input, ends the archive.
    fn end(&mut self) -> Result<Option<Entry>> {
        match self.block()? {
            Some(block) if block.iter().any(|b| *b != 0) => {
                Err(malformed("data after a block of zeros"))
            }
            _ => Ok(None),
        }
    }

    /// The data of an extended header.
    fn special(&mut self, header: &Header, before: &mut Before) -> Result<Vec<u8>> {
        before.bytes = before
            .bytes
            .saturating_add(padded(header.size)?)
            .saturating_add(512);
        if before.bytes > MAX_SPECIAL {
            let what = "the extended header of an entry".to_owned();
            return Err(Error::Limit {
                what,
                limit: MAX_SPECIAL,
            });
        }
        (self.left, self.padding) = (header.size, padded(header.size)? - header.size);
        let mut bytes = Vec::new();
        while self.left > 0 {
            let part = self.data()?;
            bytes.extend_from_slice(part);
            let count = part.len();
            self.consume(count);
        }
        self.skip_data()?;
        Ok(bytes)
    }

    fn entry(&mut self, header: Header, before: Before, block: &Block) -> Result<Entry> {
        let pax = before.pax.unwrap_or_else(|| self.global.clone());
        let path = pax.path.clone().or(before.long_name).unwrap_or(header.name);
        let kind = kind_of(header.flag, &path)?;
        let stored = match kind {
            Kind::File => pax.size.unwrap_or(header.size),
            _ => 0,
        };
        let mut entry = Entry {
            path,
            link: pax.link.clone().or(before.long_link).unwrap_or(header.link),
            kind,
            mode: header.mode,
            uid: id(pax.uid.unwrap_or(header.uid))?,
            gid: id(pax.gid.unwrap_or(header.gid))?,
            mtime: pax.mtime.unwrap_or(Time {
                seconds: header.mtime,
                nanos: 0,
            }),
            atime: pax.atime,
            size: stored,
            device: header.device,
            xattrs: Vec::new(),
            sparse: None,
        };
        (self.left, self.padding) = (stored, padded(stored)? - stored);
        if header.flag == b'S' && header.gnu {
            let (mut segments, mut extended, real_size) = gnu_sparse(block)?;
            while extended {
                let next = self
                    .block()?
                    .ok_or_else(|| malformed("ends in a sparse header"))?;
                let (more, again) = gnu_sparse_extension(&next)?;
                segments.extend(more);
                extended = again;
                limit_map(segments.len())?;
            }
            self.set_sparse(&mut entry, segments, real_size)?;
        } else if kind == Kind::File {
            self.pax_sparse(&mut entry, &pax)?;
        }
        entry.xattrs = pax.xattrs;
        Ok(entry)
    }

    /// Formats 0.0, 0.1 and 1.0 of GNU's sparse files in PAX headers.
    fn pax_sparse(&mut self, entry: &mut Entry, pax: &Pax) -> Result<()> {
        let sparse = &pax.sparse;
        let version = (
            sparse.major.unwrap_or_default(),
            sparse.minor.unwrap_or_default(),
        );
        let old = version.0 == 0 && !sparse.map.is_empty();
        if version != (1, 0) && !old {
            return Ok(());
        }
        if let Some(name) = &sparse.name {
            entry.path.clone_from(name);
        }
        let real_size = sparse
            .real_size
            .ok_or_else(|| malformed("sparse file without size"))?;
        if old {
            return self.set_sparse(entry, sparse.segments()?, real_size);
        }
        let mut map = MapReader::default();
        let mut read = 0_usize;
        loop {
            if self.left < 512 {
                return Err(malformed("sparse map longer than the data"));
            }
            let block = self
                .block()?
                .ok_or_else(|| malformed("ends in a sparse map"))?;
            self.left -= 512;
            read += 1;
            limit_map(read.saturating_mul(21))?;
            if map.feed(&block)? {
                break;
            }
        }
        self.set_sparse(entry, map.segments(), real_size)
    }

    fn set_sparse(&mut self, entry: &mut Entry, map: Vec<Segment>, real_size: u64) -> Result<()> {
        check(&map, real_size, self.left)?;
        entry.size = real_size;
        entry.sparse = Some(map);
        Ok(())
    }
}

fn limit_map(segments: usize) -> Result<()> {
    const LIMIT: usize = 1 << 20;
    if segments > LIMIT {
        let limit = u64::try_from(LIMIT).unwrap_or(u64::MAX);
        return Err(Error::Limit {
            what: "the map of a sparse file".into(),
            limit,
        });
    }
    Ok(())
}

fn kind_of(flag: u8, path: &[u8]) -> Result<Kind> {
    Ok(match flag {
        b'0' | 0 | b'7' | b'S' if path.ends_with(b"/") => Kind::Directory,
        b'0' | 0 | b'7' | b'S' => Kind::File,
        b'1' => Kind::HardLink,
        b'2' => Kind::Symlink,
        b'3' => Kind::CharDevice,
        b'4' => Kind::BlockDevice,
        b'5' | b'D' => Kind::Directory,
        b'6' => Kind::Fifo,
        other => {
            return Err(malformed(format!(
                "unknown entry type {:?}",
                char::from(other)
            )));
        }
    })
}

fn id(number: u64) -> Result<u32> {
    // The highest id means "leave it alone" to chown and is no owner.
    let id = u32::try_from(number).ok().filter(|id| *id != u32::MAX);
    id.ok_or_else(|| malformed("owner or group out of range"))
}

fn padded(size: u64) -> Result<u64> {
    size.checked_next_multiple_of(512)
        .filter(|size| i64::try_from(*size).is_ok())
        .ok_or_else(|| malformed("size out of range"))
}

fn until_zero(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some(end) = bytes.iter().position(|b| *b == 0) {
        bytes.truncate(end);
    }
    bytes
}

fn read_failed(source: std::io::Error) -> Error {
    if source.kind() == ErrorKind::UnexpectedEof {
        return malformed("truncated");
    }
    Error::Read {
        what: "the tar stream".into(),
        source,
    }
}
