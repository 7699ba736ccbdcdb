//! Headers and extensions, byte by byte; and [`Raw`], the builder that writes what no honest tool
//! would.

use super::entry::{Kind, Segment, Time};
use super::header::number;
use super::reader::Reader;
use super::writer::{END, Member, header, padding};

/// A member written without any check.
#[derive(Debug, Clone)]
pub(crate) struct Raw {
    pub(crate) name: Vec<u8>,
    pub(crate) flag: u8,
    pub(crate) link: String,
    pub(crate) data: Vec<u8>,
}

impl Raw {
    fn new(name: &str, flag: u8, link: &str, data: &[u8]) -> Self {
        Self {
            name: name.into(),
            flag,
            link: link.into(),
            data: data.to_vec(),
        }
    }

    pub(crate) fn file(name: &str, data: &[u8]) -> Self {
        Self::new(name, b'0', "", data)
    }

    pub(crate) fn dir(name: &str) -> Self {
        Self::new(name, b'5', "", b"")
    }

    pub(crate) fn symlink(name: &str, target: &str) -> Self {
        Self::new(name, b'2', target, b"")
    }

    pub(crate) fn link(name: &str, target: &str) -> Self {
        Self::new(name, b'1', target, b"")
    }

    /// An extended header for what follows.
    pub(crate) fn pax(records: &[(&str, &[u8])]) -> Vec<u8> {
        let mut data = Vec::new();
        for (key, value) in records {
            let bare = key.len() + value.len() + 3;
            let length = (bare..).find(|n| *n == bare + n.to_string().len()).unwrap();
            data.extend(format!("{length} {key}=").bytes());
            data.extend(*value);
            data.push(b'\n');
        }
        Self::new("pax", b'x', "", &data).bytes()
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (flag, text) in [(b'L', &self.name[..]), (b'K', self.link.as_bytes())] {
            if text.len() > 100 {
                out.extend(Self::new("long", flag, "", text).bytes());
            }
        }
        let size = self.data.len() as u64;
        let member = Member {
            name: "",
            size,
            mode: 0o644,
            mtime: 1_000,
            directory: false,
        };
        let mut block = header(&member);
        let end = self.name.len().min(100);
        block[..end].copy_from_slice(&self.name[..end]);
        let end = self.link.len().min(100);
        block[157..157 + end].copy_from_slice(&self.link.as_bytes()[..end]);
        block[156] = self.flag;
        out.extend(sealed(block));
        out.extend(&self.data);
        out.extend(padding(size));
        out
    }
}

