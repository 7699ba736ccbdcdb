//! [`Bag`]: the members of an archive by name, without unpacking it.
//!
//! A plain archive in a file is only indexed: members are regions of it. A stream is spooled, small
//! members to memory, large ones to the ingest directory, hashed on the way. A directory is opened
//! beneath itself. Leaves meaning to the formats. Invariant: names are cleaned, links are followed
//! inside the archive only.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;

use hull_oci::Digest;
use hull_oci::digest::Algorithm;
use rustix::fs::{Mode, OFlags, ResolveFlags};

use super::input::{FileInput, Region, RegionReader, StreamInput};
use crate::compress::{Compression, SNIFF};
use crate::error::{Error, Result};
use crate::hash::Hasher;
use crate::ingest::Work;
use crate::pipe::{CHUNK, fill};
use crate::store::Disk;
use crate::tar::entry::{Entry, Kind};
use crate::tar::reader::{Input, Reader};

/// Members up to this size are kept in memory while a stream is spooled.
const SMALL: u64 = 1 << 20;

/// All of them together up to this.
const MEMORY: u64 = 64 << 20;

/// An image archive has a few members per layer.
const MAX_MEMBERS: usize = 100_000;

/// A member's bytes.
#[derive(Debug, Clone)]
pub(crate) enum Piece {
    /// In memory.
    Bytes(Arc<[u8]>),
    /// In the archive's file, or a file of its own.
    Region(Region),
    /// Spooled to the ingest directory, with the digest of the bytes.
    Spooled {
        /// The whole file.
        region: Region,
        /// Where it lies.
        path: PathBuf,
        /// Its digest.
        digest: Digest,
    },
}

impl Piece {
    /// How many bytes.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            Self::Region(region) | Self::Spooled { region, .. } => region.length,
        }
    }

    /// The bytes from the beginning.
    pub(crate) fn reader(&self) -> Box<dyn Read + Send> {
        match self {
            Self::Bytes(bytes) => Box::new(std::io::Cursor::new(Arc::clone(bytes))),
            Self::Region(region) | Self::Spooled { region, .. } => Box::new(RegionReader {
                region: region.clone(),
                at: 0,
            }),
        }
    }

    /// How it is compressed.
    pub(crate) fn compression(&self, what: &str) -> Result<Compression> {
        let mut first = vec![0; SNIFF];
        fill(&mut self.reader(), &mut first).map_err(|source| Error::Read {
            what: what.to_owned(),
            source,
        })?;
        Compression::sniff(&first, what)
    }
}

/// The members of an archive.
#[derive(Debug)]
pub(crate) struct Bag {
    what: String,
    members: BTreeMap<String, Piece>,
    links: BTreeMap<String, String>,
    directory: Option<OwnedFd>,
    _work: Option<Work>,
}

impl Bag {
    /// A bag without members.
    fn empty(what: &str) -> Self {
        Self {
            what: what.to_owned(),
            members: BTreeMap::new(),
            links: BTreeMap::new(),
            directory: None,
            _work: None,
        }
    }

    /// The archive in `file`.
    pub(crate) fn of_file(disk: &Disk<'_>, mut file: File, what: &str) -> Result<Self> {
        let failed = |source| Error::Read {
            what: what.to_owned(),
            source,
        };
        let Ok(start) = file.stream_position() else {
            return Self::of_stream(disk, Box::new(file), what);
        };
        let mut first = vec![0; SNIFF];
        fill(&mut file, &mut first).map_err(failed)?;
        file.seek(SeekFrom::Start(start)).map_err(failed)?;
        let regular = file.metadata().map_err(failed)?.is_file();
        if !regular || Compression::sniff(&first, what)? != Compression::Plain {
            return Self::of_stream(disk, Box::new(file), what);
        }
        Self::index(Arc::new(file), start, what)
    }

    /// The archive in memory.
    pub(crate) fn of_bytes(disk: &Disk<'_>, bytes: &'static [u8], what: &str) -> Result<Self> {
        Self::of_stream(disk, Box::new(bytes), what)
    }

