//! Messages of D-Bus as bytes, little-endian (D-Bus specification, "Message Protocol").
//!
//! Pure. Invariant: every value is aligned by its type from the start of its header or body, and
//! reading never goes beyond the bytes there are.

use std::io;

/// The kinds of messages we meet.
pub(super) const METHOD_CALL: u8 = 1;
pub(super) const METHOD_RETURN: u8 = 2;
pub(super) const ERROR: u8 = 3;
pub(super) const SIGNAL: u8 = 4;

/// Codes of header fields.
const PATH: u8 = 1;
const INTERFACE: u8 = 2;
const MEMBER: u8 = 3;
const ERROR_NAME: u8 = 4;
const REPLY_SERIAL: u8 = 5;
const DESTINATION: u8 = 6;
const SIGNATURE: u8 = 8;

/// More than any message of systemd's manager, less than the 128 MiB the protocol allows.
const MOST: usize = 1 << 20;

/// A value inside a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// `b`
    Bool(bool),
    /// `t`
    Number(u64),
    /// `s`
    Text(String),
    /// `au`
    Pids(Vec<u32>),
    /// `ay`
    Bytes(Vec<u8>),
}

/// A method call to be sent.
#[derive(Debug, Default)]
pub(crate) struct Call {
    pub(super) destination: &'static str,
    pub(super) path: &'static str,
    pub(super) interface: &'static str,
    pub(super) member: &'static str,
    signature: String,
    body: Vec<u8>,
}

impl Call {
    /// A call of `interface.member` on the object `path` of `destination`.
    pub(crate) fn new(
        destination: &'static str,
        path: &'static str,
        interface: &'static str,
        member: &'static str,
    ) -> Self {
        Self {
            destination,
            path,
            interface,
            member,
            ..Self::default()
        }
    }

    /// Adds a text argument.
    pub(crate) fn text(mut self, text: &str) -> Self {
        self.signature.push('s');
        put_text(&mut self.body, text);
        self
    }

    /// Adds a truth value.
    pub(crate) fn flag(mut self, flag: bool) -> Self {
        self.signature.push('b');
        put_u32(&mut self.body, flag.into());
        self
    }

    /// Adds a list of named values, `a(sv)`.
    pub(crate) fn properties(mut self, list: &[(&str, Value)]) -> Self {
        self.signature.push_str("a(sv)");
        put_array(&mut self.body, 8, |out| {
            for (name, value) in list {
                align(out, 8);
                put_text(out, name);
                put_variant(out, value);
            }
        });
        self
    }

    /// Adds the empty list of auxiliary units that `StartTransientUnit` wants, `a(sa(sv))`.
    pub(crate) fn no_units(mut self) -> Self {
        self.signature.push_str("a(sa(sv))");
        put_array(&mut self.body, 8, |_| {});
        self
    }

    /// The message as bytes.
    pub(super) fn encode(&self, serial: u32) -> Vec<u8> {
        let mut out = vec![b'l', METHOD_CALL, 0, 1];
        put_u32(&mut out, length(self.body.len()));
        put_u32(&mut out, serial);
        put_array(&mut out, 8, |out| {
            let mut field = |code: u8, kind: &str, text: &str| {
                align(out, 8);
                out.push(code);
                put_signature(out, kind);
                if kind == "g" {
                    put_signature(out, text)
                } else {
                    put_text(out, text)
                }
            };
            field(PATH, "o", self.path);
            if !self.destination.is_empty() {
                field(DESTINATION, "s", self.destination);
            }
            field(INTERFACE, "s", self.interface);
            field(MEMBER, "s", self.member);
            if !self.signature.is_empty() {
                field(SIGNATURE, "g", &self.signature);
            }
        });
        align(&mut out, 8);
        out.extend(&self.body);
        out
    }
}

