//! Archives: the whole way from bytes to an image in a store.
//!
//! Leaves the bending to `mutate`. Invariant: whatever an archive says, nothing appears beside the
//! store it was loaded into.

use hull_image::load::{LoadOptions, LoadSource, load};
use hull_image::store::Store;
use hull_state::Ledger;
use hull_test::archive::{Entry, Kind, docker_archive, pax, tar};

/// A name that hostile seeds try to write outside the store.
const ESCAPED: &str = "hull-fuzz-escaped";

/// Words of the format.
pub const WORDS: &[&str] = &[
    "../",
    "/",
    "./",
    "..",
    ".wh.",
    ".wh..wh..opq",
    "manifest.json",
    "RepoTags",
    "ustar\x0000",
    "ustar  \0",
    "\x31",
    "\x32",
    "L",
    "x",
    "g",
    "S",
    "17 path=../a/b/c\n",
    "GNU.sparse.map=",
    "GNU.sparse.major=1",
    "size=99999999999",
    "SCHILY.xattr.trusted.overlay.opaque=y",
];

/// Layers to begin with: every kind of entry, and every known way out.
pub fn layers() -> Vec<Vec<u8>> {
    let up = format!("../../../../../../{ESCAPED}");
    let long = pax(&[
        ("path", "d/".repeat(200).as_bytes()),
        ("SCHILY.xattr.user.a", b"b"),
    ]);
    let sparse = pax(&[
        ("GNU.sparse.major", b"1"),
        ("GNU.sparse.minor", b"0"),
        ("GNU.sparse.name", b"holes"),
        ("GNU.sparse.realsize", b"100000"),
    ]);
    vec![
        tar(&[
            Entry::dir("a/"),
            Entry::file("a/b", b"content").mode(0o4755),
            Entry::hardlink("a/c", "a/b"),
            Entry::symlink("a/l", "b"),
            Entry {
                kind: Kind::Char(1, 3),
                ..Entry::file("null", b"")
            },
            Entry {
                kind: Kind::Fifo,
                ..Entry::file("pipe", b"")
            },
            Entry::file("a/.wh.b", b""),
            Entry::file("a/.wh..wh..opq", b""),
        ]),
        tar(&[
            Entry {
                kind: Kind::Pax,
                ..Entry::file("x", &long)
            },
            Entry::file("short", b"1"),
            Entry {
                kind: Kind::Pax,
                ..Entry::file("x", &sparse)
            },
            Entry::file("sparse", b"1\n0\n3\nabc"),
        ]),
        tar(&[
            Entry::symlink("out", "../../../../../.."),
            Entry::file(&format!("out/{ESCAPED}"), b"x"),
            Entry::file(&up, b"x"),
            Entry::hardlink("passwd", "/etc/passwd"),
            Entry::file(&format!("/tmp/{ESCAPED}"), b"x"),
        ]),
    ]
}

/// Archives to begin with.
pub fn archives() -> Vec<Vec<u8>> {
    let config = serde_json::json!({"Cmd": ["x"], "Env": ["A=b"]});
    let small = tar(&[Entry::file("a", b"b")]);
    vec![
        docker_archive("a:1", &config, std::slice::from_ref(&small)),
        docker_archive("b:2", &config, &[small.clone(), small]),
    ]
}

/// Mends the checksum of everything that looks like a header.
pub fn repair(bytes: &mut [u8]) {
    for block in bytes.chunks_exact_mut(512) {
        if block[257..].starts_with(b"ustar") {
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
    }
}

/// Loads a layer wrapped into an archive whose digests fit.
pub fn layer(bytes: &[u8]) -> String {
    archive(&docker_archive(
        "a:1",
        &serde_json::json!({}),
        &[bytes.to_vec()],
    ))
}

/// Loads an archive into a store of its own and looks around.
pub fn archive(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir_in("/dev/shm").expect("a directory in memory");
    let root = folder.path().join("one/two/root");
    std::fs::create_dir_all(&root).expect("the root");
    let ledger = Ledger::open(root.join("state.db"));
    let store = Store::new(&root, &ledger, false);
    let options = LoadOptions {
        platform: None,
        now: 1,
        progress: &|_| {},
    };
    let path = folder.path().join("one/two/archive.tar");
    std::fs::write(&path, bytes).expect("the archive");
    let file = std::fs::File::open(&path).expect("the archive");
    std::fs::remove_file(&path).expect("the archive");
    let outcome = load(
        &store,
        LoadSource::File(file, "archive.tar".into()),
        options,
    );
    let outside = [
        folder.path().to_owned(),
        folder.path().join("one"),
        folder.path().join("one/two"),
    ];
    for place in outside {
        let count = std::fs::read_dir(&place).expect("a directory").count();
        assert_eq!(count, 1, "something was written into {}", place.display());
    }
    for place in ["/", "/tmp", "/dev/shm", "/dev"] {
        let escaped = std::path::Path::new(place).join(ESCAPED);
        assert!(
            !escaped.exists(),
            "something was written to {}",
            escaped.display()
        );
    }
    match outcome {
        Ok(loaded) => format!("loaded {}", loaded.len()),
        Err(error) => crate::targets::shape(&format!("{error:?}")),
    }
}
