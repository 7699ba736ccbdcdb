//! Moves bytes between our standard streams and a session until it ends.
//!
//! Leaves making the session to the engine. Invariant: one thread around one poll; output is
//! written in the order in which it came; signals meant for the container are passed on.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use hull_monitor::client::{Event, Session};
use hull_monitor::protocol::{ExitRecord, Stream};
use hull_sys::poll::{Interest, poll};
use hull_sys::signal::{self, Signals};

use super::keys::Keys;
use super::outlet::Outlet;
use super::raw::{self, Raw};
use crate::error::Error;
use crate::output::note;

/// How to attach.
pub(crate) struct Attach {
    /// The container has a terminal.
    pub(crate) tty: bool,
    /// Our standard input goes to it.
    pub(crate) stdin: bool,
    /// Its standard output comes to us.
    pub(crate) stdout: bool,
    /// Its standard error comes to us.
    pub(crate) stderr: bool,
    /// Signals we get go to it.
    pub(crate) sig_proxy: bool,
    /// The keys that detach from a terminal.
    pub(crate) detach_keys: Vec<u8>,
}

/// How an attachment ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The process ended.
    Exit(ExitRecord),
    /// The user typed the detach keys.
    Detached,
    /// The session ended without a word about the process.
    Lost,
    /// We were told to go, by this signal.
    Signal(i32),
    /// We were told to go for the third time, though the signals went to the container.
    Forced,
}

/// Signals that are passed on: all that somebody sends, none that tell a fault of ours, nor those by
/// which a shell keeps a background job off the terminal.
const PASSED_ON: &[i32] = &[
    1, 2, 3, 10, 12, 14, 15, 16, 18, 20, 24, 25, 26, 27, 28, 29, 30,
];
/// SIGWINCH.
const RESIZED: i32 = 28;
/// SIGCONT.
const CONTINUED: i32 = 18;
const CHUNK: usize = 32 * 1024;
/// Bytes kept for a reader that stopped; from there on the container waits for it.
const MOST_KEPT: usize = 64 << 20;
const TO_STDOUT: &str = "write to standard output";
const TO_STDERR: &str = "write to standard error";

/// Blocks the signals that an attachment passes on, so that none is lost before it begins.
pub(crate) fn hold_signals(tty: bool, sig_proxy: bool) -> Result<Option<Signals>, Error> {
    if !tty && !sig_proxy {
        return Ok(None);
    }
    signal::descriptor(PASSED_ON)
        .map(Some)
        .map_err(Error::stream("receive signals"))
}

/// Moves bytes until the session ends.
pub(crate) fn attach(
    session: &mut Session,
    how: &Attach,
    signals: Option<&Signals>,
) -> Result<Ended, Error> {
    let raw = match how.tty && how.stdin {
        true => Raw::enter().map_err(Error::stream("set the terminal to raw mode"))?,
        false => None,
    };
    if how.tty
        && let Some(size) = raw::size()
    {
        session.resize(size).map_err(monitor)?;
    }
    let mut pump = Pump {
        session,
        how,
        signals,
        raw,
        keys: Keys::new(if how.tty {
            how.detach_keys.clone()
        } else {
            Vec::new()
        }),
        pending: Vec::new(),
        stdin: if how.stdin {
            Input::Open
        } else {
            Input::Closed
        },
        interrupts: 0,
        out: Outlet::new(unbuffered(io::stdout()).map_err(Error::stream(TO_STDOUT))?),
        err: Outlet::new(unbuffered(io::stderr()).map_err(Error::stream(TO_STDERR))?),
    };
    loop {
        if let Some(ended) = pump.step()? {
            if !matches!(ended, Ended::Detached | Ended::Forced | Ended::Signal(_)) {
                pump.out.finish().map_err(Error::stream(TO_STDOUT))?;
                pump.err.finish().map_err(Error::stream(TO_STDERR))?;
            }
            return Ok(ended);
        }
    }
}

fn monitor(source: hull_monitor::Error) -> Error {
    Error::Engine(hull_engine::Error::Monitor(source))
}

/// Where our standard input stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Input {
    Open,
    /// At its end; the container is told once all is sent.
    Ending,
    Closed,
}

struct Pump<'a> {
    session: &'a mut Session,
    how: &'a Attach,
    signals: Option<&'a Signals>,
    raw: Option<Raw>,
    keys: Keys,
    /// Typed but not yet sent.
    pending: Vec<u8>,
    stdin: Input,
    interrupts: u32,
    out: Outlet<File>,
    err: Outlet<File>,
}

