//! [`Archive`]: members written to a file or a pipe, blobs by the kernel where it can.
//!
//! Invariant: a member has exactly the bytes its header says, or writing fails.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};

use hull_oci::Digest;
use rustix::io::Errno;

use crate::error::{Error, Result};
use crate::pipe::CHUNK;
use crate::tar::writer::{END, Member, header, padding};

/// The most the kernel is asked to copy at once, so that a signal is not kept waiting.
const STEP: usize = 64 << 20;

/// Ways to copy, best first; what a pair of files cannot do is not tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    CopyRange,
    SendFile,
    Buffer,
}

/// An archive in the making.
pub(super) struct Archive<'a> {
    out: &'a File,
    way: Way,
}

fn failed(source: std::io::Error) -> Error {
    Error::Write {
        what: "the archive".into(),
        source,
    }
}

impl<'a> Archive<'a> {
    /// Written to `out` from its current position on.
    pub(super) fn new(out: &'a File) -> Self {
        Self {
            out,
            way: Way::CopyRange,
        }
    }

    /// A document.
    pub(super) fn member(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.header(name, size)?;
        self.write(bytes)?;
        self.write(padding(size))
    }

    /// A directory; its name ends in a slash.
    pub(super) fn directory(&mut self, name: &str) -> Result<()> {
        self.write(&header(&Member {
            name,
            size: 0,
            mode: 0o755,
            mtime: 0,
            directory: true,
        }))
    }

    /// A blob's bytes.
    pub(super) fn blob(&mut self, digest: &Digest, size: u64, file: &File) -> Result<()> {
        let name = format!("blobs/{}/{}", digest.algorithm().as_str(), digest.hex());
        self.header(&name, size)?;
        let mut left = size;
        while left > 0 {
            let count = self.copy(file, usize::try_from(left).unwrap_or(STEP).min(STEP))?;
            if count == 0 {
                let (what, found) = (format!("blob {digest}"), size - left);
                return Err(Error::SizeMismatch {
                    what,
                    expected: size,
                    found,
                });
            }
            left = left.saturating_sub(u64::try_from(count).unwrap_or(u64::MAX));
        }
        self.write(padding(size))
    }

    /// The end of the archive.
    pub(super) fn end(&mut self) -> Result<()> {
        self.write(&END)
    }

    fn header(&mut self, name: &str, size: u64) -> Result<()> {
        self.write(&header(&Member {
            name,
            size,
            mode: 0o444,
            mtime: 0,
            directory: false,
        }))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.out.write_all(bytes).map_err(failed)
    }

    /// Copies some bytes, both files moving on.
    fn copy(&mut self, from: &File, count: usize) -> Result<usize> {
        loop {
            let copied = match self.way {
                Way::CopyRange => rustix::fs::copy_file_range(from, None, self.out, None, count),
                Way::SendFile => rustix::fs::sendfile(self.out, from, None, count),
                Way::Buffer => return self.through_memory(from, count),
            };
            match copied {
                Ok(count) => return Ok(count),
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(Errno::INVAL | Errno::XDEV | Errno::NOTSUP | Errno::NOSYS | Errno::BADF) => {
                    self.way = match self.way {
                        Way::CopyRange => Way::SendFile,
                        _ => Way::Buffer,
                    };
                }
                Err(errno) => return Err(failed(errno.into())),
            }
        }
    }

    fn through_memory(&mut self, mut from: &File, count: usize) -> Result<usize> {
        let mut buffer = vec![0; count.min(CHUNK)];
        loop {
            match from.read(&mut buffer) {
                Ok(got) => {
                    self.write(buffer.get(..got).unwrap_or_default())?;
                    return Ok(got);
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(source) => {
                    return Err(Error::Read {
                        what: "a blob".into(),
                        source,
                    });
                }
            }
        }
    }
}
