//! Entries become files: docker's rules for what replaces what, overlayfs' form of whiteouts.
//!
//! Leaves resolving to `parents` and owners, modes and times to `attributes`. Invariant: the result
//! does not depend on the order of a directory and its members, because directories get their times
//! last.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::rc::Rc;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Timestamps, XattrFlags};
use rustix::io::Errno;

use super::attributes::{Place, Rules, proc_path, set_times, times};
use super::budget::Budget;
use super::parents::{Parent, Parents};
use super::path::{clean, shown, split};
use crate::error::{Error, Result};
use crate::tar::entry::{Entry, Kind};
use crate::tar::reader::{Input, Reader};

/// What was unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extracted {
    /// Bytes of files and symlinks, as docker counts the size of a layer.
    pub(crate) size: u64,
    /// `/etc`, `/dev`, `/proc` and `/sys` are directories or absent.
    pub(crate) flat: bool,
}

struct Extractor {
    parents: Parents,
    rules: Rules,
    budget: Budget,
    directories: Vec<(Vec<u8>, Timestamps)>,
    done: Extracted,
}

/// Unpacks the tar stream `input` into the directory `root`, and returns the input after its end.
pub(crate) fn extract<R: Input>(input: R, root: OwnedFd, rootless: bool) -> Result<(Extracted, R)> {
    let mut extractor = Extractor {
        budget: Budget::of(&root)?,
        rules: Rules {
            umask: umask(),
            rootless,
            root: rustix::process::geteuid().is_root() && rustix::process::getegid().is_root(),
        },
        parents: Parents::new(root),
        directories: Vec::new(),
        done: Extracted {
            size: 0,
            flat: true,
        },
    };
    let mut reader = Reader::new(input);
    while let Some(entry) = reader.next()? {
        let name = || shown(&entry.path);
        extractor
            .apply(&entry, &mut reader)
            .map_err(|e| e.in_member("unpack", &name()))?;
    }
    extractor.finish()?;
    Ok((extractor.done, reader.into_inner()))
}

/// The process' umask, without changing it for other threads. Unknown: all bits might be masked.
fn umask() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    line.and_then(|text| u32::from_str_radix(text.trim(), 8).ok())
        .unwrap_or(0o777)
}

fn call(call: &'static str) -> impl Fn(Errno) -> Error {
    move |errno| Error::Call {
        call,
        source: errno.into(),
    }
}

impl Extractor {
    fn apply<R: Input>(&mut self, entry: &Entry, reader: &mut Reader<R>) -> Result<()> {
        self.budget.entry()?;
        let path = clean(&entry.path)?;
        let (above, name) = split(&path);
        if name.is_empty() {
            // The root exists already; docker leaves it as it is.
            return match entry.kind {
                Kind::Directory => Ok(()),
                _ => Err(Error::Unsafe {
                    path: shown(&entry.path),
                    problem: "replaces the root",
                }),
            };
        }
        if let Some(hidden) = name.strip_prefix(b".wh.") {
            return self.whiteout(above, hidden, entry);
        }
        if matches!(path.as_slice(), b"etc" | b"dev" | b"proc" | b"sys") {
            self.done.flat &= entry.kind == Kind::Directory;
        }
        let parent = self.parents.get(above)?;
        let place = Place {
            parent: &parent,
            name,
        };
        match entry.kind {
            Kind::File => self.file(place, entry, reader),
            Kind::Directory => self.directory(place, entry, &path),
            Kind::HardLink => self.link(place, entry),
            Kind::Symlink => {
                self.done.size += u64::try_from(entry.link.len()).unwrap_or_default();
                let target = entry.link.as_slice();
                self.make(place, || rustix::fs::symlinkat(target, &parent.fd, name))?;
                // What was resolved through this name before may now lead elsewhere.
                self.parents.forget();
                self.rules.named(place, entry, true)
            }
            Kind::CharDevice => self.node(place, entry, FileType::CharacterDevice),
            Kind::BlockDevice => self.node(place, entry, FileType::BlockDevice),
            Kind::Fifo => self.node(place, entry, FileType::Fifo),
        }
    }

