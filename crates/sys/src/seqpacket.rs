//! Unix sockets that keep message boundaries (`SOCK_SEQPACKET`).
//!
//! What the messages mean is the caller's. Invariant: every descriptor made here closes on exec, and
//! no call here blocks unless its name says so.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, accept_with,
    bind, connect, listen, recv, send, shutdown, socket_with, socketpair,
};

/// Two connected sockets.
pub fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC,
        None,
    )?)
}

/// Listens at `dir/name`. The directory is reached through a descriptor, so that its path may be
/// longer than the 107 bytes a socket's address can hold.
pub fn listen_at(dir: &Path, name: &str) -> io::Result<OwnedFd> {
    let socket = new_socket()?;
    with_address(dir, name, |address| bind(&socket, address))?;
    listen(&socket, 32)?;
    Ok(socket)
}

/// Connects to the listener at `dir/name`.
pub fn connect_at(dir: &Path, name: &str) -> io::Result<OwnedFd> {
    let socket = new_socket()?;
    with_address(dir, name, |address| connect(&socket, address))?;
    Ok(socket)
}

fn new_socket() -> rustix::io::Result<OwnedFd> {
    socket_with(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC,
        None,
    )
}

fn with_address(
    dir: &Path,
    name: &str,
    call: impl FnOnce(&SocketAddrUnix) -> rustix::io::Result<()>,
) -> io::Result<()> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let dir = rustix::fs::open(dir, flags, Mode::empty())?;
    let path = format!("/proc/self/fd/{}/{name}", dir.as_raw_fd());
    let address = SocketAddrUnix::new(path.as_str())?;
    Ok(call(&address)?)
}

/// Takes one waiting connection; `None` when there is none.
///
/// The listener must be non-blocking or have been reported readable.
pub fn accept(listener: impl AsFd) -> io::Result<Option<OwnedFd>> {
    match accept_with(listener, SocketFlags::CLOEXEC) {
        Ok(fd) => Ok(Some(fd)),
        Err(rustix::io::Errno::AGAIN | rustix::io::Errno::CONNABORTED) => Ok(None),
        Err(cause) => Err(cause.into()),
    }
}

/// Sends one message if there is room; `false` when there is none.
pub fn try_send(socket: impl AsFd, message: &[u8]) -> io::Result<bool> {
    match send(socket, message, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
        Ok(_) => Ok(true),
        Err(rustix::io::Errno::AGAIN | rustix::io::Errno::NOBUFS) => Ok(false),
        Err(cause) => Err(cause.into()),
    }
}

/// Sends one message, waiting for room.
pub fn send_blocking(socket: impl AsFd, message: &[u8]) -> io::Result<()> {
    rustix::io::retry_on_intr(|| send(&socket, message, SendFlags::NOSIGNAL))?;
    Ok(())
}

/// Takes one message if there is one: its length, 0 at the end, `None` when there is none now.
pub fn try_recv(socket: impl AsFd, buffer: &mut [u8]) -> io::Result<Option<usize>> {
    match recv(socket, buffer, RecvFlags::DONTWAIT) {
        Ok((length, _)) => Ok(Some(length)),
        Err(rustix::io::Errno::AGAIN) => Ok(None),
        Err(cause) => Err(cause.into()),
    }
}

/// Takes one message, waiting for it; 0 at the end.
pub fn recv_blocking(socket: impl AsFd, buffer: &mut [u8]) -> io::Result<usize> {
    let received = rustix::io::retry_on_intr(|| recv(&socket, &mut *buffer, RecvFlags::empty()))?;
    Ok(received.0)
}

/// Says that nothing more will be sent.
pub fn end_sending(socket: impl AsFd) -> io::Result<()> {
    Ok(shutdown(socket, rustix::net::Shutdown::Write)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_keep_their_bounds_even_below_a_very_long_path() {
        let base = tempfile::tempdir().unwrap();
        let dir = base.path().join("d".repeat(200));
        std::fs::create_dir(&dir).unwrap();
        let listener = listen_at(&dir, "s").unwrap();
        let client = connect_at(&dir, "s").unwrap();
        let server = accept(&listener).unwrap().unwrap();
        send_blocking(&client, b"one").unwrap();
        send_blocking(&client, b"three").unwrap();
        let mut buffer = [0; 16];
        assert_eq!(recv_blocking(&server, &mut buffer).unwrap(), 3);
        assert_eq!(try_recv(&server, &mut buffer).unwrap(), Some(5));
        assert_eq!(&buffer[..5], b"three");
        assert_eq!(try_recv(&server, &mut buffer).unwrap(), None);
        drop(client);
        assert_eq!(try_recv(&server, &mut buffer).unwrap(), Some(0));
    }

    #[test]
    fn a_full_socket_says_so_instead_of_blocking() {
        let (a, _b) = pair().unwrap();
        let message = [0; 32 * 1024];
        let sent = (0..1000)
            .take_while(|_| try_send(&a, &message).unwrap())
            .count();
        assert!((1..1000).contains(&sent), "{sent}");
    }
}