fn length(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn align(out: &mut Vec<u8>, to: usize) {
    out.resize(out.len().next_multiple_of(to), 0);
}

fn put_u32(out: &mut Vec<u8>, number: u32) {
    align(out, 4);
    out.extend(number.to_le_bytes());
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_u32(out, length(text.len()));
    out.extend(text.as_bytes());
    out.push(0);
}

fn put_signature(out: &mut Vec<u8>, text: &str) {
    out.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
    out.extend(text.as_bytes());
    out.push(0);
}

/// An array of elements aligned to `to`; the padding before the first does not count as content.
fn put_array(out: &mut Vec<u8>, to: usize, content: impl FnOnce(&mut Vec<u8>)) {
    put_u32(out, 0);
    let place = out.len() - 4;
    align(out, to);
    let start = out.len();
    content(out);
    let size = length(out.len() - start).to_le_bytes();
    out.iter_mut()
        .skip(place)
        .zip(size)
        .for_each(|(byte, part)| *byte = part);
}

fn put_variant(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Bool(flag) => {
            put_signature(out, "b");
            put_u32(out, (*flag).into());
        }
        Value::Number(number) => {
            put_signature(out, "t");
            align(out, 8);
            out.extend(number.to_le_bytes());
        }
        Value::Text(text) => {
            put_signature(out, "s");
            put_text(out, text);
        }
        Value::Pids(list) => {
            put_signature(out, "au");
            put_array(out, 4, |out| list.iter().for_each(|&pid| put_u32(out, pid)));
        }
        Value::Bytes(list) => {
            put_signature(out, "ay");
            put_array(out, 1, |out| out.extend(list));
        }
    }
}

/// A received message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Message {
    pub(super) kind: u8,
    pub(super) reply_to: u32,
    pub(super) member: String,
    pub(super) error: String,
    pub(super) body: Vec<u8>,
}

/// The length of the part of a message that tells how long it is.
pub(super) const PREFIX: usize = 16;

/// How many bytes follow a message's prefix.
pub(super) fn rest_of(prefix: &[u8; PREFIX]) -> io::Result<usize> {
    if prefix.first() != Some(&b'l') {
        return Err(nonsense());
    }
    let mut reader = Reader::at(prefix, 4);
    let body = reader.u32()?;
    reader.u32()?;
    let fields = reader.u32()?;
    let sizes = usize::try_from(body).ok().zip(usize::try_from(fields).ok());
    let (body, fields) = sizes.ok_or_else(nonsense)?;
    let total = fields
        .next_multiple_of(8)
        .checked_add(body)
        .ok_or_else(nonsense)?;
    if total > MOST {
        Err(nonsense())
    } else {
        Ok(total)
    }
}

/// Reads a message, prefix included.
pub(super) fn decode(bytes: &[u8]) -> io::Result<Message> {
    let kind = bytes.get(1).copied().ok_or_else(nonsense)?;
    let mut message = Message {
        kind,
        ..Message::default()
    };
    let mut reader = Reader::at(bytes, 12);
    let fields = usize::try_from(reader.u32()?).map_err(|_| nonsense())?;
    let end = reader.at.checked_add(fields).ok_or_else(nonsense)?;
    while reader.at < end {
        reader.align(8);
        let code = reader.byte()?;
        let signature = reader.signature()?;
        match (code, signature.as_str()) {
            (REPLY_SERIAL, "u") => message.reply_to = reader.u32()?,
            (MEMBER, "s") => message.member = reader.text()?,
            (ERROR_NAME, "s") => message.error = reader.text()?,
            (_, "s" | "o") => drop(reader.text()?),
            (_, "g") => drop(reader.signature()?),
            (_, "u") => drop(reader.u32()?),
            _ => return Err(nonsense()),
        }
    }
    reader.align(8);
    message.body = bytes.get(reader.at..).ok_or_else(nonsense)?.to_vec();
    Ok(message)
}

