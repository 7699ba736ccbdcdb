//! Mounts.

/// Whether the kernel has fsopen and its relatives (Linux 5.2).
pub fn has_descriptor_calls() -> bool {
    // SAFETY: a null name is never followed: the call answers EFAULT, or ENOSYS where it is absent.
    let rc = unsafe { libc::syscall(libc::SYS_fsopen, std::ptr::null::<u8>(), 0) };
    rc >= 0 || std::io::Error::last_os_error().raw_os_error() != Some(libc::ENOSYS)
}

/// Whether the kernel has mount_setattr (Linux 5.12).
pub fn has_attribute_calls() -> bool {
    // SAFETY: no pointer is followed: a size of 0 is refused with EINVAL, ENOSYS where it is absent.
    let rc = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            -1,
            std::ptr::null::<u8>(),
            0,
            std::ptr::null::<u8>(),
            0usize,
        )
    };
    rc >= 0 || std::io::Error::last_os_error().raw_os_error() != Some(libc::ENOSYS)
}
