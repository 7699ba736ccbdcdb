//! Staying with a program: passing signals on, relaying its terminal, taking its exit.
//!
//! Invariant: the caller's terminal is as it was when this ends.

use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use hull_runtime::Running;
use hull_sys::pidfd::{self, Exit};
use hull_sys::poll::{self, Interest};
use hull_sys::signal::{self, Signals};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr, tcsetwinsize};

use super::fault::Fault;

/// Everything made ready before the program exists, so that no signal is lost.
#[derive(Debug)]
pub(super) struct Foreground {
    signals: Signals,
    terminal: bool,
}

/// Window size changed.
const WINCH: i32 = 28;
const CHLD: i32 = 17;
const URG: i32 = 23;

impl Foreground {
    /// Takes over this process's signals.
    pub(super) fn prepare(terminal: bool) -> Result<Self, Fault> {
        // All that can be caught, but those of faults and of job control.
        let passed: Vec<i32> = (1..=31)
            .filter(|number| !matches!(number, 4 | 5 | 7 | 8 | 9 | 11 | 19 | 20 | 21 | 22))
            .collect();
        let signals =
            signal::descriptor(&passed).map_err(|source| failed("read signals", &source))?;
        Ok(Self { signals, terminal })
    }

    /// Stays until the program ended and all it wrote was passed on.
    pub(super) fn stay(&self, running: &Running) -> Result<Exit, Fault> {
        let raw = match &running.terminal {
            Some(master) if self.terminal => {
                resize(master.as_fd());
                Raw::enter().map_err(|source| failed("set up the terminal", &source))?
            }
            _ => None,
        };
        let mut relay = running.terminal.as_ref().map(|master| Relay {
            master,
            input: true,
            output: true,
        });
        let exit = self.watch(running, relay.as_mut());
        drop(raw);
        exit.map_err(|source| failed("stay with the program", &source))
    }

    fn watch(&self, running: &Running, mut relay: Option<&mut Relay<'_>>) -> io::Result<Exit> {
        loop {
            let stdin = io::stdin();
            let mut interests = vec![
                Interest::read(running.pidfd.as_fd()),
                Interest::read(self.signals.as_fd()),
            ];
            if let Some(relay) = &relay {
                if relay.output {
                    interests.push(Interest::read(relay.master.as_fd()));
                }
                if relay.input {
                    interests.push(Interest::read(stdin.as_fd()));
                }
            }
            let ready = poll::poll(&interests, None)?;
            let is_ready = |index: usize| ready.get(index).is_some_and(|one| one.any());
            self.pass_signals(running)?;
            let ended = is_ready(0);
            if let Some(relay) = relay.as_deref_mut() {
                let input_at = if relay.output { 3 } else { 2 };
                let (from_master, from_user) = (
                    relay.output && is_ready(2),
                    relay.input && is_ready(input_at),
                );
                relay.pass(from_master, from_user);
                if ended {
                    relay.drain();
                }
            }
            if ended && let Some(exit) = pidfd::try_wait(&running.pidfd)? {
                return Ok(exit);
            }
        }
    }

    fn pass_signals(&self, running: &Running) -> io::Result<()> {
        while let Some(number) = self.signals.next_signal()? {
            match (number, &running.terminal) {
                (CHLD | URG, _) => {}
                (WINCH, Some(master)) => resize(master.as_fd()),
                // A program that ended meanwhile needs no signal any more.
                _ => drop(pidfd::signal(&running.pidfd, number)),
            }
        }
        Ok(())
    }
}

/// The user on one side, a terminal's master on the other.
struct Relay<'a> {
    master: &'a OwnedFd,
    input: bool,
    output: bool,
}

impl Relay<'_> {
    fn pass(&mut self, from_master: bool, from_user: bool) {
        if from_master && !copy(self.master.as_fd(), io::stdout().as_fd()) {
            self.output = false;
        }
        if from_user && !copy(io::stdin().as_fd(), self.master.as_fd()) {
            self.input = false;
        }
    }

    /// What the program wrote last, as long as there is some at once.
    fn drain(&mut self) {
        while self.output
            && poll::readable(self.master.as_fd(), Some(std::time::Duration::ZERO)).unwrap_or(false)
        {
            self.pass(true, false);
        }
    }
}

/// Copies what is there; `false` when there will never be more.
fn copy(from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> bool {
    let mut buffer = [0u8; 16384];
    let Ok(length @ 1..) = rustix::io::read(from, &mut buffer) else {
        return false;
    };
    let mut rest = buffer.get(..length).unwrap_or(&[]);
    while !rest.is_empty() {
        match rustix::io::write(to, rest) {
            Ok(written) => rest = rest.get(written..).unwrap_or(&[]),
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return false,
        }
    }
    true
}

/// Gives the container's terminal the size of ours.
fn resize(master: BorrowedFd<'_>) {
    if let Ok(size) = tcgetwinsize(io::stdin()) {
        // A terminal that is gone needs no size.
        tcsetwinsize(master, size).ok();
    }
}

/// Standard input in raw mode, until dropped.
struct Raw(Termios);

impl Raw {
    fn enter() -> io::Result<Option<Self>> {
        if !io::stdin().is_terminal() {
            return Ok(None);
        }
        let before = tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(io::stdin(), OptionalActions::Now, &raw)?;
        Ok(Some(Self(before)))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        tcsetattr(io::stdin(), OptionalActions::Now, &self.0).ok();
    }
}

/// The exit code that stands for an exit.
pub(super) fn code(exit: Exit) -> u8 {
    match exit {
        Exit::Code(code) => u8::try_from(code & 0xff).unwrap_or(255),
        Exit::Signal(number) => u8::try_from(128 + number).unwrap_or(255),
    }
}

fn failed(what: &str, source: &io::Error) -> Fault {
    Fault::usage(format!("cannot {what}: {source}"))
}