    /// Makes something new, in place of whatever was there.
    fn make<T>(&mut self, place: Place<'_>, make: impl Fn() -> rustix::io::Result<T>) -> Result<T> {
        match make() {
            Err(Errno::EXIST) => {
                self.clear(place)?;
                make().map_err(call("create it"))
            }
            other => other.map_err(call("create it")),
        }
    }

    /// Removes what an entry replaces.
    fn clear(&mut self, place: Place<'_>) -> Result<()> {
        let Place { parent, name } = place;
        let stat = rustix::fs::statat(&parent.fd, name, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(call("look at what it replaces"))?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        if kind == FileType::Directory {
            self.parents.forget();
            let path = proc_path(place);
            let path = std::path::Path::new(std::ffi::OsStr::from_bytes(&path));
            return std::fs::remove_dir_all(path).map_err(|source| Error::Call {
                call: "remove what it replaces",
                source,
            });
        }
        if kind == FileType::Symlink {
            self.parents.forget();
        }
        if stat.st_nlink == 1 && matches!(kind, FileType::RegularFile | FileType::Symlink) {
            let size = u64::try_from(stat.st_size).unwrap_or_default();
            self.done.size = self.done.size.saturating_sub(size);
        }
        rustix::fs::unlinkat(&parent.fd, name, AtFlags::empty())
            .map_err(call("remove what it replaces"))
    }

    fn file<R: Input>(
        &mut self,
        place: Place<'_>,
        entry: &Entry,
        reader: &mut Reader<R>,
    ) -> Result<()> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(entry.mode & 0o777);
        let Place { parent, name } = place;
        let fd = self.make(place, || rustix::fs::openat(&parent.fd, name, flags, mode))?;
        let mut file = File::from(fd);
        match &entry.sparse {
            None => self.write(&mut file, reader)?,
            Some(_) => self.write_sparse(&file, entry, reader)?,
        }
        self.done.size = self.done.size.saturating_add(entry.size);
        self.rules.file(file.as_fd(), parent, entry)
    }

    fn write<R: Input>(&mut self, file: &mut File, reader: &mut Reader<R>) -> Result<()> {
        while reader.left() > 0 {
            let data = reader.data()?;
            let count = data.len();
            self.budget.bytes(count)?;
            file.write_all(data).map_err(|source| Error::Call {
                call: "write",
                source,
            })?;
            reader.consume(count);
        }
        Ok(())
    }

    fn write_sparse<R: Input>(
        &mut self,
        file: &File,
        entry: &Entry,
        reader: &mut Reader<R>,
    ) -> Result<()> {
        let failed = |source| Error::Call {
            call: "write",
            source,
        };
        for segment in entry.sparse.iter().flatten() {
            let (mut at, end) = (
                segment.offset,
                segment.offset.saturating_add(segment.length),
            );
            while at < end {
                let data = reader.data()?;
                let room = usize::try_from(end - at).unwrap_or(usize::MAX);
                let data = data.get(..room).unwrap_or(data);
                let count = data.len();
                if count == 0 {
                    return Err(Error::Tar {
                        problem: "sparse map longer than the data".into(),
                    });
                }
                self.budget.bytes(count)?;
                file.write_all_at(data, at).map_err(failed)?;
                at = at.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
                reader.consume(count);
            }
        }
        file.set_len(entry.size).map_err(|source| Error::Call {
            call: "set the size",
            source,
        })
    }

    fn directory(&mut self, place: Place<'_>, entry: &Entry, path: &[u8]) -> Result<()> {
        let Place { parent, name } = place;
        let mode = Mode::from_raw_mode(entry.mode & 0o777);
        let made = rustix::fs::mkdirat(&parent.fd, name, mode);
        let fresh = match made {
            Ok(()) => true,
            Err(Errno::EXIST) => {
                let stat = rustix::fs::statat(&parent.fd, name, AtFlags::SYMLINK_NOFOLLOW)
                    .map_err(call("look at what it replaces"))?;
                let there = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
                if !there {
                    self.clear(place)?;
                    rustix::fs::mkdirat(&parent.fd, name, mode).map_err(call("create it"))?;
                }
                // Its mode may have been another, and children may know it.
                self.parents.forget();
                !there
            }
            Err(errno) => return Err(call("create it")(errno)),
        };
        self.rules.named(place, entry, fresh)?;
        self.directories.push((path.to_vec(), times(entry)));
        Ok(())
    }

