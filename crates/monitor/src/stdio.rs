//! The task's three descriptors, seen from the monitor.
//!
//! Output goes through named pipes in the run directory whose writing ends are also open for reading
//! (see [`hull_sys::fifo::open_lasting_writer`]): when the monitor dies the task is held back once 64
//! KiB wait, instead of being killed by SIGPIPE, and the pipes can be opened again by name. Leaves logs
//! and clients to `supervise`. Invariant: neither reading nor writing here ever waits.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use hull_runtime::Stdio;
use hull_sys::fifo;

use crate::error::{Error, call, file};
use crate::paths;
use crate::protocol::{Launch, Size, Stream};

/// One stream of output.
#[derive(Debug)]
pub(crate) struct Output {
    /// Which one.
    pub(crate) stream: Stream,
    fd: OwnedFd,
    /// Nobody can write to it any more.
    pub(crate) ended: bool,
}

impl Output {
    /// Reads what is there now: its length, `None` when nothing is or the end was reached.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Option<usize> {
        match fifo::try_read(&self.fd, buffer) {
            Ok(Some(0)) => self.ended = true,
            Ok(length) => return length,
            // The master of a terminal whose last user is gone says EIO.
            Err(_) => self.ended = true,
        }
        None
    }
}

impl AsFd for Output {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// The task's standard input.
#[derive(Debug)]
struct Input {
    fd: OwnedFd,
    waiting: Vec<u8>,
    ending: bool,
}

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    /// Standard output and error, or the terminal.
    pub(crate) outputs: Vec<Output>,
    input: Option<Input>,
    terminal: Option<OwnedFd>,
}

impl Streams {
    /// Makes the pipes of a task without a terminal; the second is for the task.
    pub(crate) fn pipes(run_dir: &Path, launch: &Launch) -> Result<(Self, Stdio), Error> {
        let (stdin, feed) = if launch.open_stdin {
            let (reader, writer) = fifo::feed().map_err(call("make a pipe for standard input"))?;
            (
                reader,
                Some(Input {
                    fd: writer,
                    waiting: Vec::new(),
                    ending: false,
                }),
            )
        } else {
            let null = std::fs::File::open("/dev/null").map_err(file("open", "/dev/null"))?;
            (null.into(), None)
        };
        let (out, stdout) = pipe(run_dir, paths::STDOUT, Stream::Stdout)?;
        let (err, stderr) = pipe(run_dir, paths::STDERR, Stream::Stderr)?;
        let ours = Self {
            outputs: vec![out, err],
            input: feed,
            terminal: None,
        };
        Ok((
            ours,
            Stdio::Fds {
                stdin,
                stdout,
                stderr,
            },
        ))
    }

    /// Takes the master of the task's terminal.
    pub(crate) fn terminal(master: OwnedFd, size: Option<Size>) -> Result<Self, Error> {
        let step = "prepare the terminal";
        fifo::set_nonblocking(&master).map_err(call(step))?;
        let reader = master.try_clone().map_err(call(step))?;
        let writer = master.try_clone().map_err(call(step))?;
        let ours = Self {
            outputs: vec![Output {
                stream: Stream::Stdout,
                fd: reader,
                ended: false,
            }],
            input: Some(Input {
                fd: writer,
                waiting: Vec::new(),
                ending: false,
            }),
            terminal: Some(master),
        };
        if let Some(size) = size {
            ours.resize(size).map_err(call(step))?;
        }
        Ok(ours)
    }

    /// Sets the terminal's size.
    pub(crate) fn resize(&self, size: Size) -> io::Result<()> {
        match &self.terminal {
            Some(master) => hull_sys::pty::resize(master.as_fd(), size.rows, size.columns),
            None => Err(io::Error::other("the task has no terminal")),
        }
    }

    /// Whether input waits that the task has not taken.
    pub(crate) fn input_is_full(&self) -> bool {
        self.input
            .as_ref()
            .is_some_and(|input| !input.waiting.is_empty())
    }

    /// Standard input, while something waits to be written to it.
    pub(crate) fn waiting_input(&self) -> Option<BorrowedFd<'_>> {
        let input = self
            .input
            .as_ref()
            .filter(|input| !input.waiting.is_empty())?;
        Some(input.fd.as_fd())
    }

    /// Gives `bytes` to the task; what it does not take now waits.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        if let Some(input) = self.input.as_mut().filter(|input| !input.ending) {
            input.waiting.extend_from_slice(bytes);
            self.push_input();
        }
    }

    /// Closes standard input once what waits is written. A terminal stays: it has no end of its own.
    pub(crate) fn end_input(&mut self) {
        if self.terminal.is_none()
            && let Some(input) = self.input.as_mut()
        {
            input.ending = true;
            self.push_input();
        }
    }

    /// Writes what waits, as far as the task takes it.
    pub(crate) fn push_input(&mut self) {
        let Some(input) = self.input.as_mut() else {
            return;
        };
        while !input.waiting.is_empty() {
            match fifo::try_write(&input.fd, &input.waiting) {
                Ok(0) => return,
                Ok(written) => drop(input.waiting.drain(..written)),
                // The task closed its standard input: what is typed goes nowhere.
                Err(_) => {
                    self.input = None;
                    return;
                }
            }
        }
        if input.ending {
            self.input = None;
        } else {
            input.waiting = Vec::new();
        }
    }

    /// Whether all output was read to its end.
    pub(crate) fn ended(&self) -> bool {
        self.outputs.iter().all(|output| output.ended)
    }
}

/// A stream's reading end for us and writing end for the task.
fn pipe(run_dir: &Path, name: &str, stream: Stream) -> Result<(Output, OwnedFd), Error> {
    let path = run_dir.join(name);
    fifo::make(&path).map_err(file("make pipe", &path))?;
    let reader = fifo::open_reader(&path).map_err(file("open", &path))?;
    let writer = fifo::open_lasting_writer(&path).map_err(file("open", &path))?;
    Ok((
        Output {
            stream,
            fd: reader,
            ended: false,
        },
        writer,
    ))
}
