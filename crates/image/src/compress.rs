//! Compressions of layers and archives, told by their first bytes.
//!
//! Leaves media types alone: people mislabel. Invariant: what we cannot read is named, not guessed.

use std::io::{BufRead, Read};

use crate::error::{Error, Result};

/// A compression we read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    /// None.
    Plain,
    /// RFC 1952, any number of members.
    Gzip,
    /// RFC 8878, any number of frames.
    Zstd,
}

/// How many bytes [`Compression::sniff`] wants to see.
pub(crate) const SNIFF: usize = 8;

impl Compression {
    /// Tells by the first bytes of `what`.
    pub(crate) fn sniff(first: &[u8], what: &str) -> Result<Self> {
        let refuse = |algorithm| {
            Err(Error::Compression {
                what: what.to_owned(),
                algorithm,
            })
        };
        match first {
            [0x1f, 0x8b, ..] => Ok(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Ok(Self::Zstd),
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Ok(Self::Zstd),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => refuse("xz"),
            [b'B', b'Z', b'h', ..] => refuse("bzip2"),
            _ => Ok(Self::Plain),
        }
    }

    /// A reader of the plain bytes.
    pub(crate) fn decoder<'r>(
        self,
        input: impl BufRead + Send + 'r,
    ) -> Result<Box<dyn Read + Send + 'r>> {
        Ok(match self {
            Self::Plain => Box::new(input),
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(input)),
            Self::Zstd => {
                let decoder = zstd::stream::read::Decoder::with_buffer(input);
                let what = "the zstd stream".to_owned();
                Box::new(decoder.map_err(|source| Error::Read { what, source })?)
            }
        })
    }
}
