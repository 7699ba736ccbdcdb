//! A connection to a message bus, or straight to a service that speaks its protocol.
//!
//! Invariant: one call is under way at a time; signals that arrive meanwhile are kept for whoever
//! waits for them; every wait has an end.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use super::wire::{self, Call, ERROR, METHOD_RETURN, Message, PREFIX, SIGNAL};

/// The longest wait for the peer.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a peer may be silent before it is nudged.
///
/// systemd's own socket forgets a message that it reads in one go with the end of the greeting,
/// until more bytes arrive; anything will do, so a ping is sent along.
const SILENCE: Duration = Duration::from_millis(20);

/// A peer that was spoken to and answers.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: UnixStream,
    serial: u32,
    signals: VecDeque<Message>,
    /// Bytes received and not yet used.
    buffer: Vec<u8>,
    nudges: u32,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The reply's body.
    Fine(Vec<u8>),
    /// The error's name and its text.
    Refused(String, String),
}

impl Connection {
    /// Connects to the socket at `path` and says who we are.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(SILENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut connection = Self {
            stream,
            serial: 0,
            signals: VecDeque::new(),
            buffer: Vec::new(),
            nudges: 0,
        };
        connection.authenticate()?;
        Ok(connection)
    }

    /// The one mechanism every local peer takes: the kernel vouches for the user id we name.
    fn authenticate(&mut self) -> io::Result<()> {
        let user = fs::metadata("/proc/self")?.uid().to_string();
        let hex: String = user.bytes().map(|digit| format!("{digit:02x}")).collect();
        self.stream
            .write_all(format!("\0AUTH EXTERNAL {hex}\r\n").as_bytes())?;
        let end = Instant::now() + PATIENCE;
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.extend(self.take(1, end)?);
            if line.len() > 512 {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        if !line.starts_with(b"OK ") {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        self.stream.write_all(b"BEGIN\r\n")
    }

    /// Makes a call and waits for its answer.
    pub(crate) fn call(&mut self, call: &Call) -> io::Result<Answer> {
        self.serial += 1;
        let serial = self.serial;
        self.stream.write_all(&call.encode(serial))?;
        let end = Instant::now() + PATIENCE;
        loop {
            let message = self.receive(end)?;
            match message.kind {
                METHOD_RETURN if message.reply_to == serial => {
                    return Ok(Answer::Fine(message.body));
                }
                ERROR if message.reply_to == serial => {
                    let text = wire::Reader::new(&message.body).text().unwrap_or_default();
                    return Ok(Answer::Refused(message.error, text));
                }
                SIGNAL => self.signals.push_back(message),
                _ => {}
            }
        }
    }

    /// Waits for a signal named `member` of whose body `pick` makes something.
    pub(crate) fn wait<T>(
        &mut self,
        member: &str,
        mut pick: impl FnMut(&[u8]) -> io::Result<Option<T>>,
    ) -> io::Result<T> {
        let end = Instant::now() + PATIENCE;
        loop {
            let message = match self.signals.pop_front() {
                Some(message) => message,
                None => self.receive(end)?,
            };
            if message.kind == SIGNAL
                && message.member == member
                && let Some(found) = pick(&message.body)?
            {
                return Ok(found);
            }
        }
    }

    fn receive(&mut self, end: Instant) -> io::Result<Message> {
        let head = self.take(PREFIX, end)?;
        let prefix = head
            .first_chunk::<PREFIX>()
            .ok_or(io::ErrorKind::InvalidData)?;
        let rest = self.take(wire::rest_of(prefix)?, end)?;
        wire::decode(&[head, rest].concat())
    }

    /// The next `count` bytes.
    fn take(&mut self, count: usize, end: Instant) -> io::Result<Vec<u8>> {
        let mut piece = [0u8; 4096];
        while self.buffer.len() < count {
            match self.stream.read(&mut piece) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(got) => self.buffer.extend(piece.iter().take(got)),
                Err(error) if silent(&error) && Instant::now() < end => self.nudge()?,
                Err(error) if silent(&error) => return Err(io::ErrorKind::TimedOut.into()),
                Err(error) => return Err(error),
            }
        }
        Ok(self.buffer.drain(..count).collect())
    }

    /// Sends something harmless, while the first call is under way.
    fn nudge(&mut self) -> io::Result<()> {
        const MOST: u32 = 5;
        if self.serial != 1 || self.nudges == MOST {
            return Ok(());
        }
        self.nudges += 1;
        let ping = Call::new("", "/", "org.freedesktop.DBus.Peer", "Ping");
        self.stream.write_all(&ping.encode(u32::MAX - self.nudges))
    }
}

/// Whether nothing came within the time a read may take.
fn silent(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted)
}
