//! Descriptors: giving them fixed numbers, handing them to other processes, sealed copies.
//!
//! Invariant: whatever is made here closes on exec until it is put at a fixed number.

use std::ffi::CStr;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

/// Puts a copy of `from` at `number`, which stays open over exec. Allocates nothing.
pub fn place(from: BorrowedFd<'_>, number: i32) -> io::Result<()> {
    if from.as_raw_fd() == number {
        // SAFETY: a valid descriptor; only its flag changes.
        let rc = unsafe { libc::fcntl(number, libc::F_SETFD, 0) };
        return if rc < 0 {
            Err(io::Error::last_os_error())
        } else {
            Ok(())
        };
    }
    // SAFETY: whoever owned `number` gives it up by calling this; Rust's own 0, 1 and 2 may be
    // replaced at will.
    if unsafe { libc::dup2(from.as_raw_fd(), number) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Sends `bytes` with descriptors over a connected Unix socket. Allocates nothing.
pub fn send(socket: BorrowedFd<'_>, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(8))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(fds)) {
        return Err(io::Error::from_raw_os_error(libc::E2BIG));
    }
    let slices = [IoSlice::new(bytes)];
    rustix::io::retry_on_intr(|| sendmsg(socket, &slices, &mut control, SendFlags::NOSIGNAL))?;
    Ok(())
}

/// Receives bytes and descriptors from a connected Unix socket; the number of bytes, 0 at the end.
pub fn receive(socket: BorrowedFd<'_>, bytes: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(8))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut slices = [IoSliceMut::new(bytes)];
    let flags = RecvFlags::CMSG_CLOEXEC;
    let message = rustix::io::retry_on_intr(|| recvmsg(socket, &mut slices, &mut control, flags))?;
    let mut fds = Vec::new();
    for item in control.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = item {
            fds.extend(received);
        }
    }
    Ok((message.bytes, fds))
}

/// A file in memory that can never change again, holding a copy of `source`.
pub fn sealed_copy(name: &CStr, source: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create, sendfile};
    const EXECUTABLE: u32 = 0x10;
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // Kernels before 6.3 refuse the flag they don't know.
    let copy = memfd_create(name, flags | MemfdFlags::from_bits_retain(EXECUTABLE))
        .or_else(|_| memfd_create(name, flags))?;
    let mut offset = 0;
    while sendfile(copy.as_fd(), source, Some(&mut offset), 1 << 30)? > 0 {}
    let seals = SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE;
    fcntl_add_seals(&copy, seals)?;
    Ok(copy)
}

/// Whether a file can't be written through this descriptor: it lies on a read-only mount, or is in
/// memory and sealed.
pub fn is_sealed(file: BorrowedFd<'_>) -> io::Result<bool> {
    use rustix::fs::{SealFlags, StatVfsMountFlags, fcntl_get_seals, fstatvfs};
    if fstatvfs(file)?.f_flag.contains(StatVfsMountFlags::RDONLY) {
        return Ok(true);
    }
    Ok(fcntl_get_seals(file).is_ok_and(|seals| seals.contains(SealFlags::WRITE)))
}

/// A copy, closed on exec, of a descriptor this process was started with; an error when it is not
/// open.
pub fn inherited(number: i32) -> io::Result<OwnedFd> {
    // SAFETY: plain numbers; a non-negative answer is a fresh descriptor.
    let copy = unsafe { libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 3) };
    if copy < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: fresh, owned by nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

/// Closes this process's copy of a descriptor that its parent's code still owns: for a forked child
/// that must not keep the parent's end of a pair open, and never returns to that code.
///
/// The number then leads nowhere useful, but stays taken, so that whoever owns it may close it.
pub fn close_copy(fd: &OwnedFd) -> io::Result<()> {
    let null = rustix::fs::open(
        c"/dev/null",
        rustix::fs::OFlags::PATH,
        rustix::fs::Mode::empty(),
    )?;
    // SAFETY: both are open descriptors of this process.
    if unsafe { libc::dup3(null.as_raw_fd(), fd.as_raw_fd(), libc::O_CLOEXEC) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Descriptor 0 of this process.
pub fn standard_input() -> BorrowedFd<'static> {
    rustix::stdio::stdin()
}

/// Gives the files behind descriptors 0, 1 and 2 to `user`, so that the program can open them again
/// by name; /dev/null and what can't be given away stay as they are. Allocates nothing.
pub fn own_standard(user: u32) -> io::Result<()> {
    use rustix::fs::{Uid, fchown, fstat, makedev};
    use rustix::io::Errno;
    let owner = Some(Uid::from_raw(user));
    for fd in [
        rustix::stdio::stdin(),
        rustix::stdio::stdout(),
        rustix::stdio::stderr(),
    ] {
        let stat = match fstat(fd) {
            Ok(stat) => stat,
            // Started with it closed: the program gets it closed.
            Err(Errno::BADF) => continue,
            Err(error) => return Err(error.into()),
        };
        if stat.st_uid == user || stat.st_rdev == makedev(1, 3) {
            continue;
        }
        match fchown(fd, owner, None) {
            Ok(()) | Err(Errno::INVAL | Errno::PERM | Errno::ROFS | Errno::NOSYS) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
