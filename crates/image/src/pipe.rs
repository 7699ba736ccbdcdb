//! A pipe between two threads that hands over whole buffers, and takes them back.
//!
//! Invariant: at most [`DEPTH`] buffers are in flight, whatever the speeds of the two ends.

use std::io::{BufRead, Error, Read, Result};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

use crate::tar::reader::Input;

/// Bytes of one buffer.
pub(crate) const CHUNK: usize = 256 << 10;

const DEPTH: usize = 8;

/// The end that fills.
pub(crate) struct Feeder {
    full: SyncSender<Result<Vec<u8>>>,
    empty: Receiver<Vec<u8>>,
}

/// The end that reads.
pub(crate) struct Drain {
    full: Receiver<Result<Vec<u8>>>,
    empty: Sender<Vec<u8>>,
    current: Vec<u8>,
    at: usize,
}

/// A pipe.
pub(crate) fn pipe() -> (Feeder, Drain) {
    let (full, read) = sync_channel(DEPTH);
    let (give_back, empty) = channel();
    let drain = Drain {
        full: read,
        empty: give_back,
        current: Vec::new(),
        at: 0,
    };
    (Feeder { full, empty }, drain)
}

impl Feeder {
    /// A buffer of [`CHUNK`] bytes, used ones first.
    pub(crate) fn buffer(&self) -> Vec<u8> {
        let mut buffer = self.empty.try_recv().unwrap_or_default();
        buffer.resize(CHUNK, 0);
        buffer
    }

    /// Hands a buffer over; `false` when nobody reads any more.
    pub(crate) fn send(&self, buffer: Vec<u8>) -> bool {
        self.full.send(Ok(buffer)).is_ok()
    }

    /// Tells the reader why there is no more.
    pub(crate) fn fail(&self, error: &Error) {
        // A reader that has gone needs no reason.
        self.full
            .send(Err(Error::new(error.kind(), error.to_string())))
            .ok();
    }
}

/// Fills a buffer as far as the input goes.
pub(crate) fn fill(input: &mut impl Read, buffer: &mut Vec<u8>) -> Result<()> {
    let mut have = 0;
    while let Some(space) = buffer.get_mut(have..).filter(|space| !space.is_empty()) {
        match input.read(space) {
            Ok(0) => break,
            Ok(got) => have += got,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    buffer.truncate(have);
    Ok(())
}

impl BufRead for Drain {
    fn fill_buf(&mut self) -> Result<&[u8]> {
        while self.at >= self.current.len() {
            let Ok(next) = self.full.recv() else {
                return Ok(&[]);
            };
            let used = std::mem::replace(&mut self.current, next?);
            self.at = 0;
            // A feeder that has finished wants no buffers.
            self.empty.send(used).ok();
        }
        Ok(self.current.get(self.at..).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.at = self.at.saturating_add(count);
    }
}

impl Read for Drain {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let have = self.fill_buf()?;
        let count = have.len().min(buffer.len());
        for (slot, byte) in buffer.iter_mut().zip(have) {
            *slot = *byte;
        }
        self.consume(count);
        Ok(count)
    }
}

impl Input for Drain {}
