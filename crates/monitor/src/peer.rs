//! One connected client, seen from the monitor: what it takes part in and what it has yet to take.
//!
//! Leaves the meaning of requests to `supervise`. Invariant: nothing here ever waits for the client;
//! what the socket does not take is kept up to a bound, beyond which a lossless session holds output
//! back and any other one is dropped.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use hull_sys::poll::Interest;
use hull_sys::seqpacket;

use crate::client::Streams;
use crate::protocol::{Frame, Request, Stream};

/// Bytes kept for one client beyond what its socket holds (about 200 KiB).
const BACKLOG: usize = 256 * 1024;

/// A connected client.
#[derive(Debug)]
pub(crate) struct Peer {
    socket: OwnedFd,
    /// What it attached to.
    pub(crate) streams: Streams,
    /// It attached or waits, and so is told the exit.
    pub(crate) told_exit: bool,
    /// It launched this monitor.
    pub(crate) launched_us: bool,
    /// Its end of standard input is the task's end of it.
    pub(crate) owns_input: bool,
    backlog: VecDeque<Vec<u8>>,
    kept: usize,
    /// Nothing more will be sent; it goes when the backlog is empty.
    closing: bool,
    gone: bool,
}

impl Peer {
    /// A client that just connected.
    pub(crate) fn new(socket: OwnedFd) -> Self {
        Self {
            socket,
            streams: Streams::default(),
            told_exit: false,
            launched_us: false,
            owns_input: false,
            backlog: VecDeque::new(),
            kept: 0,
            closing: false,
            gone: false,
        }
    }

    /// The client that launched us, with its first message, already waiting in the socket, taken.
    /// `None` when standard input was no such socket.
    pub(crate) fn launcher(socket: OwnedFd) -> Option<Self> {
        let mut buffer = [0; 512];
        let length = seqpacket::try_recv(&socket, &mut buffer).ok()??;
        let mut peer = Self {
            launched_us: true,
            ..Self::new(socket)
        };
        let frame = Frame::decode(buffer.get(..length)?);
        if let Ok(Frame::Request(Request::Attach {
            stdin,
            stdout,
            stderr,
            lossless,
        })) = frame
        {
            peer.attach(Streams {
                stdin,
                stdout,
                stderr,
                lossless,
            });
        }
        Some(peer)
    }

    /// It takes part in `streams` from now on.
    pub(crate) fn attach(&mut self, streams: Streams) {
        self.streams = streams;
        self.told_exit = streams != Streams::default();
    }

    /// What to poll for; `None` to leave it alone for now. Input is not read while `input_is_full`.
    pub(crate) fn interest(&self, input_is_full: bool) -> Option<Interest<'_>> {
        let read = !(self.streams.stdin && input_is_full);
        let write = !self.backlog.is_empty();
        (read || write).then(|| Interest {
            read,
            write,
            ..Interest::read(self.socket.as_fd())
        })
    }

    /// Whether output of the task must be held back for its sake.
    pub(crate) fn holds_back(&self) -> bool {
        self.streams.lossless && self.kept >= BACKLOG && !self.gone
    }

    /// Whether something is still to be sent.
    pub(crate) fn is_behind(&self) -> bool {
        !self.gone && !self.backlog.is_empty()
    }

    /// Whether the connection is of no use any more.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone || (self.closing && self.backlog.is_empty())
    }

    /// Sends output, given as a whole frame, if it takes part in `stream`.
    pub(crate) fn output(&mut self, stream: Stream, frame: &[u8]) {
        let wanted = match stream {
            Stream::Stdout => self.streams.stdout,
            Stream::Stderr => self.streams.stderr,
        };
        if !wanted || self.closing {
            return;
        }
        self.send_bytes(frame);
        if self.kept > BACKLOG && !self.streams.lossless {
            self.backlog.clear();
            self.kept = 0;
            self.send(&Frame::Dropped);
            self.close();
        }
    }

    /// Sends a frame, now or when there is room.
    pub(crate) fn send(&mut self, frame: &Frame<'_>) {
        self.send_bytes(&frame.encode());
    }

    fn send_bytes(&mut self, bytes: &[u8]) {
        if self.backlog.is_empty() {
            match seqpacket::try_send(&self.socket, bytes) {
                Ok(true) => return,
                Ok(false) => {}
                Err(_) => self.gone = true,
            }
        }
        if !self.gone {
            self.kept += bytes.len();
            self.backlog.push_back(bytes.to_vec());
        }
    }

    /// Sends what it can of the backlog.
    pub(crate) fn flush(&mut self) {
        while let Some(bytes) = self.backlog.front() {
            match seqpacket::try_send(&self.socket, bytes) {
                Ok(true) => {
                    self.kept = self.kept.saturating_sub(bytes.len());
                    self.backlog.pop_front();
                }
                Ok(false) => return,
                Err(_) => {
                    self.gone = true;
                    return;
                }
            }
        }
    }

    /// Takes a message: its length in `buffer`, `None` when there is none. Notes that it is gone.
    pub(crate) fn receive(&mut self, buffer: &mut [u8]) -> Option<usize> {
        match seqpacket::try_recv(&self.socket, buffer) {
            Ok(Some(0)) | Err(_) => {
                self.gone = true;
                None
            }
            Ok(length) => length,
        }
    }

    /// Lets it go once everything is sent.
    pub(crate) fn close(&mut self) {
        self.closing = true;
    }
}

impl AsFd for Peer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Event, Session};

    fn pair(lossless: bool) -> (Session, Peer) {
        let (ours, theirs) = seqpacket::pair().unwrap();
        let mut peer = Peer::new(theirs);
        peer.attach(Streams {
            stdin: false,
            stdout: true,
            stderr: false,
            lossless,
        });
        (Session::new(ours), peer)
    }

    fn fill(peer: &mut Peer) -> usize {
        let frame = Frame::Output(Stream::Stdout, &[b'x'; 16 * 1024]).encode();
        let mut sent = 0;
        while !peer.holds_back() && !peer.closing && sent < 1000 {
            peer.output(Stream::Stdout, &frame);
            sent += 1;
        }
        sent
    }

    #[test]
    fn a_slow_lossless_client_holds_output_back_and_gets_all_of_it() {
        let (mut session, mut peer) = pair(true);
        let sent = fill(&mut peer);
        assert!(peer.holds_back() && !peer.is_gone());
        peer.send(&Frame::Dropped);
        let mut got = 0;
        while let Event::Output(..) = session.next_event().unwrap() {
            got += 1;
            peer.flush();
        }
        assert_eq!(got, sent);
        assert!(!peer.holds_back() && !peer.is_behind());
    }

    #[test]
    fn a_slow_client_of_the_other_kind_is_told_and_dropped() {
        let (mut session, mut peer) = pair(false);
        fill(&mut peer);
        assert!(peer.closing && !peer.holds_back());
        loop {
            peer.flush();
            match session.next_event().unwrap() {
                Event::Output(..) => {}
                Event::Dropped => break,
                other => panic!("{other:?}"),
            }
        }
        peer.flush();
        assert!(peer.is_gone());
    }

    #[test]
    fn a_client_that_closed_is_noticed_when_something_is_sent() {
        let (session, mut peer) = pair(true);
        drop(session);
        peer.output(Stream::Stderr, b"\x12not its stream");
        assert!(!peer.is_gone());
        peer.output(Stream::Stdout, b"\x11x");
        assert!(peer.is_gone());
    }
}
