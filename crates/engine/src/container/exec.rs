//! `exec`: a further process in a running container, under a short-lived monitor of its own.

/// What is executed, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExecRequest {
    /// Program and arguments.
    pub command: Vec<String>,
    /// `NAME=value` pairs added to the container's environment.
    pub env: Vec<String>,
    /// `user[:group]`; `None` is the container's.
    pub user: Option<String>,
    /// Working directory; `None` is the container's.
    pub working_dir: Option<String>,
    /// With all capabilities held and no seccomp filter.
    pub privileged: bool,
    /// With a terminal.
    pub tty: bool,
    /// With standard input.
    pub open_stdin: bool,
    /// Do not connect the caller.
    pub detach: bool,
    /// Rows and columns of the caller's terminal.
    pub console_size: Option<(u16, u16)>,
}
