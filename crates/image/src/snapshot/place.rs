//! Preparing and reopening the writable layer of a container.
//!
//! Leaves the row that names it to `engine`, which writes the row first: a directory without row is
//! swept, a row without directory is prepared again. Invariant: the root of the writable layer has
//! mode and owner of the image's root, because overlayfs shows the topmost.

use std::path::{Path, PathBuf};

use hull_oci::Digest;
use rustix::fs::{AtFlags, CWD, Mode};
use rustix::io::Errno;

use crate::error::{Error, Result};
use crate::snapshot::{Rootfs, delete_tree, init_layer};
use crate::store::{Store, make_dir};

/// overlayfs' own limit is 500; one is left for the init layer.
const MAX_LAYERS: usize = 499;

/// A writable layer and what it lies on.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Directory name, unique in the store; a container's id.
    pub id: &'a str,
    /// The image beneath.
    pub image: &'a Digest,
    /// Put it into this directory (a tmpfs, for `--rm`) instead of the store.
    pub dir: Option<&'a Path>,
}

/// Makes the writable layer.
pub fn prepare(store: &Store<'_>, place: &Place<'_>) -> Result<Rootfs> {
    let rootfs = stack(store, place)?;
    let base = base_of(store, place);
    match rustix::fs::mkdir(&base, Mode::from_raw_mode(0o700)) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(Errno::NOENT) => make_dir(&base)?,
        Err(errno) => return Err(failed("create directory", &base, errno)),
    }
    make_like(&rootfs)?;
    match rustix::fs::mkdir(&rootfs.work, Mode::from_raw_mode(0o700)) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(errno) => return Err(failed("create directory", &rootfs.work, errno)),
    }
    // Lets the ledger be rebuilt from disk; a file system without user attributes goes without.
    let image = place.image.as_str().as_bytes();
    let flags = rustix::fs::XattrFlags::empty();
    rustix::fs::setxattr(&base, "user.hull.image", image, flags).ok();
    Ok(rootfs)
}

/// The layers of a container prepared earlier, ready to be mounted again; prepares it when its
/// directory is gone.
pub fn open(store: &Store<'_>, place: &Place<'_>) -> Result<Rootfs> {
    let rootfs = stack(store, place)?;
    if !rootfs.upper.is_dir() || !rootfs.work.is_dir() {
        return prepare(store, place);
    }
    // overlayfs leaves this mark while a volatile mount lives, and refuses to mount again.
    let mark = rootfs.work.join("work/incompat/volatile");
    if mark.exists() {
        delete_tree(&mark)?;
    }
    Ok(rootfs)
}

fn base_of(store: &Store<'_>, place: &Place<'_>) -> PathBuf {
    match place.dir {
        Some(dir) => dir.join(place.id),
        None => store.snapshot(place.id),
    }
}

fn stack(store: &Store<'_>, place: &Place<'_>) -> Result<Rootfs> {
    let awkward = |path: &Path| {
        path.to_string_lossy()
            .chars()
            .find(|c| matches!(c, ':' | ',' | '\\'))
    };
    for path in [Some(store.root()), place.dir].into_iter().flatten() {
        if let Some(character) = awkward(path) {
            return Err(Error::RootPath {
                path: path.to_owned(),
                character,
            });
        }
    }
    let layers = store.ledger.layers().of_image(place.image)?;
    if layers.len() > MAX_LAYERS {
        let image = place.image.short().to_owned();
        return Err(Error::TooManyLayers {
            image,
            layers: layers.len(),
            limit: MAX_LAYERS,
        });
    }
    let mut lower = Vec::with_capacity(layers.len() + 1);
    // An image without layers has the init layer alone: overlayfs wants one.
    if layers.iter().all(|layer| layer.flat) {
        lower.push(init_layer::ensure(store)?);
    }
    lower.extend(
        layers
            .iter()
            .rev()
            .map(|layer| store.snapshot(&layer.snapshot).join("fs")),
    );
    let base = base_of(store, place);
    Ok(Rootfs {
        lower,
        upper: base.join("fs"),
        work: base.join("work"),
        rootless: store.rootless,
    })
}

/// Makes the upper directory with mode and owner of the image's root.
fn make_like(rootfs: &Rootfs) -> Result<()> {
    let init = Path::new(init_layer::NAME).join("fs");
    let top = rootfs.lower.iter().find(|path| !path.ends_with(&init));
    let stat = match top {
        Some(path) => {
            Some(rustix::fs::stat(path).map_err(|errno| failed("find layer", path, errno))?)
        }
        None => None,
    };
    let upper = &rootfs.upper;
    let (mode, owner) = stat.map_or((0o755, None), |stat| {
        (stat.st_mode & 0o7777, Some((stat.st_uid, stat.st_gid)))
    });
    match rustix::fs::mkdir(upper, Mode::from_raw_mode(mode)) {
        Ok(()) => {}
        Err(Errno::EXIST) => return Ok(()),
        Err(errno) => return Err(failed("create directory", upper, errno)),
    }
    // mkdir obeys the umask and drops setuid bits.
    let fix = |errno| failed("set the owner and mode of", upper, errno);
    if let Some((uid, gid)) = owner.filter(|owner| *owner != (0, 0)) {
        let uid = Some(rustix::fs::Uid::from_raw(uid));
        let gid = Some(rustix::fs::Gid::from_raw(gid));
        rustix::fs::chownat(CWD, upper, uid, gid, AtFlags::empty()).map_err(fix)?;
    }
    rustix::fs::chmod(upper, Mode::from_raw_mode(mode)).map_err(fix)
}

fn failed(step: &'static str, path: &Path, errno: Errno) -> Error {
    Error::File {
        step,
        path: path.to_owned(),
        source: errno.into(),
    }
}
