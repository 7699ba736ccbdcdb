//! Leaving one's starter behind: session, directory, inherited descriptors, orphans.
//!
//! Invariant: done before anything else is opened, because everything above descriptor 2 is closed.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::Mode;

/// Detaches this process from its starter and gives back what was its standard input: a new session,
/// `/` as directory, umask 022, descriptors above 2 closed, 0 to 2 on /dev/null.
pub fn detach() -> io::Result<OwnedFd> {
    close_from(3)?;
    let input = io::stdin().as_fd().try_clone_to_owned()?;
    let null = File::options().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    rustix::stdio::dup2_stderr(&null)?;
    // A process group's leader already has left its starter's terminal or is about to lose it.
    rustix::process::setsid().ok();
    rustix::process::umask(Mode::from_raw_mode(0o022));
    rustix::process::chdir("/")?;
    Ok(input)
}

/// Closes every descriptor from `first` on.
fn close_from(first: u32) -> io::Result<()> {
    // SAFETY: called at the start of a role, before this program has opened anything it keeps, so
    // no descriptor that safe code owns is among those closed.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) };
    if result == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Makes this process the parent of every orphan among its descendants.
pub fn adopt_orphans() -> io::Result<()> {
    Ok(rustix::process::set_child_subreaper(Some(
        rustix::process::getpid(),
    ))?)
}
