//! Filling an anonymous volume with what the image has at its path, once, as docker does.
//!
//! Leaves where volumes lie to `binds`. Invariant: a volume appears under its name only when it is
//! whole; a crash in between leaves a directory that the next start makes anew.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Gid, Uid};

use crate::container::binds::AnonymousVolume;
use crate::container::root_view::{Found, RootView, entry};
use crate::error::{Error, file};

/// Makes the volumes that are not there yet.
pub fn fill(volumes: &[AnonymousVolume], view: &RootView) -> Result<(), Error> {
    for volume in volumes {
        if volume.source.exists() {
            continue;
        }
        let aside = volume.source.with_extension("new");
        if aside.exists() {
            fs::remove_dir_all(&aside).map_err(file("remove", &aside))?;
        }
        fs::create_dir_all(&aside).map_err(file("create", &aside))?;
        if let Some(Found::Directory(dirs)) = view.find(&volume.target) {
            copy_directory(&dirs, &aside)?;
        }
        fs::rename(&aside, &volume.source).map_err(file("name", &volume.source))?;
    }
    Ok(())
}

/// Copies what the layers' directories `dirs`, one merged directory, hold.
fn copy_directory(dirs: &[PathBuf], to: &Path) -> Result<(), Error> {
    let Some(top) = dirs.first() else {
        return Ok(());
    };
    let mut names = std::collections::BTreeSet::new();
    for dir in dirs {
        let entries = fs::read_dir(dir).map_err(file("list", dir))?;
        names.extend(entries.flatten().map(|entry| entry.file_name()));
    }
    for name in names {
        let Some(text) = name.to_str() else {
            continue;
        };
        let target = to.join(text);
        match entry(dirs, text) {
            Some(Found::Directory(below)) => {
                fs::create_dir(&target).map_err(file("create", &target))?;
                copy_directory(&below, &target)?;
            }
            Some(Found::File(source)) => copy_file(&source, &target)?,
            None => {}
        }
    }
    keep_owner(top, to)
}

fn copy_file(source: &Path, target: &Path) -> Result<(), Error> {
    let meta = fs::symlink_metadata(source).map_err(file("read", source))?;
    if meta.is_symlink() {
        let link = fs::read_link(source).map_err(file("read", source))?;
        std::os::unix::fs::symlink(link, target).map_err(file("create", target))?;
    } else if meta.is_file() {
        fs::copy(source, target).map_err(file("write", target))?;
    } else {
        // Pipes, sockets and devices of an image do not belong into a volume.
        return Ok(());
    }
    keep_owner(source, target)
}

/// Gives `target` the owner, mode and times of `source`.
fn keep_owner(source: &Path, target: &Path) -> Result<(), Error> {
    let meta = fs::symlink_metadata(source).map_err(file("read", source))?;
    let (uid, gid) = (Uid::from_raw(meta.uid()), Gid::from_raw(meta.gid()));
    rustix::fs::chownat(CWD, target, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)
        .map_err(|errno| file("set the owner of", target)(errno.into()))?;
    if !meta.is_symlink() {
        let mode = fs::Permissions::from_mode(meta.mode() & 0o7777);
        fs::set_permissions(target, mode).map_err(file("set the mode of", target))?;
    }
    Ok(())
}