    /// The image layout in a directory.
    pub(crate) fn of_directory(path: &std::path::Path) -> Result<Self> {
        let open = |source| Error::File {
            step: "open",
            path: path.to_owned(),
            source,
        };
        let directory = File::open(path).map_err(open)?;
        if !directory.metadata().map_err(open)?.is_dir() {
            return Err(open(std::io::ErrorKind::NotADirectory.into()));
        }
        let mut bag = Self::empty(&path.display().to_string());
        bag.directory = Some(directory.into());
        Ok(bag)
    }

    fn index(file: Arc<File>, start: u64, what: &str) -> Result<Self> {
        let failed = |source| Error::Read {
            what: what.to_owned(),
            source,
        };
        let end = file.metadata().map_err(failed)?.len();
        let mut bag = Self::empty(what);
        let input = FileInput::new(Arc::clone(&file), start, end);
        let mut reader = Reader::new(input);
        while let Some(entry) = reader.next().map_err(|e| e.in_member("read", what))? {
            let length = reader.left();
            let offset = reader.input().position();
            if offset.checked_add(length).is_none_or(|last| last > end) {
                let truncated = Error::Tar {
                    problem: "truncated".into(),
                };
                return Err(truncated.in_member("read", &String::from_utf8_lossy(&entry.path)));
            }
            let piece = || {
                Ok(Piece::Region(Region {
                    file: Arc::clone(&file),
                    offset,
                    length,
                }))
            };
            bag.add(&entry, piece)?;
        }
        Ok(bag)
    }

    /// The archive in a stream that cannot be sought and may be compressed.
    pub(crate) fn of_stream(
        disk: &Disk<'_>,
        stream: Box<dyn Read + Send + '_>,
        what: &str,
    ) -> Result<Self> {
        let failed = |source| Error::Read {
            what: what.to_owned(),
            source,
        };
        let mut stream = BufReader::with_capacity(CHUNK, stream);
        let compression = Compression::sniff(stream.fill_buf().map_err(failed)?, what)?;
        let plain = BufReader::with_capacity(CHUNK, compression.decoder(stream)?);
        let work = Work::new(disk)?;
        let mut bag = Self::empty(what);
        let mut reader = Reader::new(StreamInput(plain));
        let mut memory = 0;
        while let Some(entry) = reader.next().map_err(|e| e.in_member("read", what))? {
            let number = bag.members.len();
            let length = reader.left();
            let small = length <= SMALL && memory + length <= MEMORY;
            if small {
                memory += length;
            }
            let name = String::from_utf8_lossy(&entry.path).into_owned();
            bag.add(&entry, || {
                let spooled = if small {
                    keep(&mut reader)
                } else {
                    spool(&mut reader, &work, number)
                };
                spooled.map_err(|e| e.in_member("read", &name))
            })?;
        }
        bag._work = Some(work);
        Ok(bag)
    }

