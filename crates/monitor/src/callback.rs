//! Calling the hull binary back: `system reap` in the end, `system note` on the way.
//!
//! Leaves what they do to the engine. Invariant: the program run is the one the engine named when the
//! task was launched, so an old monitor runs the hull installed now, never its own old code.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};

use hull_sys::{failpoint, signal};

use crate::supervise::Monitor;

impl Monitor {
    /// Tells the engine that `what` happened; nobody waits for it.
    pub(crate) fn note(&self, what: &str, code: Option<i32>) {
        let Some(mut command) = self.hull("note") else {
            return;
        };
        command.arg(what).args(code.map(|code| code.to_string()));
        // Its end is taken at the next SIGCHLD. An event that could not be told is not worth more.
        command.spawn().ok();
    }

    /// Replaces this process by the reaper.
    pub(crate) fn become_reaper(self) -> ExitCode {
        match self.hull("reap") {
            Some(mut command) => {
                // Comes back only when it could not be executed; `system reconcile` does its work later.
                drop(command.exec());
                ExitCode::FAILURE
            }
            None => ExitCode::SUCCESS,
        }
    }

    /// Runs the reaper beside this process.
    pub(crate) fn start_reaper(&self) {
        if let Some(mut command) = self.hull("reap") {
            command.spawn().ok();
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where a monitor calls hull back"
    )]
    fn hull(&self, verb: &str) -> Option<Command> {
        let hull = self.launch.hull.as_ref()?;
        let mut command = Command::new(&hull.program);
        command
            .args(&hull.args)
            .args(["system", verb, &self.launch.id]);
        if let Some(wish) = failpoint::armed() {
            command.env(failpoint::VARIABLE, wish);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.env_remove(hull_sys::memory::LEAN_ALLOCATOR.0);
        signal::reset_for(&mut command);
        Some(command)
    }
}
