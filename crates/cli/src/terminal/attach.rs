//! Moves bytes between our standard streams and a session until it ends.
//!
//! Leaves making the session to the engine. Invariant: one thread around one poll; output is
//! written in the order in which it came; signals meant for the container are passed on.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;

use hull_monitor::client::{Event, Session};
use hull_monitor::protocol::{ExitRecord, Stream};
use hull_sys::poll::{Interest, poll};
use hull_sys::signal::{self, Signals};

use super::keys::Keys;
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

/// Signals that are passed on: all that somebody sends, none that tell a fault of ours.
const PASSED_ON: &[i32] = &[
    1, 2, 3, 10, 12, 14, 15, 16, 18, 20, 21, 22, 24, 25, 26, 27, 28, 29, 30,
];
/// SIGWINCH.
const RESIZED: i32 = 28;
/// SIGCONT.
const CONTINUED: i32 = 18;
const CHUNK: usize = 32 * 1024;

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
    };
    loop {
        if let Some(ended) = pump.step()? {
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
}

impl Pump<'_> {
    /// Waits for something and does it.
    fn step(&mut self) -> Result<Option<Ended>, Error> {
        let stdin = io::stdin();
        let stdin_wanted = self.stdin == Input::Open && self.pending.is_empty();
        let session = self.session.as_fd();
        let mut interests = vec![Interest {
            fd: session,
            read: true,
            write: !self.pending.is_empty(),
            urgent: false,
        }];
        if let Some(signals) = self.signals {
            interests.push(Interest {
                fd: signals.as_fd(),
                read: true,
                write: false,
                urgent: false,
            });
        }
        if stdin_wanted {
            interests.push(Interest {
                fd: stdin.as_fd(),
                read: true,
                write: false,
                urgent: false,
            });
        }
        let ready = poll(&interests, None).map_err(Error::stream("wait for the container"))?;
        let at = |index: usize| ready.get(index).copied().unwrap_or_default();
        let has_signals = self.signals.is_some();
        let (signalled, typed) = (
            has_signals && at(1).any(),
            stdin_wanted && at(1 + usize::from(has_signals)).any(),
        );
        if signalled && let Some(ended) = self.signal()? {
            return Ok(Some(ended));
        }
        if (at(0).read || at(0).hang_up)
            && let Some(ended) = self.event()? {
                return Ok(Some(ended));
            }
        if at(0).write {
            self.send()?;
        }
        if typed {
            return self.read();
        }
        Ok(None)
    }

    fn event(&mut self) -> Result<Option<Ended>, Error> {
        let event = self.session.try_next_event().map_err(monitor)?;
        match event {
            Event::Output(Stream::Stdout, bytes) if self.how.stdout => {
                write_all(&mut io::stdout().lock(), bytes, "write to standard output")?;
            }
            Event::Output(Stream::Stderr, bytes) if self.how.stderr => {
                write_all(&mut io::stderr().lock(), bytes, "write to standard error")?;
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

fn write_all(out: &mut impl Write, bytes: &[u8], step: &'static str) -> Result<(), Error> {
    out.write_all(bytes)
        .and_then(|()| out.flush())
        .map_err(Error::stream(step))
}