    fn add(&mut self, entry: &Entry, piece: impl FnOnce() -> Result<Piece>) -> Result<()> {
        let Some(name) = cleaned(&entry.path) else {
            return Ok(());
        };
        if self.members.len() + self.links.len() >= MAX_MEMBERS {
            let limit = u64::try_from(MAX_MEMBERS).unwrap_or(u64::MAX);
            return Err(Error::Limit {
                what: "the number of members of the archive".into(),
                limit,
            });
        }
        match entry.kind {
            Kind::File if entry.sparse.is_some() => {
                let problem = format!("{} is a sparse file", crate::error::clip(&name));
                return Err(Error::Archive { problem });
            }
            Kind::File => {
                self.links.remove(&name);
                self.members.insert(name, piece()?);
            }
            Kind::Symlink | Kind::HardLink => {
                let mut target = Vec::new();
                if entry.kind == Kind::Symlink && !entry.link.starts_with(b"/") {
                    let above = name.rsplit_once('/').map_or("", |(above, _)| above);
                    target.extend_from_slice(above.as_bytes());
                    target.push(b'/');
                }
                target.extend_from_slice(&entry.link);
                if let Some(target) = cleaned(&target) {
                    self.members.remove(&name);
                    self.links.insert(name, target);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// What the archive is called.
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// A member, `None` when there is none by that name.
    pub(crate) fn get(&self, name: &str) -> Result<Option<Piece>> {
        let Some(mut name) = cleaned(name.as_bytes()) else {
            return Ok(None);
        };
        if let Some(directory) = &self.directory {
            return open_beneath(directory, &name);
        }
        // Old docker archives share layers by symlinks; a chain of them is no honest archive.
        for _ in 0..8 {
            if let Some(piece) = self.members.get(&name) {
                return Ok(Some(piece.clone()));
            }
            match self.links.get(&name) {
                Some(target) => name.clone_from(target),
                None => return Ok(None),
            }
        }
        Ok(None)
    }

    /// A member that must be there.
    pub(crate) fn need(&self, name: &str) -> Result<Piece> {
        let missing = || Error::Archive {
            problem: format!("{} is missing from {}", crate::error::clip(name), self.what),
        };
        self.get(name)?.ok_or_else(missing)
    }

    /// A document of at most `limit` bytes.
    pub(crate) fn read(&self, name: &str, limit: u64) -> Result<Vec<u8>> {
        let piece = self.need(name)?;
        if piece.len() > limit {
            return Err(Error::Limit {
                what: format!("the size of {}", crate::error::clip(name)),
                limit,
            });
        }
        let mut bytes = Vec::new();
        let what = || crate::error::clip(name);
        piece
            .reader()
            .read_to_end(&mut bytes)
            .map_err(|source| Error::Read {
                what: what(),
                source,
            })?;
        Ok(bytes)
    }

    /// Whether a member is there.
    pub(crate) fn has(&self, name: &str) -> Result<bool> {
        Ok(self.get(name)?.is_some())
    }
}

fn cleaned(name: &[u8]) -> Option<String> {
    let name = String::from_utf8_lossy(name);
    let mut parts: Vec<&str> = Vec::new();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

fn open_beneath(directory: &OwnedFd, name: &str) -> Result<Option<Piece>> {
    let failed = |source| Error::File {
        step: "open",
        path: PathBuf::from(name),
        source,
    };
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    let fd = match rustix::fs::openat2(directory, name, flags, Mode::empty(), resolve) {
        Ok(fd) => fd,
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => return Ok(None),
        Err(errno) => return Err(failed(errno.into())),
    };
    let file = File::from(fd);
    let meta = file.metadata().map_err(failed)?;
    if !meta.is_file() {
        return Ok(None);
    }
    Ok(Some(Piece::Region(Region {
        file: Arc::new(file),
        offset: 0,
        length: meta.len(),
    })))
}

fn keep<R: Input>(reader: &mut Reader<R>) -> Result<Piece> {
    let mut bytes = Vec::new();
    while reader.left() > 0 {
        let data = reader.data()?;
        bytes.extend_from_slice(data);
        let count = data.len();
        reader.consume(count);
    }
    Ok(Piece::Bytes(bytes.into()))
}

fn spool<R: Input>(reader: &mut Reader<R>, work: &Work, number: usize) -> Result<Piece> {
    let (mut file, path) = work.create(&format!("member-{number}"))?;
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let length = reader.left();
    while reader.left() > 0 {
        let data = reader.data()?;
        hasher.update(data);
        file.write_all(data).map_err(|source| Error::File {
            step: "write",
            path: path.clone(),
            source,
        })?;
        let count = data.len();
        reader.consume(count);
    }
    let region = Region {
        file: Arc::new(file),
        offset: 0,
        length,
    };
    Ok(Piece::Spooled {
        region,
        path,
        digest: hasher.finish(),
    })
}
