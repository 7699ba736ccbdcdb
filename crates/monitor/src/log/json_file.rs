//! Docker's json-file: one JSON object per message, `{"log","stream","attrs","time"}`.
//!
//! Leaves cutting into messages to `lines` and bounds to `rotate`. Invariant: the file holds whole
//! lines only; a write that failed half-way is cut off again.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

use crate::clock::write_rfc3339;
use crate::protocol::{LogPlan, Stream};

use super::lines::{Lines, Message};
use super::rotate::Rotation;

/// A log being written.
#[derive(Debug)]
pub(crate) struct JsonFile {
    path: PathBuf,
    rotation: Rotation,
    /// `"attrs":{…},` or nothing, the same on every line.
    attrs: Vec<u8>,
    file: Option<File>,
    size: u64,
    stdout: Lines,
    stderr: Lines,
    dropped: u64,
}

impl JsonFile {
    /// The log `plan` asks for, `None` for no log. Nothing is opened yet.
    pub(crate) fn new(plan: &LogPlan) -> Option<Self> {
        let LogPlan::JsonFile {
            path,
            max_size,
            max_file,
            compress,
            attrs,
        } = plan
        else {
            return None;
        };
        Some(Self {
            path: path.clone(),
            rotation: Rotation {
                max_size: *max_size,
                max_file: *max_file,
                compress: *compress,
            },
            attrs: attrs_json(attrs),
            file: None,
            size: 0,
            stdout: Lines::default(),
            stderr: Lines::default(),
            dropped: 0,
        })
    }

    /// Lines lost because they could not be written.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Takes what `stream` said at `now`.
    pub(crate) fn push(&mut self, stream: Stream, bytes: &[u8], now: u64) {
        let mut batch = Batch::default();
        let attrs = std::mem::take(&mut self.attrs);
        self.lines(stream).push(bytes, now, &mut |message| {
            batch.add(&message, stream, &attrs)
        });
        self.attrs = attrs;
        self.write(&batch);
    }

    /// Takes the end of both streams.
    pub(crate) fn finish(&mut self, now: u64) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let mut batch = Batch::default();
            let attrs = std::mem::take(&mut self.attrs);
            self.lines(stream)
                .finish(now, &mut |message| batch.add(&message, stream, &attrs));
            self.attrs = attrs;
            self.write(&batch);
        }
    }

    fn lines(&mut self, stream: Stream) -> &mut Lines {
        match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        }
    }

    /// Writes a batch in as few calls as rotation allows.
    fn write(&mut self, batch: &Batch) {
        let mut start = 0;
        while start < batch.text.len() {
            let part = match self.make_room() {
                Ok(room) => batch.part(start, room),
                Err(_) => return self.drop_lines(batch.count_from(start)),
            };
            let bytes = batch.text.get(start..part).unwrap_or_default();
            if self.append(bytes).is_err() {
                return self.drop_lines(batch.count_from(start));
            }
            start = part;
        }
    }

    fn drop_lines(&mut self, count: u64) {
        self.dropped = self.dropped.saturating_add(count);
    }

    /// Opens or rotates the file; the result is how many bytes may be written before it must be
    /// looked at again (`None`: any number).
    fn make_room(&mut self) -> io::Result<Option<u64>> {
        if self.file.is_none() {
            let file = open(&self.path)?;
            self.size = file.metadata()?.len();
            self.file = Some(file);
        }
        if self.rotation.max_size.is_some_and(|most| self.size >= most) {
            self.file = None;
            self.rotation.rotate(&self.path)?;
            self.file = Some(open(&self.path)?);
            self.size = 0;
        }
        Ok(self
            .rotation
            .max_size
            .map(|most| most.saturating_sub(self.size)))
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(file) = self.file.as_mut() else {
            return Ok(());
        };
        if let Err(cause) = file.write_all(bytes) {
            // Cut off what was written of it; when even that fails, a reader skips the torn line.
            file.set_len(self.size).ok();
            return Err(cause);
        }
        self.size += u64::try_from(bytes.len()).unwrap_or_default();
        Ok(())
    }
}

fn open(path: &std::path::Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o640)
        .open(path)
}

/// Lines ready to be written.
#[derive(Debug, Default)]
struct Batch {
    text: Vec<u8>,
    /// Where each line ends.
    ends: Vec<usize>,
}

impl Batch {
    fn add(&mut self, message: &Message<'_>, stream: Stream, attrs: &[u8]) {
        write_line(&mut self.text, message, stream, attrs);
        self.ends.push(self.text.len());
    }

    /// End of the lines from `start` on that may be written with `room` bytes left: as docker does,
    /// a line is begun when there is room for one byte of it.
    fn part(&self, start: usize, room: Option<u64>) -> usize {
        let Some(room) = room else {
            return self.text.len();
        };
        let room = usize::try_from(room).unwrap_or(usize::MAX).max(1);
        let wall = start.saturating_add(room);
        let last = self.ends.iter().find(|&&end| end >= wall);
        last.copied().unwrap_or(self.text.len())
    }

    fn count_from(&self, start: usize) -> u64 {
        let count = self.ends.iter().filter(|&&end| end > start).count();
        u64::try_from(count).unwrap_or_default()
    }
}

fn write_line(out: &mut Vec<u8>, message: &Message<'_>, stream: Stream, attrs: &[u8]) {
    out.extend_from_slice(b"{\"log\":");
    write_string(out, message.bytes);
    out.extend_from_slice(b",\"stream\":\"");
    out.extend_from_slice(stream.name().as_bytes());
    out.extend_from_slice(b"\",");
    out.extend_from_slice(attrs);
    out.extend_from_slice(b"\"time\":\"");
    write_rfc3339(out, message.time);
    out.extend_from_slice(b"\"}\n");
}

