//! Attaching mounts below the root.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use hull_sys::beneath;
use hull_sys::mount::{self, Change, Context, attribute, flag};

use super::copy_up;
use crate::failure::{At, Failure, Step};
use crate::plan::files::Files;
use crate::plan::mounts::{From, Mount, New};

/// Mounts the root at its path and opens it.
pub(crate) fn attach_root(files: &Files) -> Result<OwnedFd, Failure> {
    let path = files.root.as_c_str();
    let name = path.to_bytes();
    match &files.from {
        From::Tree(tree) => mount::attach_at(tree.as_fd(), path).about(Step::AttachRoot, name)?,
        From::Bind { source, .. } => {
            mount::mount(source, path, c"", flag::BIND | flag::RECURSIVE, None)
                .about(Step::AttachRoot, name)?;
            if files.propagation != 0 {
                mount::propagate(path, files.propagation).about(Step::Propagation, name)?;
            }
        }
        From::New(new) => mount::mount(&new.source, path, &new.kind, 0, Some(&new.data))
            .about(Step::Overlay, new.kind.to_bytes())?,
        From::Existing => {}
    }
    beneath::directory(path).about(Step::AttachRoot, name)
}

/// Attaches one mount in `root`.
pub(crate) fn attach(wish: &Mount, root: BorrowedFd<'_>) -> Result<(), Failure> {
    let label = wish.place.to_bytes();
    let place =
        beneath::place_or_make(root, &wish.place, wish.missing).about(Step::MountPoint, label)?;
    match &wish.from {
        From::Tree(tree) => {
            mount::attach(tree.as_fd(), place.as_fd()).about(Step::Mount, label)?;
        }
        From::Bind { source, recursive } => bind(wish, source, *recursive, place.as_fd())?,
        From::New(new) => make(wish, new, place.as_fd())?,
        From::Existing => {
            let change = Change {
                set: wish.options.set,
                clear: wish.options.clear,
                ..Change::default()
            };
            self::change(place.as_fd(), &change).about(Step::Mount, label)?;
        }
    }
    propagate(wish, root)
}

/// The options' own propagation comes last, on what is mounted now.
fn propagate(wish: &Mount, root: BorrowedFd<'_>) -> Result<(), Failure> {
    if wish.options.propagation.is_empty() {
        return Ok(());
    }
    let label = wish.place.to_bytes();
    let place = beneath::place(root, &wish.place).about(Step::Propagation, label)?;
    let mut buffer = [0u8; 32];
    let path = mount::path_of(place.as_fd(), &mut buffer).about(Step::Propagation, label)?;
    for flags in &wish.options.propagation {
        mount::propagate(path, *flags).about(Step::Propagation, label)?;
    }
    Ok(())
}

fn bind(
    wish: &Mount,
    source: &CStr,
    recursive: bool,
    place: BorrowedFd<'_>,
) -> Result<(), Failure> {
    let label = wish.place.to_bytes();
    let tree = match mount::copy(source, recursive) {
        Err(error) if error.raw_os_error() == Some(ENOSYS) => {
            return bind_old(wish, source, recursive, place).about(Step::Mount, label);
        }
        answer => answer.about(Step::Mount, label)?,
    };
    for (change, all) in [
        (wish.options.everywhere(), true),
        (wish.options.here(), false),
    ] {
        if !change.asks() {
            continue;
        }
        match mount::change(tree.as_fd(), &change, all) {
            Err(error) if error.raw_os_error() == Some(ENOSYS) => {
                return bind_old(wish, source, recursive, place).about(Step::Mount, label);
            }
            answer => answer.about(Step::Mount, label)?,
        }
    }
    mount::attach(tree.as_fd(), place).about(Step::Mount, label)
}

