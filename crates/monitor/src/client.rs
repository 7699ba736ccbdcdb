//! Speaking with a monitor: [`Client`] for questions, [`Session`] for a task's input and output.
//!
//! Leaves terminals and detach keys to `cli`. Invariant: nothing here waits for the monitor longer
//! than for one reply, unless the caller asks for the next event.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use hull_sys::seqpacket;

use crate::error::{Error, call};
use crate::paths;
use crate::protocol::frame::MAX;
use crate::protocol::{
    ExitRecord, Failure, Frame, Reply, Request, RestartPolicy, Size, Started, Status, Stream,
};

/// Which streams a session takes part in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Streams {
    /// Forward standard input.
    pub stdin: bool,
    /// Receive standard output.
    pub stdout: bool,
    /// Receive standard error.
    pub stderr: bool,
    /// Hold the task's output back rather than lose this session when it is slow.
    pub lossless: bool,
}

impl From<Streams> for Request {
    fn from(streams: Streams) -> Self {
        let Streams {
            stdin,
            stdout,
            stderr,
            lossless,
        } = streams;
        Self::Attach {
            stdin,
            stdout,
            stderr,
            lossless,
        }
    }
}

/// A connection to a monitor that answers questions.
#[derive(Debug)]
pub struct Client {
    session: Session,
}

impl Client {
    /// Connects to the monitor of `run_dir`.
    pub fn connect(run_dir: &Path) -> Result<Self, Error> {
        let unreachable = |source| Error::Unreachable {
            run_dir: run_dir.to_owned(),
            source,
        };
        let socket = seqpacket::connect_at(run_dir, paths::SOCKET).map_err(unreachable)?;
        Ok(Self {
            session: Session::new(socket),
        })
    }

    /// How the monitor and its task are.
    pub fn status(&mut self) -> Result<Status, Error> {
        let reply = self.session.ask("report", &Request::Status)?;
        reply.status.ok_or(Error::Gone { request: "report" })
    }

    /// Takes part in the task's streams from now on.
    pub fn attach(mut self, streams: Streams) -> Result<Session, Error> {
        self.session.ask("attach", &streams.into())?;
        Ok(self.session)
    }

    /// A session that only receives the exit of the task's present process.
    pub fn wait(mut self) -> Result<Session, Error> {
        self.session.ask("wait", &Request::Wait)?;
        Ok(self.session)
    }

    /// Sets the size of the task's terminal.
    pub fn resize(&mut self, size: Size) -> Result<(), Error> {
        self.session
            .ask("resize", &Request::Resize { size })
            .map(drop)
    }

    /// Sends a signal to the task's first process.
    pub fn signal(&mut self, signal: i32) -> Result<(), Error> {
        self.session
            .ask("send a signal", &Request::Signal { signal })
            .map(drop)
    }

    /// Switches restarting off, before a stop by hand; also ends a back-off.
    pub fn stop_restarting(&mut self) -> Result<(), Error> {
        self.session
            .ask("stop restarting", &Request::StopRestarting)
            .map(drop)
    }

    /// Changes the restart policy.
    pub fn update(&mut self, restart: RestartPolicy) -> Result<(), Error> {
        self.session
            .ask("update", &Request::Update { restart })
            .map(drop)
    }
}

/// Something a session receives.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// Output of the task.
    Output(Stream, &'a [u8]),
    /// The task runs; only on the launching session.
    Started(Started),
    /// The task could not be started; only on the launching session.
    Failed(Failure),
    /// The task ended and all its output came before this.
    Exit(ExitRecord),
    /// This session was too slow and misses output from here on.
    Dropped,
    /// Answer to a request sent on this session.
    Reply(Reply),
    /// The monitor is gone without a word about the task: it was killed.
    Lost,
    /// Nothing now; poll the session for readability.
    Nothing,
}

/// A connection that carries a task's streams. Poll it through [`AsFd`].
#[derive(Debug)]
pub struct Session {
    socket: OwnedFd,
    buffer: Vec<u8>,
}