    fn link(&mut self, place: Place<'_>, entry: &Entry) -> Result<()> {
        let target = clean(&entry.link)?;
        let (above, old) = split(&target);
        if old.is_empty() {
            let path = shown(&entry.link);
            return Err(Error::Unsafe {
                path,
                problem: "a hard link to the root",
            });
        }
        let from: Rc<Parent> = self.parents.get(above)?;
        let Place { parent, name } = place;
        let make = || rustix::fs::linkat(&from.fd, old, &parent.fd, name, AtFlags::empty());
        self.make(place, make)
            .map_err(|e| e.in_member("link to", &shown(&target)))?;
        self.rules.linked(place, entry)
    }

    fn node(&mut self, place: Place<'_>, entry: &Entry, kind: FileType) -> Result<()> {
        let device = rustix::fs::makedev(entry.device.0, entry.device.1);
        let mode = Mode::from_raw_mode(entry.mode & 0o777);
        let Place { parent, name } = place;
        if self.rules.rootless && kind != FileType::Fifo {
            return Ok(());
        }
        let make = || rustix::fs::mknodat(&parent.fd, name, kind, mode, device);
        self.make(place, make)?;
        self.rules.named(place, entry, true)
    }

    /// `.wh.name` hides `name` of lower layers; `.wh..wh..opq` hides all a directory has there.
    fn whiteout(&mut self, above: &[u8], hidden: &[u8], entry: &Entry) -> Result<()> {
        let parent = self.parents.get(above)?;
        if hidden == b".wh..opq" {
            let name: &[u8] = if self.rules.rootless {
                b"user.overlay.opaque"
            } else {
                b"trusted.overlay.opaque"
            };
            let path = proc_path(Place {
                parent: &parent,
                name: b".",
            });
            return rustix::fs::setxattr(path.as_slice(), name, b"y", XattrFlags::empty())
                .map_err(call("mark the directory opaque"));
        }
        // Other aufs bookkeeping means nothing to us.
        if hidden.starts_with(b".wh.") {
            return Ok(());
        }
        if matches!(hidden, b"" | b"." | b"..") {
            let path = shown(&entry.path);
            return Err(Error::Unsafe {
                path,
                problem: "a whiteout of no name",
            });
        }
        let made = rustix::fs::mknodat(
            &parent.fd,
            hidden,
            FileType::CharacterDevice,
            Mode::empty(),
            rustix::fs::makedev(0, 0),
        );
        match made {
            // A member of this very layer is not hidden by it.
            Err(Errno::EXIST) => Ok(()),
            Ok(()) if entry.uid == 0 && entry.gid == 0 => Ok(()),
            Ok(()) => self.rules.chown(
                Place {
                    parent: &parent,
                    name: hidden,
                },
                entry,
            ),
            Err(errno) => Err(call("create the whiteout")(errno)),
        }
    }

    /// Directories get their times when nothing is put into them any more.
    fn finish(&mut self) -> Result<()> {
        let directories = std::mem::take(&mut self.directories);
        for (path, times) in &directories {
            let (above, name) = split(path);
            let set = self
                .parents
                .get(above)
                .and_then(|parent| set_times(&parent.fd, name, times));
            match set {
                // Replaced by a later entry.
                Err(Error::Call { source, .. })
                    if matches!(
                        Errno::from_io_error(&source),
                        Some(Errno::NOENT | Errno::NOTDIR)
                    ) => {}
                other => other.map_err(|e| e.in_member("unpack", &shown(path)))?,
            }
        }
        Ok(())
    }
}
