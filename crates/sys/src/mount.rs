//! Mounts, by descriptor where the kernel can (Linux 5.2 and 5.12) and by path everywhere.
//!
//! Leaves to others: which file systems a container has and where a path leads (`beneath`).
//! Invariant: a mount made here is a descriptor until it is attached, so a process that dies halfway
//! leaves none behind; nothing here allocates.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::ptr;

use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, OpenTreeFlags, fsconfig_create,
    fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen, move_mount, open_tree,
};

/// Attributes of a mount, bits of `MOUNT_ATTR_*`.
pub mod attribute {
    /// Not writable.
    pub const READ_ONLY: u64 = 0x1;
    /// Set-user-id bits have no effect.
    pub const NO_SUID: u64 = 0x2;
    /// Device nodes can't be opened.
    pub const NO_DEV: u64 = 0x4;
    /// Programs can't be executed.
    pub const NO_EXEC: u64 = 0x8;
    /// The field of access time rules; 0 in it means `relatime`.
    pub const ACCESS_TIME: u64 = 0x70;
    /// Access times are not kept.
    pub const NO_ACCESS_TIME: u64 = 0x10;
    /// Access times are always kept.
    pub const STRICT_ACCESS_TIME: u64 = 0x20;
    /// Access times of directories are not kept.
    pub const NO_DIR_ACCESS_TIME: u64 = 0x80;
    /// Ids are mapped.
    pub const ID_MAPPED: u64 = 0x0010_0000;
    /// Symbolic links are not followed.
    pub const NO_SYMLINK_FOLLOW: u64 = 0x0020_0000;
}

/// Flags of mount(2).
pub mod flag {
    /// Not writable.
    pub const READ_ONLY: u64 = libc::MS_RDONLY;
    /// Change the flags of a mount.
    pub const REMOUNT: u64 = libc::MS_REMOUNT;
    /// A bind mount.
    pub const BIND: u64 = libc::MS_BIND;
    /// All mounts below too.
    pub const RECURSIVE: u64 = libc::MS_REC;
    /// Move a mount.
    pub const MOVE: u64 = libc::MS_MOVE;
    /// Propagation: both ways.
    pub const SHARED: u64 = libc::MS_SHARED;
    /// Propagation: into here only.
    pub const SLAVE: u64 = libc::MS_SLAVE;
    /// Propagation: none.
    pub const PRIVATE: u64 = libc::MS_PRIVATE;
    /// Propagation: none, and no binding.
    pub const UNBINDABLE: u64 = libc::MS_UNBINDABLE;
}

/// Whether the kernel has fsopen and its relatives (Linux 5.2).
pub fn has_descriptor_calls() -> bool {
    // SAFETY: a null name is never followed: the call answers EFAULT, or ENOSYS where it is absent.
    let rc = unsafe { libc::syscall(libc::SYS_fsopen, ptr::null::<u8>(), 0) };
    rc >= 0 || is_known()
}

/// Whether the kernel has mount_setattr (Linux 5.12).
pub fn has_attribute_calls() -> bool {
    // SAFETY: no pointer is followed: a size of 0 is refused with EINVAL, ENOSYS where it is absent.
    let rc = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            -1,
            ptr::null::<u8>(),
            0,
            ptr::null::<u8>(),
            0usize,
        )
    };
    rc >= 0 || is_known()
}

/// Whether the call that just failed exists and is not forbidden by a filter of ours.
fn is_known() -> bool {
    let code = io::Error::last_os_error().raw_os_error();
    !matches!(code, Some(libc::ENOSYS | libc::EPERM))
}

/// A detached copy of what is mounted at `path`, with all mounts below it when `recursive`.
pub fn copy(path: &CStr, recursive: bool) -> io::Result<OwnedFd> {
    copy_at(rustix::fs::CWD, path, recursive, OpenTreeFlags::empty())
}

/// A detached copy of the mount or file an open descriptor leads to.
pub fn copy_of(place: BorrowedFd<'_>, recursive: bool) -> io::Result<OwnedFd> {
    copy_at(place, c"", recursive, OpenTreeFlags::AT_EMPTY_PATH)
}

fn copy_at(
    place: BorrowedFd<'_>,
    path: &CStr,
    recursive: bool,
    flags: OpenTreeFlags,
) -> io::Result<OwnedFd> {
    let mut all = flags | OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    if recursive {
        all |= OpenTreeFlags::AT_RECURSIVE;
    }
    Ok(open_tree(place, path, all)?)
}

/// Attaches a detached mount at the place a descriptor leads to.
pub fn attach(mount: BorrowedFd<'_>, place: BorrowedFd<'_>) -> io::Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    Ok(move_mount(mount, c"", place, c"", flags)?)
}

/// Attaches a detached mount at `path`.
pub fn attach_at(mount: BorrowedFd<'_>, path: &CStr) -> io::Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
    Ok(move_mount(mount, c"", rustix::fs::CWD, path, flags)?)
}

