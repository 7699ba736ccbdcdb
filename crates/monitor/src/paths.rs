//! The names in a run directory, drawn in `docs/monitor-protocol.md`.
//!
//! Invariant: a name is spelled here and nowhere else in this crate.

/// The [`crate::protocol::Launch`] document, written by the engine.
pub const LAUNCH: &str = "launch.json";
/// The file whose lock a living monitor holds.
pub const LOCK: &str = "monitor.lock";
/// The socket a living monitor listens on.
pub const SOCKET: &str = "monitor.sock";
/// The [`crate::protocol::StateRecord`] of the first process.
pub const STATE: &str = "init.pid";
/// Directory of exec sessions, one run directory each.
pub const EXECS: &str = "exec";
/// Exit record of an exec session, in its own run directory.
pub const EXEC_EXIT: &str = "exit.json";
/// Named pipe of standard output.
pub const STDOUT: &str = "stdout";
/// Named pipe of standard error.
pub const STDERR: &str = "stderr";
