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

/// A peer that was spoken to and answers.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: UnixStream,
    serial: u32,
    signals: VecDeque<Message>,
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
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut connection = Self {
            stream,
            serial: 0,
            signals: VecDeque::new(),
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
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            let mut byte = [0u8; 1];
            self.stream.read_exact(&mut byte)?;
            line.extend(byte);
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
        if Instant::now() > end {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let mut prefix = [0u8; PREFIX];
        self.stream.read_exact(&mut prefix).map_err(late)?;
        let mut bytes = vec![0u8; PREFIX + wire::rest_of(&prefix)?];
        bytes
            .iter_mut()
            .zip(prefix)
            .for_each(|(to, from)| *to = from);
        let (_, rest) = bytes.split_at_mut(PREFIX);
        self.stream.read_exact(rest).map_err(late)?;
        wire::decode(&bytes)
    }
}

/// A socket's timeout shows as "try again", which it is not.
fn late(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
        _ => error,
    }
}
