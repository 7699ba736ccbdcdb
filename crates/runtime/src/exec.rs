//! A further program in a running container.

use std::os::fd::BorrowedFd;

use hull_oci::runtime_spec::{Process, Spec};

use crate::{Error, Host, Result, Running, Stdio};

/// A wish for a further program.
#[derive(Debug)]
pub struct Exec<'a> {
    /// The facts of this host.
    pub host: &'a Host,
    /// The container's first process.
    pub target: BorrowedFd<'a>,
    /// The same as a number, for messages and `/proc`.
    pub pid: i32,
    /// The container's configuration: its filter, its namespaces.
    pub spec: &'a Spec,
    /// The program.
    pub process: &'a Process,
    /// Descriptors 0, 1 and 2.
    pub stdio: Stdio,
    /// How many descriptors from 3 on the program inherits.
    pub preserve_fds: u32,
}

/// Executes a program in a running container; the caller is its parent.
pub fn exec(exec: Exec<'_>) -> Result<Running> {
    Err(Error::Unfinished {
        what: exec.pid.to_string(),
    })
}
