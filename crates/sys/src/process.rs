//! Processes.

/// Whether this process has root's effective user id.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
