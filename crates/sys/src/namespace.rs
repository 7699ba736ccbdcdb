//! Namespaces: their kinds as flags, entering them, leaving the present ones.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// Mounts.
pub const MOUNT: u64 = libc::CLONE_NEWNS as u64;
/// Control groups.
pub const CGROUP: u64 = libc::CLONE_NEWCGROUP as u64;
/// Host name.
pub const UTS: u64 = libc::CLONE_NEWUTS as u64;
/// System V IPC and POSIX queues.
pub const IPC: u64 = libc::CLONE_NEWIPC as u64;
/// Users.
pub const USER: u64 = libc::CLONE_NEWUSER as u64;
/// Process ids.
pub const PID: u64 = libc::CLONE_NEWPID as u64;
/// Network.
pub const NETWORK: u64 = libc::CLONE_NEWNET as u64;
/// Clocks.
pub const TIME: u64 = 0x80;

/// Enters the namespace a descriptor of `/proc/<pid>/ns/*` leads to, if it is of `kind`; or, with a
/// pidfd, all namespaces of the kinds given that the process is in.
pub fn enter(namespace: BorrowedFd<'_>, kind: u64) -> io::Result<()> {
    let kind = i32::try_from(kind).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))?;
    // SAFETY: a valid descriptor and a plain number.
    if unsafe { libc::setns(namespace.as_raw_fd(), kind) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Leaves the present namespaces of the kinds given for new ones.
pub fn leave(kinds: u64) -> io::Result<()> {
    let kinds = i32::try_from(kinds).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))?;
    // SAFETY: a plain number.
    if unsafe { libc::unshare(kinds) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// The kind of the namespace a descriptor leads to, as one of the constants here; an error when it
/// is no namespace.
pub fn kind(namespace: BorrowedFd<'_>) -> io::Result<u64> {
    const GET_KIND: libc::c_ulong = 0xb703;
    // SAFETY: the call takes no further argument and writes nothing.
    let answer = unsafe { libc::ioctl(namespace.as_raw_fd(), GET_KIND) };
    u64::try_from(answer).map_err(|_| io::Error::last_os_error())
}

/// The mount namespace of the process behind a pidfd (Linux 6.11).
pub fn mount_of(pidfd: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    const GET_MOUNT: libc::c_ulong = 0xff03;
    // SAFETY: the call takes no pointer; a non-negative answer is a fresh descriptor.
    let answer = unsafe { libc::ioctl(pidfd.as_raw_fd(), GET_MOUNT, 0) };
    if answer < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: fresh, owned by nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(answer) })
}

/// Sets the host name of the present UTS namespace.
pub fn set_host_name(name: &[u8]) -> io::Result<()> {
    rustix::system::sethostname(name)?;
    Ok(())
}

/// Sets the NIS domain name of the present UTS namespace.
pub fn set_domain_name(name: &[u8]) -> io::Result<()> {
    rustix::system::setdomainname(name)?;
    Ok(())
}

/// Brings the loopback interface of the present network namespace up.
pub fn loopback_up() -> io::Result<()> {
    // SAFETY: plain numbers; a non-negative answer is a fresh descriptor.
    let raw = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) };
    if raw < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: fresh, owned by nobody else.
    let socket = unsafe { OwnedFd::from_raw_fd(raw) };
    // SAFETY: all-zero bytes are a valid request.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = from.cast_signed();
    }
    request.ifr_ifru.ifru_flags = i16::try_from(libc::IFF_UP | libc::IFF_RUNNING).unwrap_or(0);
    // SAFETY: the kernel reads the request, which lives through the call.
    if unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
