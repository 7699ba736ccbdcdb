//! What becomes of a container's descriptors 0, 1 and 2.

use std::os::fd::OwnedFd;

/// Where a program reads and writes.
#[derive(Debug)]
pub enum Stdio {
    /// Where the caller does.
    Inherit,
    /// Descriptors of the caller's choice, closed here once the program has them.
    Fds {
        /// Descriptor 0.
        stdin: OwnedFd,
        /// Descriptor 1.
        stdout: OwnedFd,
        /// Descriptor 2.
        stderr: OwnedFd,
    },
    /// A terminal of the container's own devpts; its master is given back in `Running::terminal`.
    Terminal,
    /// As `Terminal`; the master is sent over this connected Unix socket instead, as OCI runtimes do.
    TerminalTo(OwnedFd),
}
