//! Inputs of archives: a file whose data is passed over, a stream, a region of a file.
//!
//! Invariant: a region never gives bytes beyond its end, and says when the file is shorter.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use crate::tar::reader::Input;

/// A part of a file.
#[derive(Debug, Clone)]
pub(crate) struct Region {
    pub(crate) file: Arc<File>,
    pub(crate) offset: u64,
    pub(crate) length: u64,
}

/// Reads a region from its beginning.
pub(super) struct RegionReader {
    pub(super) region: Region,
    pub(super) at: u64,
}

impl Read for RegionReader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let left = self.region.length.saturating_sub(self.at);
        let count = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let space = buffer.get_mut(..count).unwrap_or_default();
        let got = self
            .region
            .file
            .read_at(space, self.region.offset.saturating_add(self.at))?;
        if got == 0 && count > 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        self.at += u64::try_from(got).unwrap_or_default();
        Ok(got)
    }
}

/// A stream that cannot be sought.
pub(super) struct StreamInput<R>(pub(super) BufReader<R>);

impl<R: Read> Read for StreamInput<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<R: Read> BufRead for StreamInput<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        self.0.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.0.consume(count);
    }
}

impl<R: Read> Input for StreamInput<R> {}

/// Headers are read, data is passed over.
pub(super) struct FileInput {
    file: Arc<File>,
    /// Where the buffer ends in the file.
    at: u64,
    end: u64,
    buffer: Vec<u8>,
    used: usize,
}

impl FileInput {
    /// The file from `start` to its `end`.
    pub(super) fn new(file: Arc<File>, start: u64, end: u64) -> Self {
        Self {
            file,
            at: start,
            end,
            buffer: Vec::new(),
            used: 0,
        }
    }

    /// Where the next byte lies in the file.
    pub(super) fn position(&self) -> u64 {
        let unread = self.buffer.len().saturating_sub(self.used);
        self.at
            .saturating_sub(u64::try_from(unread).unwrap_or_default())
    }
}

impl BufRead for FileInput {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if self.used >= self.buffer.len() {
            self.buffer.resize(4096, 0);
            let got = self.file.read_at(&mut self.buffer, self.at)?;
            self.buffer.truncate(got);
            self.used = 0;
            self.at += u64::try_from(got).unwrap_or_default();
        }
        Ok(self.buffer.get(self.used..).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.used = self.used.saturating_add(count);
    }
}

impl Read for FileInput {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut have = self.fill_buf()?;
        let count = have.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl Input for FileInput {
    fn skip(&mut self, count: u64) -> std::io::Result<()> {
        let unread = self.buffer.len().saturating_sub(self.used);
        if let Some(step) = usize::try_from(count).ok().filter(|step| *step <= unread) {
            self.consume(step);
            return Ok(());
        }
        let target = self.position().saturating_add(count);
        // The padding of the last member may be missing.
        self.at = target.min(self.end.max(self.position()));
        self.buffer.clear();
        self.used = 0;
        Ok(())
    }
}