/// For kernels that cannot copy a tree or change a detached one.
fn bind_old(wish: &Mount, source: &CStr, recursive: bool, place: BorrowedFd<'_>) -> io::Result<()> {
    let mut buffer = [0u8; 32];
    let path = mount::path_of(place, &mut buffer)?;
    let all = if recursive { flag::RECURSIVE } else { 0 };
    mount::mount(source, path, c"", flag::BIND | all, None)?;
    if wish.flags == 0 {
        return Ok(());
    }
    let flags = wish.flags | flag::BIND | flag::REMOUNT;
    mount::mount(c"", path, c"", flags, None)
}

fn make(wish: &Mount, new: &New, place: BorrowedFd<'_>) -> Result<(), Failure> {
    let label = wish.place.to_bytes();
    if new.only_old {
        return make_old(wish, new, place).about(Step::Mount, label);
    }
    let context = match Context::open(&new.kind) {
        Ok(context) => context,
        Err(error) if error.raw_os_error() == Some(ENOSYS) => {
            return make_old(wish, new, place).about(Step::Mount, label);
        }
        Err(error) => return Err(error).about(Step::Mount, label),
    };
    let made = configure(&context, new).and_then(|()| context.mount(wish.options.set));
    let tree = match made {
        Ok(tree) => tree,
        // The old call knows options that some file systems still parse for it alone.
        Err(error) if error.raw_os_error() == Some(EINVAL) => {
            return make_old(wish, new, place).map_err(|_| explain(&error, &context, label));
        }
        Err(error) => return Err(explain(&error, &context, label)),
    };
    if wish.options.copy_up {
        copy_up::copy(place, tree.as_fd()).about(Step::CopyUp, label)?;
    }
    mount::attach(tree.as_fd(), place).about(Step::Mount, label)
}

const EINVAL: i32 = 22;
const ENOSYS: i32 = 38;

/// The failure with the kernel's own words, where it has any.
fn explain(error: &io::Error, context: &Context, label: &[u8]) -> Failure {
    let mut buffer = [0u8; 256];
    let length = context.message(&mut buffer);
    let words = buffer.get(..length).unwrap_or(&[]).trim_ascii();
    let failure = Failure::new(Step::Mount, error).about(label);
    if words.is_empty() {
        return failure;
    }
    // Messages begin with a letter for their weight.
    failure
        .about(b": ")
        .about(words.strip_prefix(b"e ").unwrap_or(words))
}

fn configure(context: &Context, new: &New) -> io::Result<()> {
    context.set(c"source", &new.source)?;
    for (key, value) in &new.parameters {
        match value {
            Some(value) => context.set(key, value)?,
            None => context.set_flag(key)?,
        }
    }
    Ok(())
}

fn make_old(wish: &Mount, new: &New, place: BorrowedFd<'_>) -> io::Result<()> {
    let mut buffer = [0u8; 32];
    let path = mount::path_of(place, &mut buffer)?;
    mount::mount(&new.source, path, &new.kind, wish.flags, Some(&new.data))
}

/// Changes the mount a place is the root of.
pub(crate) fn change(place: BorrowedFd<'_>, wish: &Change<'_>) -> io::Result<()> {
    match mount::change(place, wish, false) {
        Err(error) if error.raw_os_error() == Some(ENOSYS) => {
            let mut buffer = [0u8; 32];
            let path = mount::path_of(place, &mut buffer)?;
            let read_only = wish.set & attribute::READ_ONLY;
            let flags = flag::REMOUNT | flag::BIND | read_only;
            mount::mount(c"", path, c"", flags, None)
        }
        answer => answer,
    }
}

/// Makes the mount at `place` read-only.
pub(crate) fn freeze(root: BorrowedFd<'_>, place: &CStr) -> Result<(), Failure> {
    let wish = Change {
        set: attribute::READ_ONLY,
        ..Change::default()
    };
    let open = beneath::place(root, place).about(Step::ReadOnly, place.to_bytes())?;
    change(open.as_fd(), &wish).about(Step::ReadOnly, place.to_bytes())
}
