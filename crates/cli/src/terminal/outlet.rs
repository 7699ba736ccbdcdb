//! One of our output streams, and what waits to be written to it.
//!
//! Leaves waiting to [`super::attach`]. Invariant: a reader that stops never stops us: bytes are kept,
//! in order, until it goes on.

use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use hull_sys::poll::{Interest, poll};

/// As much as a pipe that can be written to takes without blocking (pipe(7), `PIPE_BUF`).
const PIECE: usize = 4096;

/// An output stream.
pub(super) struct Outlet<W> {
    out: W,
    waiting: Vec<u8>,
    written: usize,
}

impl<W: Write + AsFd> Outlet<W> {
    /// The stream `out`.
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            waiting: Vec::new(),
            written: 0,
        }
    }

    /// The descriptor to wait for.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.out.as_fd()
    }

    /// How many bytes wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len() - self.written
    }

    /// Writes `bytes` as far as the reader takes them, and keeps the rest.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.waiting() > 0 {
            self.waiting.extend_from_slice(bytes);
            return Ok(());
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let written = self.piece(rest)?;
            if written == 0 {
                self.waiting.extend_from_slice(rest);
                break;
            }
            rest = rest.get(written..).unwrap_or_default();
        }
        Ok(())
    }

    /// Writes what waits as far as the reader takes it.
    pub(super) fn go_on(&mut self) -> io::Result<()> {
        while self.waiting() > 0 {
            let waiting = std::mem::take(&mut self.waiting);
            let written = self.piece(waiting.get(self.written..).unwrap_or_default());
            self.waiting = waiting;
            match written? {
                0 => return Ok(()),
                count => self.written += count,
            }
        }
        self.waiting.clear();
        self.written = 0;
        Ok(())
    }

    /// Writes all that waits, however long the reader takes.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        let rest = self.waiting.get(self.written..).unwrap_or_default();
        self.out.write_all(rest)?;
        self.waiting.clear();
        self.written = 0;
        self.out.flush()
    }

    /// Writes one piece if that does not block; how much was written.
    fn piece(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let interest = Interest {
            fd: self.out.as_fd(),
            read: false,
            write: true,
            urgent: false,
        };
        let ready = poll(&[interest], Some(Duration::ZERO))?;
        if !ready.iter().any(|ready| ready.any()) {
            return Ok(0);
        }
        let piece = bytes.get(..PIECE).unwrap_or(bytes);
        match self.out.write(piece) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(0),
            written => written,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_reader_that_stops_loses_nothing() {
        let (mut reader, writer) = io::pipe().unwrap();
        let mut outlet = Outlet::new(writer);
        let text: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
        for part in text.chunks(30_000) {
            outlet.write(part).unwrap();
        }
        assert!(
            outlet.waiting() > 3_000_000,
            "the pipe is full and nothing blocked"
        );
        let read = std::thread::spawn(move || {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).unwrap();
            all
        });
        outlet.go_on().unwrap();
        outlet.finish().unwrap();
        drop(outlet);
        assert!(read.join().unwrap() == text);
    }
}
