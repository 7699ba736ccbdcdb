//! A session with a container: attach until it ends, then the exit code.
//!
//! Leaves moving bytes to `terminal`. Invariant: the exit code is the container's, whatever became
//! of our own streams.

use std::process::ExitCode;

use hull_engine::Engine;
use hull_model::id::ContainerId;
use hull_monitor::client::{Session, Streams as Wire};
use hull_sys::signal::Signals;

use super::streams::Streams;
use crate::commands::command::Outcome;
use crate::config::Config;
use crate::context::Context;
use crate::error::Error;
use crate::grammar::parse::Parsed;
use crate::output::note;
use crate::terminal::attach::{Attach, Ended, attach, hold_signals};
use crate::terminal::raw;

/// What a command that attaches was asked.
pub(super) struct Attachment {
    how: Attach,
    signals: Option<Signals>,
}

impl Attachment {
    /// Gets ready: from here on signals wait for the container.
    pub(super) fn prepare(
        context: &Context,
        parsed: &Parsed,
        (streams, tty): (Streams, bool),
        sig_proxy: bool,
    ) -> Result<Self, Error> {
        let keys = match parsed.text("detach-keys") {
            Some(keys) => keys.to_owned(),
            None if tty => Config::read(context)?.detach_keys,
            None => String::new(),
        };
        let how = Attach {
            tty,
            stdin: streams.stdin,
            stdout: streams.stdout,
            stderr: streams.stderr,
            sig_proxy,
            detach_keys: hull_model::grammar::keys::detach_keys(&keys)?,
        };
        let signals = hold_signals(tty, sig_proxy)?;
        Ok(Self { how, signals })
    }

    /// Whether the container has a terminal, when that is known only after it was started.
    pub(super) fn set_tty(&mut self, tty: bool) {
        self.how.tty = tty;
    }

    /// Attaches until the session ends.
    pub(super) fn follow(&self, session: &mut Session) -> Result<Ended, Error> {
        attach(session, &self.how, self.signals.as_ref())
    }

    /// Attaches to what we started until it ends, and settles its exit; the exit code is its own.
    pub(super) fn to_the_end(
        &self,
        engine: &Engine,
        id: &ContainerId,
        mut session: Session,
    ) -> Outcome {
        let ended = self.follow(&mut session)?;
        if let Ended::Exit(record) = &ended {
            engine.containers().finish(id, session)?;
            return Ok(exit_code(record.code));
        }
        unfinished(&ended)
    }
}

/// The exit code when a session ended before the process did.
pub(super) fn unfinished(ended: &Ended) -> Outcome {
    match ended {
        Ended::Exit(record) => Ok(exit_code(record.code)),
        Ended::Detached => {
            note("read escape sequence");
            Ok(ExitCode::SUCCESS)
        }
        Ended::Forced => Ok(ExitCode::FAILURE),
        Ended::Signal(number) => Ok(exit_code(128 + number)),
        Ended::Lost => Err(Error::Lost),
    }
}

/// The streams as the monitor is asked for them.
pub(super) fn wire(streams: Streams) -> Wire {
    Wire {
        stdin: streams.stdin,
        stdout: streams.stdout,
        stderr: streams.stderr,
        lossless: true,
    }
}

/// Rows and columns of our terminal.
pub(super) fn console_size() -> Option<(u16, u16)> {
    raw::size().map(|size| (size.rows, size.columns))
}

/// An exit code as a shell would see it.
pub(super) fn exit_code(code: i32) -> ExitCode {
    ExitCode::from(u8::try_from(code & 0xff).unwrap_or(u8::MAX))
}
