//! Reading a json-file log: the last lines, a stretch of time, all rotated files, and what comes next.
//!
//! Leaves rendering to `cli`. Invariant: a line that is no log line (torn by a crash, edited by hand)
//! is passed over, never the end of reading.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use hull_sys::inotify::Watch;
use serde::Deserialize;

use crate::clock::parse_rfc3339;
use crate::error::{Error, file};
use crate::protocol::Stream;

use super::rotate::numbered;
use super::tail::last_lines;

/// What to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Range {
    /// Only the last so many messages; `None` is all.
    pub tail: Option<usize>,
    /// Only messages of this time or later, in nanoseconds since 1970.
    pub since: Option<u64>,
    /// Only messages of this time or earlier.
    pub until: Option<u64>,
}

/// One message of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it was written.
    pub stream: Stream,
    /// When, in nanoseconds since 1970.
    pub time: u64,
    /// The text, newline included where there was one.
    pub log: String,
    /// Docker's `attrs`.
    pub attrs: BTreeMap<String, String>,
}

/// A line of the file.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    log: Cow<'a, str>,
    #[serde(borrow, default)]
    stream: Cow<'a, str>,
    #[serde(borrow)]
    time: Cow<'a, str>,
    #[serde(default)]
    attrs: BTreeMap<String, String>,
}

/// Reads one log.
pub struct Reader {
    path: PathBuf,
    range: Range,
    /// Sources not begun yet, oldest first; the current file is the last.
    waiting: VecDeque<Source>,
    now: Option<Box<dyn BufRead>>,
    /// The current file while it is read, to see that it was rotated away.
    current: Option<File>,
    line: Vec<u8>,
    done: bool,
}

enum Source {
    Rotated(PathBuf, bool, u64),
    Current(u64),
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("path", &self.path)
            .field("range", &self.range)
            .finish()
    }
}

impl Reader {
    /// A reader of the log at `path`; a file that is not there yet is an empty log.
    pub fn open(path: &Path, range: Range) -> Result<Self, Error> {
        Ok(Self {
            path: path.to_owned(),
            range,
            waiting: sources(path, range.tail)?,
            now: None,
            current: None,
            line: Vec::new(),
            done: false,
        })
    }

    /// The next message, `None` when there is none now (see [`Self::watch`]) or ever.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, Error> {
        while !self.done {
            if !self.next_line()? {
                return Ok(None);
            }
            let entry = parse(&self.line);
            self.line.clear();
            let Some(entry) = entry else { continue };
            if self.range.until.is_some_and(|until| entry.time > until) {
                self.done = true;
            } else if self.range.since.is_none_or(|since| entry.time >= since) {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    /// Whether a message later than [`Range::until`] was seen, so that nothing more will come.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Something to wait on until more may be there. Make it before the last [`Self::next_entry`] that
    /// gave nothing, or a message may be missed.
    pub fn watch(&self) -> Result<Changes, Error> {
        let dir = self.path.parent().unwrap_or(Path::new("/"));
        let watch = Watch::new().map_err(file("watch", dir))?;
        watch.directory(dir).map_err(file("watch", dir))?;
        Ok(Changes {
            watch,
            dir: dir.to_owned(),
        })
    }

    /// Completes `self.line`; `false` at the present end.
    fn next_line(&mut self) -> Result<bool, Error> {
        loop {
            if let Some(source) = self.now.as_mut() {
                let got = source.read_until(b'\n', &mut self.line);
                got.map_err(file("read", &self.path))?;
                if self.line.ends_with(b"\n") {
                    return Ok(true);
                }
            }
            if !self.next_source()? {
                return Ok(false);
            }
        }
    }

    /// Goes on to the next file; `false` when there is none now.
    fn next_source(&mut self) -> Result<bool, Error> {
        if self.current.is_some() && !self.rotated_away()? {
            return Ok(false);
        }
        let source = match self.waiting.pop_front() {
            Some(source) => source,
            None => Source::Current(0),
        };
        let opened = self.open_source(&source)?;
        // A torn line of the previous file can never be completed.
        if opened {
            self.line.clear();
        }
        Ok(opened || !self.waiting.is_empty())
    }

    fn open_source(&mut self, source: &Source) -> Result<bool, Error> {
        let (path, offset) = match source {
            Source::Rotated(path, _, offset) => (path.clone(), *offset),
            Source::Current(offset) => (self.path.clone(), *offset),
        };
        let mut opened = match File::open(&path) {
            Ok(opened) => opened,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                (self.now, self.current) = (None, None);
                return Ok(false);
            }
            Err(source) => {
                return Err(Error::File {
                    step: "open",
                    path,
                    source,
                });
            }
        };
        if let Source::Rotated(_, true, skip) = source {
            let mut lines = BufReader::new(MultiGzDecoder::new(opened));
            skip_lines(&mut lines, *skip).map_err(file("read", &path))?;
            self.now = Some(Box::new(lines));
            return Ok(true);
        }
        opened
            .seek(SeekFrom::Start(offset))
            .map_err(file("read", &path))?;
        if matches!(source, Source::Current(_)) {
            self.current = Some(opened.try_clone().map_err(file("read", &path))?);
        }
        self.now = Some(Box::new(BufReader::new(opened)));
        Ok(true)
    }

    /// Whether the file being read is no longer the one of that name, or was emptied.
    fn rotated_away(&mut self) -> Result<bool, Error> {
        let Some(current) = self.current.as_mut() else {
            return Ok(true);
        };
        let known = current.metadata().map_err(file("read", &self.path))?;
        let same = match fs::metadata(&self.path) {
            Ok(named) => (named.dev(), named.ino()) == (known.dev(), known.ino()),
            // Between the rename of a rotation and the next line: wait for it.
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(source) => {
                return Err(Error::File {
                    step: "read",
                    path: self.path.clone(),
                    source,
                });
            }
        };
        let position = current
            .stream_position()
            .map_err(file("read", &self.path))?;
        if same && known.len() >= position {
            return Ok(false);
        }
        // The clone shares its position: whatever came after our last read is read first.
        if !same && known.len() > position {
            return Ok(false);
        }
        self.current = None;
        Ok(true)
    }
}

/// Waits for a log to grow.
#[derive(Debug)]
pub struct Changes {
    watch: Watch,
    dir: PathBuf,
}

impl AsFd for Changes {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.watch.as_fd()
    }
}