impl Pump<'_> {
    /// Waits for something and does it.
    fn step(&mut self) -> Result<Option<Ended>, Error> {
        let stdin = io::stdin();
        let typing = self.stdin == Input::Open && self.pending.is_empty();
        let room = self.out.waiting() + self.err.waiting() < MOST_KEPT;
        let mut wanted = vec![
            want(self.session.as_fd(), room, !self.pending.is_empty()),
            want(self.out.fd(), false, self.out.waiting() > 0),
            want(self.err.fd(), false, self.err.waiting() > 0),
        ];
        wanted.extend(
            self.signals
                .map(|signals| want(signals.as_fd(), true, false)),
        );
        wanted.extend(typing.then(|| want(stdin.as_fd(), true, false)));
        // A stream nobody waits for would wake us with its hang-up, again and again.
        wanted.retain(|interest| interest.read || interest.write);
        let ready = poll(&wanted, None).map_err(Error::stream("wait for the container"))?;
        let is = |fd: BorrowedFd<'_>| {
            let found = wanted
                .iter()
                .zip(&ready)
                .find(|(want, _)| want.fd.as_raw_fd() == fd.as_raw_fd());
            found.map(|(_, ready)| *ready).unwrap_or_default()
        };
        let session = is(self.session.as_fd());
        let signalled = self
            .signals
            .is_some_and(|signals| is(signals.as_fd()).any());
        let typed = typing && is(stdin.as_fd()).any();
        self.out.go_on().map_err(Error::stream(TO_STDOUT))?;
        self.err.go_on().map_err(Error::stream(TO_STDERR))?;
        if signalled && let Some(ended) = self.signal()? {
            return Ok(Some(ended));
        }
        if (session.read || session.hang_up)
            && let Some(ended) = self.event()?
        {
            return Ok(Some(ended));
        }
        if session.write {
            self.send()?;
        }
        if typed { self.read() } else { Ok(None) }
    }

    fn event(&mut self) -> Result<Option<Ended>, Error> {
        let event = self.session.try_next_event().map_err(monitor)?;
        match event {
            Event::Output(Stream::Stdout, bytes) if self.how.stdout => {
                self.out.write(bytes).map_err(Error::stream(TO_STDOUT))?;
            }
            Event::Output(Stream::Stderr, bytes) if self.how.stderr => {
                self.err.write(bytes).map_err(Error::stream(TO_STDERR))?;
            }
            Event::Exit(record) => return Ok(Some(Ended::Exit(record))),
            Event::Lost => return Ok(Some(Ended::Lost)),
            Event::Dropped => note(
                "hull: output came faster than it was read; some is missing here, `hull logs` has it",
            ),
            _ => {}
        }
        Ok(None)
    }

    fn read(&mut self) -> Result<Option<Ended>, Error> {
        let mut buffer = vec![0; CHUNK];
        let count = match io::stdin().lock().read(&mut buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(None),
            // A terminal that went away, or one we may not read from in the background.
            Err(_) => 0,
        };
        if count == 0 {
            self.stdin = Input::Ending;
            self.send()?;
            return Ok(None);
        }
        let typed = self.keys.watch(buffer.get(..count).unwrap_or_default());
        self.pending.extend(typed.forward);
        self.send()?;
        Ok(typed.detach.then_some(Ended::Detached))
    }

    /// Sends what was typed, as far as there is room.
    fn send(&mut self) -> Result<(), Error> {
        while !self.pending.is_empty() {
            match self.session.try_send_stdin(&self.pending) {
                Ok(Some(sent)) => drop(self.pending.drain(..sent)),
                Ok(None) => return Ok(()),
                // The process is gone: its exit comes as an event.
                Err(_) => self.pending.clear(),
            }
        }
        if self.stdin == Input::Ending {
            self.stdin = Input::Closed;
            self.session.end_stdin().ok();
        }
        Ok(())
    }

    fn signal(&mut self) -> Result<Option<Ended>, Error> {
        let Some(signals) = self.signals else {
            return Ok(None);
        };
        while let Some(number) = signals
            .next_signal()
            .map_err(Error::stream("receive signals"))?
        {
            if number == RESIZED || number == CONTINUED {
                self.resize(number == CONTINUED);
            }
            if number == RESIZED {
                continue;
            }
            if !self.how.sig_proxy {
                match number {
                    1 | 2 | 3 | 15 => return Ok(Some(Ended::Signal(number))),
                    _ => continue,
                }
            }
            if matches!(number, 2 | 15) {
                self.interrupts += 1;
                if self.interrupts >= 3 && !self.how.tty {
                    note("\ngot 3 SIGTERM/SIGINTs, forcefully exiting");
                    return Ok(Some(Ended::Forced));
                }
            }
            self.session.signal(number).ok();
        }
        Ok(None)
    }

    fn resize(&self, again: bool) {
        if let Some(raw) = self.raw.as_ref().filter(|_| again) {
            raw.again().ok();
        }
        if self.how.tty
            && let Some(size) = raw::size()
        {
            self.session.resize(size).ok();
        }
    }
}

fn want(fd: BorrowedFd<'_>, read: bool, write: bool) -> Interest<'_> {
    Interest {
        fd,
        read,
        write,
        urgent: false,
    }
}

/// The stream itself, without the standard library's buffer: every byte goes out at once.
fn unbuffered(stream: impl AsFd) -> io::Result<File> {
    stream.as_fd().try_clone_to_owned().map(File::from)
}
