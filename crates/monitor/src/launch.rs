//! Starting a monitor and hearing from it whether the task runs.
//!
//! Leaves writing `launch.json` to the engine (through [`write()`]). The child gets one end of a socket
//! pair as its standard input: the report comes back on it, and it stays as the attach session of a
//! foreground run. Invariant: the monitor is exec'd, never merely forked, so nothing of the caller
//! (its memory, its database) lives on in it.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use hull_sys::{failpoint, memory, seqpacket};

use crate::client::{Event, Session, Streams};
use crate::error::{Error, call};
use crate::protocol::{Frame, Started};

pub use crate::plan::{read, write};
use crate::{facts, orphan};

/// How to start a monitor.
#[derive(Debug, Clone)]
pub struct How<'a> {
    /// The hull binary.
    pub program: &'a Path,
    /// The streams the launching session takes part in; `None` only waits for the report.
    pub attach: Option<Streams>,
    /// Environment of the monitor, inherited by a foreign OCI runtime; usually PATH alone.
    pub environment: &'a [(String, String)],
}

/// A task that runs.
#[derive(Debug)]
pub struct Launched {
    /// Its first process and when it was started.
    pub started: Started,
    /// The session asked for in [`How::attach`].
    pub session: Option<Session>,
}

/// Starts the monitor of `run_dir`, whose `launch.json` is written, and waits until its task runs.
pub fn launch(run_dir: &Path, how: &How<'_>) -> Result<Launched, Error> {
    let (ours, theirs) = seqpacket::pair().map_err(call("make a socket pair"))?;
    let mut session = Session::new(ours);
    session.send(&Frame::Request(how.attach.unwrap_or_default().into()))?;
    failpoint::failpoint("launch-before-spawn");
    spawn(run_dir, how, theirs)?;
    failpoint::failpoint("launch-after-spawn");
    let started = match session.next_event()? {
        Event::Started(started) => started,
        Event::Failed(failure) => return Err(Error::failed(failure)),
        _ => return Err(silent(run_dir)),
    };
    Ok(Launched {
        started,
        session: how.attach.map(|_| session),
    })
}

/// The monitor died without a word. What it may have made is undone, as after a failure it reports.
fn silent(run_dir: &Path) -> Error {
    let swept = facts::wait_unmonitored(run_dir).and_then(|()| orphan::sweep(run_dir));
    swept.err().unwrap_or_else(|| Error::Silent {
        run_dir: run_dir.to_owned(),
    })
}

/// The one place where a monitor's process is made. It is not waited for: it outlives its starter.
#[expect(
    clippy::disallowed_methods,
    reason = "the monitor is started here and nowhere else"
)]
fn spawn(run_dir: &Path, how: &How<'_>, session: OwnedFd) -> Result<(), Error> {
    // Containers see the monitor's program for a moment; through this they can't write to it.
    let sealed = hull_runtime::seal::program_at(how.program)?;
    let mut command = Command::new(format!("/proc/self/fd/{}", sealed.as_raw_fd()));
    command.arg0(how.program).arg("monitor").arg(run_dir);
    command
        .env_clear()
        .envs(how.environment.iter().map(|(name, value)| (name, value)));
    if let Some(wish) = failpoint::armed() {
        command.env(failpoint::VARIABLE, wish);
    }
    let (name, value) = memory::LEAN_ALLOCATOR;
    command.env(name, value);
    command
        .stdin(session)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let spawned = command.spawn();
    spawned.map(drop).map_err(|source: io::Error| Error::Spawn {
        program: PathBuf::from(how.program),
        source,
    })
}