impl Changes {
    /// Forgets the changes told so far; then look, then wait.
    pub fn clear(&self) -> Result<(), Error> {
        self.watch.clear().map_err(file("watch", &self.dir))
    }

    /// Also wakes for changes in `dir`, as that of the exit record or the run directory.
    pub fn also(&self, dir: &Path) -> Result<(), Error> {
        self.watch.directory(dir).map_err(file("watch", dir))
    }

    /// Waits at most `timeout` for a change.
    pub fn wait(&self, timeout: Option<std::time::Duration>) -> Result<bool, Error> {
        hull_sys::poll::readable(self.watch.as_fd(), timeout).map_err(file("watch", &self.dir))
    }
}

fn parse(line: &[u8]) -> Option<Entry> {
    let line: Line<'_> = serde_json::from_slice(line).ok()?;
    let stream = if line.stream == "stderr" {
        Stream::Stderr
    } else {
        Stream::Stdout
    };
    Some(Entry {
        stream,
        time: parse_rfc3339(&line.time)?,
        log: line.log.into_owned(),
        attrs: line.attrs,
    })
}

/// The files to read, oldest first, and where to begin in the first.
fn sources(path: &Path, tail: Option<usize>) -> Result<VecDeque<Source>, Error> {
    let mut wanted = tail;
    let mut sources = VecDeque::from([Source::Current(begin(path, false, &mut wanted)?)]);
    for number in 1.. {
        if wanted == Some(0) {
            break;
        }
        let plain = numbered(path, number, false);
        let compressed = !plain.exists();
        let rotated = if compressed {
            numbered(path, number, true)
        } else {
            plain
        };
        if compressed && !rotated.exists() {
            break;
        }
        let start = begin(&rotated, compressed, &mut wanted)?;
        sources.push_front(Source::Rotated(rotated, compressed, start));
    }
    Ok(sources)
}

/// Where the last `wanted` lines of `path` begin (a byte, or a line when compressed); takes those
/// found off `wanted`.
fn begin(path: &Path, compressed: bool, wanted: &mut Option<usize>) -> Result<u64, Error> {
    let Some(left) = wanted.as_mut() else {
        return Ok(0);
    };
    let opened = match File::open(path) {
        Ok(opened) => opened,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(source) => {
            return Err(Error::File {
                step: "open",
                path: path.to_owned(),
                source,
            });
        }
    };
    let read = file("read", path);
    let (start, found) = if compressed {
        let lines = count_lines(MultiGzDecoder::new(opened)).map_err(read)?;
        (lines.saturating_sub(*left) as u64, lines.min(*left))
    } else {
        let length = opened.metadata().map_err(file("read", path))?.len();
        last_lines(&opened, length, *left).map_err(read)?
    };
    *left -= found;
    Ok(start)
}

fn count_lines(reader: impl Read) -> io::Result<usize> {
    let mut reader = BufReader::new(reader);
    let mut count = 0;
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(count);
        }
        count += buffer.iter().filter(|&&byte| byte == b'\n').count();
        let length = buffer.len();
        reader.consume(length);
    }
}

fn skip_lines(reader: &mut impl BufRead, lines: u64) -> io::Result<()> {
    for _ in 0..lines {
        reader.skip_until(b'\n')?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
