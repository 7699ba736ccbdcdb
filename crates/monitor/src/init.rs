//! `--init`: hull itself as PID 1 of a container, bound in as `/sbin/docker-init -- COMMAND…`.
//!
//! It starts the command, takes the exits of orphans, forwards signals, and ends with the command's exit
//! code. Leaves putting it there to the engine's spec. Invariant: it opens nothing, writes nothing but
//! one line when the command cannot be started, and lives until the command ends.

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::process::{Command, ExitCode};

use hull_sys::pidfd::{self, Exit};
use hull_sys::poll;
use hull_sys::signal::{self, Signals, number};

/// Where the binary is bound in a container; called by this name it is this role.
pub const PATH: &str = "/sbin/docker-init";

/// The role's `main`; `arguments` are those after the program's name, with or without a leading `--`.
pub fn main(arguments: &[OsString]) -> ExitCode {
    let command = match arguments {
        [first, rest @ ..] if first == "--" => rest,
        all => all,
    };
    match run(command) {
        Ok(code) => ExitCode::from(code),
        Err((what, cause)) => {
            // Nobody is left to tell when standard error is closed.
            writeln!(io::stderr(), "docker-init: cannot {what}: {cause}").ok();
            ExitCode::from(if cause.kind() == io::ErrorKind::NotFound {
                127
            } else {
                126
            })
        }
    }
}

fn run(command: &[OsString]) -> Result<u8, (String, io::Error)> {
    let Some((program, arguments)) = command.split_first() else {
        return Err((
            "start a command".to_owned(),
            io::Error::other("none is given"),
        ));
    };
    let signals =
        signal::descriptor_of_all().map_err(|cause| ("set up signals".to_owned(), cause))?;
    let failed = |cause| (format!("execute {}", program.display()), cause);
    let child = start(program, arguments).map_err(failed)?;
    let waiting = |cause| ("wait for the command".to_owned(), cause);
    loop {
        poll::readable(signals.as_fd(), None).map_err(waiting)?;
        forward(&signals, child).map_err(waiting)?;
        if let Some(exit) = reap(child) {
            return Ok(code(exit));
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where PID 1 starts its command"
)]
fn start(program: &OsString, arguments: &[OsString]) -> io::Result<i32> {
    let mut command = Command::new(program);
    command.args(arguments);
    signal::lead_foreground(&mut command);
    let child = command.spawn()?;
    i32::try_from(child.id()).map_err(io::Error::other)
}

/// Hands every signal that came on to the command.
fn forward(signals: &Signals, child: i32) -> io::Result<()> {
    while let Some(signal) = signals.next_signal()? {
        let own = matches!(signal, number::CHILD | number::TTIN | number::TTOU);
        if !own {
            // Its exit is not taken yet, so the number is still its own; it may be past hearing.
            signal::send_to_child(child, signal).ok();
        }
    }
    Ok(())
}

/// Takes the exits there are; the command's, if it is among them.
fn reap(child: i32) -> Option<Exit> {
    std::iter::from_fn(pidfd::reap_next)
        .find(|&(pid, _)| pid == child)
        .map(|(_, exit)| exit)
}

fn code(exit: Exit) -> u8 {
    let code = match exit {
        Exit::Code(code) => code,
        Exit::Signal(signal) => 128 + signal,
    };
    u8::try_from(code & 0xff).unwrap_or(u8::MAX)
}