impl AsFd for Session {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Session {
    pub(crate) fn new(socket: OwnedFd) -> Self {
        Self {
            socket,
            buffer: vec![0; MAX],
        }
    }

    /// The next event, waiting for it; never [`Event::Nothing`].
    pub fn next_event(&mut self) -> Result<Event<'_>, Error> {
        let received = seqpacket::recv_blocking(&self.socket, &mut self.buffer);
        self.event(received.map(Some))
    }

    /// The next event if one is there.
    pub fn try_next_event(&mut self) -> Result<Event<'_>, Error> {
        let received = seqpacket::try_recv(&self.socket, &mut self.buffer);
        self.event(received)
    }

    fn event(&self, received: io::Result<Option<usize>>) -> Result<Event<'_>, Error> {
        let length = match received {
            Ok(None) => return Ok(Event::Nothing),
            Ok(Some(0)) => return Ok(Event::Lost),
            Ok(Some(length)) => length,
            Err(cause) if cause.kind() == io::ErrorKind::ConnectionReset => return Ok(Event::Lost),
            Err(source) => {
                return Err(Error::Call {
                    step: "hear from the monitor",
                    source,
                });
            }
        };
        let frame = Frame::decode(self.buffer.get(..length).unwrap_or_default());
        Ok(match frame.map_err(Error::Frame)? {
            Frame::Output(stream, bytes) => Event::Output(stream, bytes),
            Frame::Started(started) => Event::Started(started),
            Frame::Failed(failure) => Event::Failed(failure),
            Frame::Exit(record) => Event::Exit(record),
            Frame::Dropped => Event::Dropped,
            Frame::Reply(reply) => Event::Reply(reply),
            Frame::Request(_) | Frame::Stdin(_) | Frame::StdinEnd => Event::Nothing,
        })
    }

    /// Sends standard input, waiting for room; at most 32 KiB at a time are taken, see the result.
    pub fn send_stdin(&self, bytes: &[u8]) -> Result<usize, Error> {
        let part = bytes.get(..MAX - 1).unwrap_or(bytes);
        self.send(&Frame::Stdin(part))?;
        Ok(part.len())
    }

    /// Sends standard input if there is room: the bytes taken, `None` when there is no room now.
    pub fn try_send_stdin(&self, bytes: &[u8]) -> Result<Option<usize>, Error> {
        let part = bytes.get(..MAX - 1).unwrap_or(bytes);
        let sent = seqpacket::try_send(&self.socket, &Frame::Stdin(part).encode());
        Ok(sent
            .map_err(call("send standard input"))?
            .then_some(part.len()))
    }

    /// Says that no more standard input will come from here.
    pub fn end_stdin(&self) -> Result<(), Error> {
        self.send(&Frame::StdinEnd)
    }

    /// Sets the size of the task's terminal; the reply comes as an event.
    pub fn resize(&self, size: Size) -> Result<(), Error> {
        self.send(&Frame::Request(Request::Resize { size }))
    }

    /// Sends a signal to the task's first process; the reply comes as an event.
    pub fn signal(&self, signal: i32) -> Result<(), Error> {
        self.send(&Frame::Request(Request::Signal { signal }))
    }

    /// After [`Event::Exit`]: the caller does what `system reap` would do, so the monitor need not.
    pub fn reaped(self) -> Result<(), Error> {
        self.send(&Frame::Request(Request::Reaped))
    }

    pub(crate) fn send(&self, frame: &Frame<'_>) -> Result<(), Error> {
        seqpacket::send_blocking(&self.socket, &frame.encode())
            .map_err(call("speak to the monitor"))
    }

    fn ask(&mut self, name: &'static str, request: &Request) -> Result<Reply, Error> {
        self.send(&Frame::Request(request.clone()))?;
        loop {
            match self.next_event()? {
                Event::Reply(Reply {
                    error: Some(reason),
                    ..
                }) => {
                    return Err(Error::Refused {
                        request: name,
                        reason,
                    });
                }
                Event::Reply(reply) => return Ok(reply),
                Event::Lost => return Err(Error::Gone { request: name }),
                _ => {}
            }
        }
    }
}