/// A change of a mount's attributes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Change<'a> {
    /// Bits of [`attribute`] to set.
    pub set: u64,
    /// Bits to clear.
    pub clear: u64,
    /// One of the propagation [`flag`]s, 0 to leave it.
    pub propagation: u64,
    /// User namespace whose maps the mount applies.
    pub users: Option<BorrowedFd<'a>>,
}

impl Change<'_> {
    /// Whether anything would change.
    pub fn asks(&self) -> bool {
        self.set | self.clear | self.propagation != 0 || self.users.is_some()
    }
}

#[repr(C)]
struct ChangeForm {
    set: u64,
    clear: u64,
    propagation: u64,
    users: u64,
}

/// Changes a mount, and all below it when `recursive`, at once.
pub fn change(mount: BorrowedFd<'_>, wish: &Change<'_>, recursive: bool) -> io::Result<()> {
    const RECURSIVE: u32 = 0x8000;
    let mut form = ChangeForm {
        set: wish.set,
        clear: wish.clear,
        propagation: wish.propagation,
        users: 0,
    };
    if let Some(users) = wish.users {
        form.set |= attribute::ID_MAPPED;
        form.users = u64::try_from(users.as_raw_fd()).unwrap_or(u64::MAX);
    }
    let flags = libc::AT_EMPTY_PATH.cast_unsigned() | if recursive { RECURSIVE } else { 0 };
    // SAFETY: the empty path and the form live through the call, the size is the form's.
    let rc = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            flags,
            &raw const form,
            size_of::<ChangeForm>(),
        )
    };
    if rc < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// A file system being configured.
#[derive(Debug)]
pub struct Context(OwnedFd);

impl Context {
    /// Starts configuring a file system of type `kind`.
    pub fn open(kind: &CStr) -> io::Result<Self> {
        Ok(Self(fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC)?))
    }

    /// Sets a parameter with a value.
    pub fn set(&self, key: &CStr, value: &CStr) -> io::Result<()> {
        Ok(fsconfig_set_string(self.0.as_fd(), key, value)?)
    }

    /// Sets a parameter without a value.
    pub fn set_flag(&self, key: &CStr) -> io::Result<()> {
        Ok(fsconfig_set_flag(self.0.as_fd(), key)?)
    }

    /// Makes the file system and a detached mount of it with the [`attribute`]s given.
    pub fn mount(&self, attributes: u64) -> io::Result<OwnedFd> {
        fsconfig_create(self.0.as_fd())?;
        let bits = u32::try_from(attributes).unwrap_or(0);
        let attributes = MountAttrFlags::from_bits_retain(bits);
        Ok(fsmount(
            self.0.as_fd(),
            FsMountFlags::FSMOUNT_CLOEXEC,
            attributes,
        )?)
    }

    /// The kernel's next message about this configuration, as `e overlay: ...`; its length in
    /// `buffer`, 0 when there is none.
    pub fn message(&self, buffer: &mut [u8]) -> usize {
        rustix::io::read(self.0.as_fd(), buffer).unwrap_or(0)
    }
}

/// mount(2): any of the texts may be empty; flags are those of [`flag`] and `MS_*`.
pub fn mount(
    source: &CStr,
    target: &CStr,
    kind: &CStr,
    flags: u64,
    data: Option<&CStr>,
) -> io::Result<()> {
    let data = data.map_or(ptr::null(), CStr::as_ptr);
    // SAFETY: all texts live through the call; the kernel only reads them.
    let rc = unsafe {
        libc::mount(
            source.as_ptr(),
            target.as_ptr(),
            kind.as_ptr(),
            flags,
            data.cast(),
        )
    };
    if rc != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Changes how mounts at `target` propagate.
pub fn propagate(target: &CStr, flags: u64) -> io::Result<()> {
    mount(c"", target, c"", flags, None)
}

/// Unmounts what is at `target`, at once for all paths, later for what is in use.
pub fn detach(target: &CStr) -> io::Result<()> {
    // SAFETY: the path lives through the call.
    if unsafe { libc::umount2(target.as_ptr(), libc::MNT_DETACH) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Makes `new` the root of the present mount namespace and puts the old one at `old`.
pub fn pivot_root(new: &CStr, old: &CStr) -> io::Result<()> {
    Ok(rustix::process::pivot_root(new, old)?)
}

/// Makes `path` this process's root directory.
pub fn change_root(path: &CStr) -> io::Result<()> {
    Ok(rustix::process::chroot(path)?)
}

/// The path `/proc/self/fd/<n>` of a place, for calls that take only paths.
pub fn path_of<'a>(place: BorrowedFd<'_>, buffer: &'a mut [u8; 32]) -> io::Result<&'a CStr> {
    let number = place.as_raw_fd().unsigned_abs();
    crate::beneath::numbered(b"/proc/self/fd/", number, buffer)
}

/// The id of the mount a path leads to.
pub fn id_at(path: &std::path::Path) -> io::Result<u64> {
    use rustix::fs::{AtFlags, CWD, StatxFlags, statx};
    let all = statx(CWD, path, AtFlags::empty(), StatxFlags::MNT_ID)?;
    Ok(all.stx_mnt_id)
}