/// The block with its checksum set right.
fn sealed(mut block: Vec<u8>) -> Vec<u8> {
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|b| u32::from(*b)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

/// A whole archive.
pub(crate) fn archive(entries: &[Raw]) -> Vec<u8> {
    let mut out: Vec<u8> = entries.iter().flat_map(Raw::bytes).collect();
    out.extend(END);
    out
}

fn names(bytes: &[u8]) -> Result<Vec<String>, String> {
    let mut reader = Reader::new(bytes);
    let mut names = Vec::new();
    while let Some(entry) = reader.next().map_err(|e| e.to_string())? {
        names.push(String::from_utf8_lossy(&entry.path).into_owned());
    }
    Ok(names)
}

#[test]
fn numbers() {
    let check = |bytes: &[u8], expected: Option<i64>| {
        assert_eq!(number(bytes, "size").ok(), expected, "{bytes:?}");
    };
    check(b"0000644\0", Some(0o644));
    check(b" 644 \0\0\0", Some(0o644));
    check(b"\0\0\0\0", Some(0));
    check(b"777777777777", Some(0o777_777_777_777));
    check(b"9", None);
    check(b"-1", None);
    check(&[0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0], Some(2 << 32));
    check(&[0xff; 12], Some(-1));
    check(
        &[
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
        ],
        Some(-2),
    );
    check(&[0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], None);
}

#[test]
fn what_we_write_we_read() {
    let long = "d/".repeat(120) + "f";
    let mut bytes = Vec::new();
    for (name, data) in [("a", &b"12345"[..]), (&long, b""), ("b", &[7; 512])] {
        let size = data.len() as u64;
        bytes.extend(header(&Member {
            name,
            size,
            mode: 0o444,
            mtime: 5,
            directory: false,
        }));
        bytes.extend(data);
        bytes.extend(padding(size));
    }
    bytes.extend(END);
    assert_eq!(names(&bytes).unwrap(), ["a", &long, "b"]);
    let huge = Member {
        name: "huge",
        size: 1 << 40,
        mode: 0,
        mtime: 0,
        directory: false,
    };
    let block = header(&huge);
    let entry = Reader::new(block.as_slice()).next().unwrap().unwrap();
    assert_eq!(entry.size, 1 << 40);
}

#[test]
fn pax_records_apply_to_one_entry() {
    let mut bytes = Raw::pax(&[
        ("path", b"renamed"),
        ("mtime", b"-1.5"),
        ("atime", b"12.25"),
        ("uid", b"3000000"),
        ("LIBARCHIVE.xattr.user.a%20b", b"aGk="),
        ("comment", b"ignored"),
    ]);
    bytes.extend(archive(&[Raw::file("x", b"1"), Raw::file("y", b"2")]));
    let mut reader = Reader::new(bytes.as_slice());
    let entry = reader.next().unwrap().unwrap();
    assert_eq!(
        (entry.path.as_slice(), entry.uid),
        (&b"renamed"[..], 3_000_000)
    );
    assert_eq!(
        entry.mtime,
        Time {
            seconds: -2,
            nanos: 500_000_000
        }
    );
    assert_eq!(
        entry.atime,
        Some(Time {
            seconds: 12,
            nanos: 250_000_000
        })
    );
    assert_eq!(entry.xattrs, [(b"user.a b".to_vec(), b"hi".to_vec())]);
    let entry = reader.next().unwrap().unwrap();
    assert_eq!(
        (entry.path.as_slice(), entry.uid, entry.xattrs.len()),
        (&b"y"[..], 0, 0)
    );
}

#[test]
fn global_records_apply_to_all() {
    let mut bytes = Raw::pax(&[("gid", b"44")]);
    bytes[156] = b'g';
    let head = sealed(bytes[..512].to_vec());
    bytes[..512].copy_from_slice(&head);
    bytes.extend(archive(&[Raw::file("x", b"1"), Raw::file("y", b"2")]));
    let mut reader = Reader::new(bytes.as_slice());
    for _ in 0..2 {
        assert_eq!(reader.next().unwrap().unwrap().gid, 44);
    }
}

#[test]
fn a_sparse_map_in_the_data() {
    let map = b"2\n0\n3\n100\n2\n";
    let mut data = map.to_vec();
    data.resize(512, 0);
    data.extend(b"abcde");
    let mut bytes = Raw::pax(&[
        ("GNU.sparse.major", b"1"),
        ("GNU.sparse.minor", b"0"),
        ("GNU.sparse.name", b"real"),
        ("GNU.sparse.realsize", b"1000"),
    ]);
    bytes.extend(archive(&[Raw::file("GNUSparseFile.0/real", &data)]));
    let mut reader = Reader::new(bytes.as_slice());
    let entry = reader.next().unwrap().unwrap();
    assert_eq!((entry.path.as_slice(), entry.size), (&b"real"[..], 1000));
    let expected = [
        Segment {
            offset: 0,
            length: 3,
        },
        Segment {
            offset: 100,
            length: 2,
        },
    ]
    .to_vec();
    assert_eq!(entry.sparse, Some(expected));
    assert_eq!(reader.data().unwrap(), b"abcde");
}

#[test]
fn kinds_and_odd_ends() {
    let kind = |raw: Raw| {
        Reader::new(archive(&[raw]).as_slice())
            .next()
            .unwrap()
            .unwrap()
            .kind
    };
    assert_eq!(kind(Raw::file("d/", b"")), Kind::Directory);
    assert_eq!(kind(Raw::new("x", 0, "", b"")), Kind::File);
    assert_eq!(kind(Raw::new("x", b'7', "", b"")), Kind::File);
    assert_eq!(kind(Raw::link("x", "y")), Kind::HardLink);
    // No end blocks, one, many, and bytes after them.
    let one = Raw::file("x", b"1").bytes();
    for end in [0, 512, 1024, 5120] {
        let bytes = [one.clone(), vec![0; end]].concat();
        assert_eq!(names(&bytes).unwrap(), ["x"], "{end}");
    }
    assert_eq!(
        names(&[archive(&[Raw::file("x", b"1")]), b"tail".to_vec()].concat()).unwrap(),
        ["x"]
    );
    assert_eq!(names(b"").unwrap(), [""; 0]);
}

#[test]
fn nonsense_is_refused() {
    let check = |bytes: &[u8], expected: &str| {
        let error = names(bytes).unwrap_err();
        assert!(error.contains(expected), "{error}");
    };
    let good = Raw::file("x", &[1; 600]).bytes();
    check(&good[..100], "truncated");
    check(&good[..700], "truncated");
    check(&[b'x'; 512], "checksum");
    let mut bent = good.clone();
    bent[0] = b'y';
    check(&bent, "wrong header checksum");
    check(
        &archive(&[Raw::new("x", b'Q', "", b"")]),
        "unknown entry type",
    );
    check(
        &Raw::pax(&[("path", b"a")]),
        "ends after an extended header",
    );
    let broken = |data: &[u8]| {
        [
            Raw::new("p", b'x', "", data).bytes(),
            archive(&[Raw::file("x", b"")]),
        ]
        .concat()
    };
    check(&broken(b"99 path=a\n"), "bad PAX record");
    check(&broken(b"9 path=a"), "bad PAX record");
    check(&broken(b"11 size=-1\n"), "bad number");
    check(&broken(b"12 mtime=x.\n"), "bad");
    check(
        &[good.clone(), vec![0; 512], good].concat(),
        "after a block of zeros",
    );
    let long = Raw::new("p", b'x', "", &vec![b'1'; 2 << 20]);
    check(&long.bytes(), "the extended header");
    let huge = [
        Raw::pax(&[("size", b"9223372036854775807")]),
        archive(&[Raw::file("x", b"")]),
    ]
    .concat();
    check(&huge, "size out of range");
}