/// Takes values from bytes.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// From the start of a body.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self::at(bytes, 0)
    }

    fn at(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    fn align(&mut self, to: usize) {
        self.at = self.at.next_multiple_of(to);
    }

    fn take(&mut self, count: usize) -> io::Result<&'a [u8]> {
        let end = self.at.checked_add(count).ok_or_else(nonsense)?;
        let taken = self.bytes.get(self.at..end).ok_or_else(nonsense)?;
        self.at = end;
        Ok(taken)
    }

    fn byte(&mut self) -> io::Result<u8> {
        self.take(1)?.first().copied().ok_or_else(nonsense)
    }

    /// A number.
    pub(crate) fn u32(&mut self) -> io::Result<u32> {
        self.align(4);
        let bytes = self.take(4)?.first_chunk::<4>().ok_or_else(nonsense)?;
        Ok(u32::from_le_bytes(*bytes))
    }

    /// A text or an object's path.
    pub(crate) fn text(&mut self) -> io::Result<String> {
        let size = usize::try_from(self.u32()?).map_err(|_| nonsense())?;
        let text = String::from_utf8(self.take(size)?.to_vec()).map_err(|_| nonsense())?;
        self.take(1)?;
        Ok(text)
    }

    fn signature(&mut self) -> io::Result<String> {
        let size = usize::from(self.byte()?);
        let text = String::from_utf8(self.take(size)?.to_vec()).map_err(|_| nonsense())?;
        self.take(1)?;
        Ok(text)
    }
}

fn nonsense() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "malformed message")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes of a call as another implementation writes them.
    #[test]
    fn a_call_byte_by_byte() {
        let call = Call::new("org.freedesktop.DBus", "/", "a.b", "Hello").text("x");
        let expected: &[u8] = b"l\x01\0\x01\x06\0\0\0\x01\0\0\0\x57\0\0\0\
            \x01\x01o\0\x01\0\0\0/\0\0\0\0\0\0\0\
            \x06\x01s\0\x14\0\0\0org.freedesktop.DBus\0\0\0\0\
            \x02\x01s\0\x03\0\0\0a.b\0\0\0\0\0\
            \x03\x01s\0\x05\0\0\0Hello\0\0\0\
            \x08\x01g\0\x01s\0\0\
            \x01\0\0\0x\0";
        assert_eq!(call.encode(1), expected);
        let (prefix, rest) = expected.split_first_chunk::<PREFIX>().unwrap();
        assert_eq!(rest_of(prefix).unwrap(), rest.len());
        let message = decode(expected).unwrap();
        assert_eq!(
            (message.kind, message.member.as_str()),
            (METHOD_CALL, "Hello")
        );
        assert_eq!(Reader::new(&message.body).text().unwrap(), "x");
    }

    #[test]
    fn values_are_aligned() {
        let list = [("A", Value::Number(1)), ("B", Value::Pids(vec![7]))];
        let call = Call::new("", "/", "a.b", "C").properties(&list).flag(true);
        let expected: &[u8] = b"\x2c\0\0\0\0\0\0\0\
            \x01\0\0\0A\0\x01t\0\0\0\0\0\0\0\0\
            \x01\0\0\0\0\0\0\0\
            \x01\0\0\0B\0\x02au\0\0\0\x04\0\0\0\x07\0\0\0\
            \x01\0\0\0";
        assert_eq!(call.body, expected);
        assert_eq!(call.signature, "a(sv)b");
    }

    #[test]
    fn nonsense_is_an_error() {
        let good = Call::new("d", "/", "a.b", "C").text("xyz").encode(9);
        for cut in 0..good.len() {
            drop(decode(&good[..cut]));
            let mut bent = good.clone();
            bent[cut] ^= 0xff;
            drop(decode(&bent));
        }
        assert!(rest_of(b"l\x01\0\x01\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff").is_err());
        assert!(rest_of(b"B\x01\0\x01\0\0\0\0\0\0\0\0\0\0\0\0").is_err());
    }
}