fn attrs_json(attrs: &BTreeMap<String, String>) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in attrs {
        out.extend_from_slice(if out.is_empty() { b"\"attrs\":{" } else { b"," });
        write_string(&mut out, name.as_bytes());
        out.push(b':');
        write_string(&mut out, value.as_bytes());
    }
    if !out.is_empty() {
        out.extend_from_slice(b"},");
    }
    out
}

/// Appends `bytes` as a JSON string the way Go does: `<`, `>`, `&` and the line separators are escaped,
/// each byte that is no UTF-8 becomes the replacement character.
fn write_string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    for chunk in bytes.utf8_chunks() {
        write_text(out, chunk.valid());
        for _ in chunk.invalid() {
            out.extend_from_slice(b"\\ufffd");
        }
    }
    out.push(b'"');
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    let special =
        |byte: u8| byte < 0x20 || matches!(byte, b'"' | b'\\' | b'<' | b'>' | b'&' | 0xe2);
    let mut left = text;
    while let Some(at) = left.bytes().position(special) {
        let (plain, rest) = left.split_at(at);
        out.extend_from_slice(plain.as_bytes());
        let mut characters = rest.chars();
        match characters.next() {
            Some('\n') => out.extend_from_slice(b"\\n"),
            Some('\r') => out.extend_from_slice(b"\\r"),
            Some('\t') => out.extend_from_slice(b"\\t"),
            Some(c @ ('"' | '\\')) => out.extend([b'\\', u8::try_from(c).unwrap_or_default()]),
            Some(c) if u32::from(c) < 0x40 || matches!(c, '\u{2028}' | '\u{2029}') => {
                out.extend_from_slice(format!("\\u{:04x}", u32::from(c)).as_bytes());
            }
            Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            None => {}
        }
        left = characters.as_str();
    }
    out.extend_from_slice(left.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(path: PathBuf) -> LogPlan {
        LogPlan::JsonFile {
            path,
            max_size: None,
            max_file: 1,
            compress: false,
            attrs: BTreeMap::new(),
        }
    }

    #[test]
    fn a_string_is_escaped_as_go_escapes_it() {
        let lines: [(&[u8], &str); 7] = [
            (b"plain\n", r#""plain\n""#),
            (b"a\"b\\c\r\t", r#""a\"b\\c\r\t""#),
            (b"<b>&\x01\x1f", r#""\u003cb\u003e\u0026\u0001\u001f""#),
            (b"\x7f", "\"\x7f\""),
            (
                "héé\u{2028}→\u{10348}".as_bytes(),
                "\"héé\\u2028→\u{10348}\"",
            ),
            (b"a\xff\xfeb", r#""a\ufffd\ufffdb""#),
            (b"\xe2\x82", r#""\ufffd\ufffd""#),
        ];
        for (bytes, expected) in lines {
            let mut out = Vec::new();
            write_string(&mut out, bytes);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn a_log_is_created_at_its_first_line_and_ends_with_what_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let mut log = JsonFile::new(&plan(path.clone())).unwrap();
        log.push(Stream::Stdout, b"no line yet", 0);
        assert!(!path.exists());
        log.push(Stream::Stderr, b"warn\n", 1_000_000_000);
        log.finish(2_500_000_000);
        let expected = concat!(
            "{\"log\":\"warn\\n\",\"stream\":\"stderr\",\"time\":\"1970-01-01T00:00:01Z\"}\n",
            "{\"log\":\"no line yet\",\"stream\":\"stdout\",\"time\":\"1970-01-01T00:00:02.5Z\"}\n",
        );
        assert_eq!(std::fs::read_to_string(path).unwrap(), expected);
    }

    #[test]
    fn attrs_stand_between_stream_and_time() {
        let attrs = BTreeMap::from([("tag".into(), "<web>".into()), ("b".into(), "1".into())]);
        assert_eq!(
            String::from_utf8(attrs_json(&attrs)).unwrap(),
            r#""attrs":{"b":"1","tag":"\u003cweb\u003e"},"#
        );
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted() {
        let mut log = JsonFile::new(&plan("/nonexistent/log".into())).unwrap();
        log.push(Stream::Stdout, b"a\nb\n", 0);
        log.push(Stream::Stdout, b"c\n", 0);
        assert_eq!(log.dropped(), 3);
        // /dev/full accepts the open and refuses every write.
        let mut log = JsonFile::new(&plan("/dev/full".into())).unwrap();
        log.push(Stream::Stdout, b"a\nb\n", 0);
        assert_eq!(log.dropped(), 2);
    }

    #[test]
    fn a_full_file_is_rotated_before_the_next_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let mut log = JsonFile::new(&LogPlan::JsonFile {
            path: path.clone(),
            max_size: Some(120),
            max_file: 3,
            compress: false,
            attrs: BTreeMap::new(),
        })
        .unwrap();
        let text: String = (0..10).map(|n| format!("line {n}\n")).collect();
        log.push(Stream::Stdout, text.as_bytes(), 0);
        let count = |name: &str| {
            std::fs::read_to_string(dir.path().join(name))
                .unwrap()
                .lines()
                .count()
        };
        assert_eq!((count("log"), count("log.1"), count("log.2")), (2, 2, 2));
        assert!(!dir.path().join("log.3").exists());
        assert_eq!(log.dropped(), 0);
    }
}
