//! Device nodes, pipes and links made below a directory descriptor, with exact modes and owners.
//!
//! Invariant: nothing here allocates, and nothing follows a link in the last name.

use std::ffi::CStr;
use std::io;
use std::os::fd::BorrowedFd;

use rustix::fs::{self, AtFlags, FileType, Gid, Mode, Uid};
use rustix::io::Errno;

/// What to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A character device.
    Character,
    /// A block device.
    Block,
    /// A named pipe.
    Pipe,
}

/// A node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Major number.
    pub major: u32,
    /// Minor number.
    pub minor: u32,
    /// Permissions.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

/// Makes a node named `name` in `dir`; one that is there already and is the same is taken as it is.
pub fn make(dir: BorrowedFd<'_>, name: &CStr, node: &Node) -> io::Result<()> {
    let kind = match node.kind {
        Kind::Character => FileType::CharacterDevice,
        Kind::Block => FileType::BlockDevice,
        Kind::Pipe => FileType::Fifo,
    };
    let mode = Mode::from_raw_mode(node.mode & 0o7777);
    let number = fs::makedev(node.major, node.minor);
    match fs::mknodat(dir, name, kind, mode, number) {
        Ok(()) => {}
        Err(Errno::EXIST) => {
            let stat = fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
            let same = FileType::from_raw_mode(stat.st_mode) == kind
                && (kind == FileType::Fifo || stat.st_rdev == number);
            return if same {
                Ok(())
            } else {
                Err(Errno::EXIST.into())
            };
        }
        Err(error) => return Err(error.into()),
    }
    // The mask of the caller may have taken bits away.
    fs::chmodat(dir, name, mode, AtFlags::empty())?;
    if node.uid != 0 || node.gid != 0 {
        let (uid, gid) = (Uid::from_raw(node.uid), Gid::from_raw(node.gid));
        fs::chownat(dir, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)?;
    }
    Ok(())
}

/// Makes a symbolic link; one that is there already is left.
pub fn link(dir: BorrowedFd<'_>, name: &CStr, target: &CStr) -> io::Result<()> {
    match fs::symlinkat(target, dir, name) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
