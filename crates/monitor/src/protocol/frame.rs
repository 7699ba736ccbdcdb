//! [`Frame`]: one message of a `SOCK_SEQPACKET` socket, a kind byte followed by its payload.
//!
//! Holds the bytes, leaves sending to [`crate::client`] and `session`. Invariant: a frame is at most
//! [`MAX`] bytes and never empty, so that an empty read always means the other side is gone.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::record::{ExitRecord, Failure, Started};
use super::request::{Reply, Request};

/// Most bytes of one frame, kind included.
pub const MAX: usize = 32 * 1024 + 1;

/// The kind bytes. Numbers are for ever.
mod kind {
    pub(super) const REQUEST: u8 = 0x01;
    pub(super) const STDIN: u8 = 0x02;
    pub(super) const STDIN_END: u8 = 0x03;
    pub(super) const REPLY: u8 = 0x10;
    pub(super) const STDOUT: u8 = 0x11;
    pub(super) const STDERR: u8 = 0x12;
    pub(super) const STARTED: u8 = 0x20;
    pub(super) const FAILED: u8 = 0x21;
    pub(super) const EXIT: u8 = 0x22;
    pub(super) const DROPPED: u8 = 0x23;
}

/// Standard output or standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output; of a terminal, everything.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// The kind byte of this stream's frames.
    pub fn kind(self) -> u8 {
        match self {
            Self::Stdout => kind::STDOUT,
            Self::Stderr => kind::STDERR,
        }
    }

    /// `stdout` or `stderr`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame<'a> {
    /// Client: a request.
    Request(Request),
    /// Client: bytes for standard input.
    Stdin(&'a [u8]),
    /// Client: no more standard input will come from this session.
    StdinEnd,
    /// Monitor: the answer to a request.
    Reply(Reply),
    /// Monitor: output.
    Output(Stream, &'a [u8]),
    /// Monitor, to the launching session: the task runs.
    Started(Started),
    /// Monitor, to the launching session: the task could not be started.
    Failed(Failure),
    /// Monitor: the task ended; all its output was sent before. Nothing follows.
    Exit(ExitRecord),
    /// Monitor: this session was too slow and loses output; nothing follows.
    Dropped,
}

/// Why bytes are no frame.
#[derive(Debug, thiserror::Error)]
pub enum BadFrame {
    /// No byte at all.
    #[error("frame is empty")]
    Empty,
    /// A kind this version does not know.
    #[error("frame kind {0:#04x} is unknown")]
    Kind(u8),
    /// The JSON of a frame is malformed.
    #[error("frame kind {0:#04x} carries no valid document")]
    Document(u8, #[source] serde_json::Error),
}

impl<'a> Frame<'a> {
    /// Reads one message.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, BadFrame> {
        let (&kind, payload) = bytes.split_first().ok_or(BadFrame::Empty)?;
        Ok(match kind {
            kind::REQUEST => Self::Request(document(kind, payload)?),
            kind::STDIN => Self::Stdin(payload),
            kind::STDIN_END => Self::StdinEnd,
            kind::REPLY => Self::Reply(document(kind, payload)?),
            kind::STDOUT => Self::Output(Stream::Stdout, payload),
            kind::STDERR => Self::Output(Stream::Stderr, payload),
            kind::STARTED => Self::Started(document(kind, payload)?),
            kind::FAILED => Self::Failed(document(kind, payload)?),
            kind::EXIT => Self::Exit(document(kind, payload)?),
            kind::DROPPED => Self::Dropped,
            other => return Err(BadFrame::Kind(other)),
        })
    }

    /// The bytes of one message.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Request(request) => json(kind::REQUEST, request),
            Self::Stdin(bytes) => raw(kind::STDIN, bytes),
            Self::StdinEnd => vec![kind::STDIN_END],
            Self::Reply(reply) => json(kind::REPLY, reply),
            Self::Output(stream, bytes) => raw(stream.kind(), bytes),
            Self::Started(started) => json(kind::STARTED, started),
            Self::Failed(failure) => json(kind::FAILED, failure),
            Self::Exit(record) => json(kind::EXIT, record),
            Self::Dropped => vec![kind::DROPPED],
        }
    }
}

fn document<T: DeserializeOwned>(kind: u8, payload: &[u8]) -> Result<T, BadFrame> {
    serde_json::from_slice(payload).map_err(|cause| BadFrame::Document(kind, cause))
}

fn raw(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(payload.len() + 1);
    bytes.push(kind);
    bytes.extend_from_slice(payload);
    bytes
}

fn json<T: Serialize>(kind: u8, document: &T) -> Vec<u8> {
    let mut bytes = vec![kind];
    // Plain data with string keys: writing it to memory cannot fail.
    serde_json::to_writer(&mut bytes, document).ok();
    bytes
}
