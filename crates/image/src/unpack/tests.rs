//! Extraction held against GNU tar: the same tree, whatever format it travelled in; and hostile
//! archives that must change nothing outside.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode, Timespec, Timestamps, XattrFlags, makedev};

use super::extract;
use crate::error::Error;
use crate::tar::tests::{Raw, archive};

/// Everything about a tree that tar carries: type, mode, owner, size, mtime, links, content, xattrs.
fn picture(root: &Path) -> BTreeMap<String, String> {
    let mut seen = BTreeMap::new();
    let mut first: BTreeMap<u64, String> = BTreeMap::new();
    let mut todo = vec![root.to_owned()];
    while let Some(dir) = todo.pop() {
        let mut names: Vec<_> = fs::read_dir(&dir)
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect();
        names.sort();
        for path in names {
            let meta = fs::symlink_metadata(&path).unwrap();
            let name = path
                .strip_prefix(root)
                .unwrap()
                .to_string_lossy()
                .into_owned();
            let mut words = format!(
                "{:o} {}:{} {}.{:09} {:x}",
                meta.mode(),
                meta.uid(),
                meta.gid(),
                meta.mtime(),
                meta.mtime_nsec(),
                meta.rdev(),
            );
            if meta.is_symlink() {
                words += &format!(" -> {}", fs::read_link(&path).unwrap().display());
            } else if meta.is_file() {
                let content = crate::hash::Hasher::of(&fs::read(&path).unwrap());
                words += &format!(" {} {}", meta.len(), content.short());
                if meta.nlink() > 1 {
                    let same = first.entry(meta.ino()).or_insert_with(|| name.clone());
                    words += &format!(" = {same}");
                }
            } else if meta.is_dir() {
                todo.push(path.clone());
            }
            for attribute in ["user.note", "security.capability", "trusted.overlay.opaque"] {
                let mut value = [0_u8; 64];
                if let Ok(size) = rustix::fs::lgetxattr(&path, attribute, &mut value) {
                    words += &format!(" {attribute}={:02x?}", &value[..size]);
                }
            }
            seen.insert(name, words);
        }
    }
    seen
}

fn unpack(bytes: &[u8], to: &Path) -> Result<super::Extracted, Error> {
    fs::create_dir_all(to).unwrap();
    extract(bytes, File::open(to).unwrap().into(), false).map(|(done, _)| done)
}

/// A tree with everything tar can carry.
fn build(root: &Path) {
    fs::create_dir_all(root.join("a/b")).unwrap();
    fs::write(root.join("a/b/plain"), "content").unwrap();
    fs::hard_link(root.join("a/b/plain"), root.join("hard")).unwrap();
    symlink("b/plain", root.join("a/soft")).unwrap();
    symlink("/absolute/nowhere", root.join("a/far")).unwrap();
    fs::write(root.join("setuid"), "x").unwrap();
    rustix::fs::chown(root.join("setuid"), uid(1000), gid(70_000)).unwrap();
    fs::set_permissions(root.join("setuid"), fs::Permissions::from_mode(0o6755)).unwrap();
    fs::create_dir(root.join("sticky")).unwrap();
    fs::set_permissions(root.join("sticky"), fs::Permissions::from_mode(0o1777)).unwrap();
    fs::create_dir(root.join("setgid")).unwrap();
    rustix::fs::chown(root.join("setgid"), None, gid(7)).unwrap();
    fs::set_permissions(root.join("setgid"), fs::Permissions::from_mode(0o2750)).unwrap();
    fs::write(root.join("setgid/child"), "y").unwrap();
    fs::create_dir(root.join("setgid/dir")).unwrap();
    rustix::fs::chown(root.join("setgid/child"), uid(0), gid(0)).unwrap();
    let long = format!("{}/{}", "d".repeat(150), "f".repeat(200));
    fs::create_dir(root.join("d".repeat(150))).unwrap();
    fs::write(root.join(&long), "long").unwrap();
    symlink("t".repeat(180), root.join("longlink")).unwrap();
    fs::write(root.join("caf\u{e9} \n"), "name").unwrap();
    let mode = Mode::from_raw_mode(0o640);
    let node = |name: &str, kind, device| {
        rustix::fs::mknodat(CWD, root.join(name), kind, mode, device).unwrap();
    };
    node("fifo", FileType::Fifo, 0);
    node("char", FileType::CharacterDevice, makedev(1, 3));
    node("block", FileType::BlockDevice, makedev(7, 300));
    let sparse = File::create(root.join("sparse")).unwrap();
    for at in [0_u64, 1 << 20, 5 << 20] {
        sparse.write_all_at(&vec![b'z'; 70_000], at).unwrap();
    }
    sparse.set_len(9 << 20).unwrap();
    let many = File::create(root.join("holes")).unwrap();
    for at in 0..40_u64 {
        many.write_all_at(b"x", at << 16).unwrap();
    }
    File::create(root.join("empty-sparse"))
        .unwrap()
        .set_len(8 << 20)
        .unwrap();
    File::create(root.join("big"))
        .unwrap()
        .write_all(&vec![7; 3 << 20])
        .unwrap();
    stamp(root);
}

fn uid(id: u32) -> Option<rustix::fs::Uid> {
    Some(rustix::fs::Uid::from_raw(id))
}

fn gid(id: u32) -> Option<rustix::fs::Gid> {
    Some(rustix::fs::Gid::from_raw(id))
}

/// Whole seconds, so that every format can carry them; directories last.
fn stamp(root: &Path) {
    let mut paths: Vec<_> = picture(root).into_keys().collect();
    paths.reverse();
    for (n, name) in paths.iter().enumerate() {
        let time = Timespec {
            tv_sec: 1_000_000_000 + i64::try_from(n).unwrap(),
            tv_nsec: 0,
        };
        let times = Timestamps {
            last_access: time,
            last_modification: time,
        };
        rustix::fs::utimensat(CWD, root.join(name), &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
    }
}

#[expect(clippy::disallowed_methods, reason = "GNU tar is the oracle")]
fn gnu_tar(root: &Path, options: &[&str]) -> Vec<u8> {
    let mut command = std::process::Command::new("tar");
    command
        .args(["--numeric-owner", "-C"])
        .arg(root)
        .args(options)
        .args(["-cf", "-", "."]);
    let done = command.output().expect("GNU tar is there");
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    done.stdout
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn every_format_gives_the_same_tree() {
    if !is_root() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    build(&source);
    let expected = picture(&source);
    for (n, options) in [
        &["--format=gnu"][..],
        &["--format=oldgnu"],
        &["--format=posix"],
        &["--format=gnu", "--sparse"],
        &["--format=posix", "--sparse", "--sparse-version=0.0"],
        &["--format=posix", "--sparse", "--sparse-version=0.1"],
        &["--format=posix", "--sparse", "--sparse-version=1.0"],
    ]
    .iter()
    .enumerate()
    {
        let bytes = gnu_tar(&source, options);
        let target = dir.path().join(format!("target{n}"));
        unpack(&bytes, &target).unwrap_or_else(|e| panic!("{options:?}: {e:?}"));
        let found = picture(&target);
        for (name, words) in &expected {
            assert_eq!(found.get(name), Some(words), "{options:?} {name:?}");
        }
        assert_eq!(found.len(), expected.len(), "{options:?}");
        if options.contains(&"--sparse") {
            let blocks = fs::metadata(target.join("sparse")).unwrap().blocks();
            assert!(blocks * 512 < 1 << 20, "{options:?}: {blocks} blocks");
        }
    }
}

#[test]
fn attributes_and_nanoseconds_travel_in_pax() {
    if !is_root() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    fs::create_dir_all(source.join("d")).unwrap();
    fs::write(source.join("ping"), "#!").unwrap();
    let flags = XattrFlags::empty();
    let capability = [
        1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    rustix::fs::setxattr(
        source.join("ping"),
        "security.capability",
        &capability,
        flags,
    )
    .unwrap();
    rustix::fs::setxattr(source.join("ping"), "user.note", b"a=b\n\0c", flags).unwrap();
    rustix::fs::setxattr(source.join("d"), "user.note", b"dir", flags).unwrap();
    fs::hard_link(source.join("ping"), source.join("pong")).unwrap();
    let time = Timespec {
        tv_sec: 1_234_567_890,
        tv_nsec: 987_654_321,
    };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    for name in ["ping", "d"] {
        rustix::fs::utimensat(CWD, source.join(name), &times, AtFlags::empty()).unwrap();
    }
    let options = ["--format=posix", "--xattrs", "--xattrs-include=*"];
    let target = dir.path().join("target");
    unpack(&gnu_tar(&source, &options), &target).unwrap();
    assert_eq!(picture(&target), picture(&source));
    assert!(picture(&target)["pong"].contains("security.capability"));
}

#[test]
fn whiteouts_take_overlayfs_form() {
    if !is_root() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let bytes = archive(&[
        Raw::file("a/.wh.gone", b""),
        Raw::file("b/.wh..wh..opq", b""),
        Raw::file("b/new", b"n"),
        Raw::file(".wh..wh.plnk", b""),
        Raw::file("c/.wh.again", b""),
        Raw::file("c/again", b"back"),
        Raw::file("e/there", b"stays"),
        Raw::file("e/.wh.there", b""),
    ]);
    let done = unpack(&bytes, dir.path()).unwrap();
    assert_eq!((done.size, done.flat), (10, true));
    let gone = fs::symlink_metadata(dir.path().join("a/gone")).unwrap();
    assert_eq!((gone.mode() & 0o170_000, gone.rdev()), (0o020_000, 0));
    assert!(picture(dir.path())["b"].contains("trusted.overlay.opaque=[79]"));
    assert_eq!(fs::read(dir.path().join("c/again")).unwrap(), b"back");
    assert_eq!(fs::read(dir.path().join("e/there")).unwrap(), b"stays");
    let names: Vec<_> = picture(dir.path())
        .into_keys()
        .filter(|n| n.contains(".wh."))
        .collect();
    assert!(names.is_empty(), "{names:?}");
}

#[test]
fn later_entries_replace_earlier_ones() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = archive(&[
        Raw::file("x", b"first"),
        Raw::file("x", b"2nd"),
        Raw::dir("y"),
        Raw::file("y/z/deep", b"1"),
        Raw::symlink("y", "x"),
        Raw::symlink("l", "target"),
        Raw::dir("target"),
        Raw::file("l/through", b"t"),
        Raw::file("l", b"now a file"),
        Raw::file("target/after", b"a"),
    ]);
    unpack(&bytes, dir.path()).unwrap();
    let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
    assert_eq!(read("x"), "2nd");
    assert_eq!(fs::read_link(dir.path().join("y")).unwrap(), Path::new("x"));
    assert_eq!(
        (read("target/through"), read("l"), read("target/after")),
        ("t".into(), "now a file".into(), "a".into())
    );
}

#[test]
fn mount_points_that_are_no_directories_are_noticed() {
    for (entry, flat) in [
        (Raw::symlink("etc", "usr/etc"), false),
        (Raw::file("proc", b""), false),
        (Raw::dir("dev"), true),
        (Raw::symlink("usr/etc", "x"), true),
    ] {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(unpack(&archive(&[entry]), dir.path()).unwrap().flat, flat);
    }
}

/// Attempts to reach the directory `far` from a sibling of it called `outside`.
fn ways_out(far: &str) -> Vec<(&'static str, Vec<Raw>)> {
    vec![
        ("dots", vec![Raw::file("../outside/new", b"x")]),
        ("dots within", vec![Raw::file("a/../../outside/new", b"x")]),
        ("absolute", vec![Raw::file(&format!("{far}/new"), b"x")]),
        (
            "symlink dir",
            vec![Raw::symlink("l", far), Raw::file("l/new", b"x")],
        ),
        (
            "symlink up",
            vec![Raw::symlink("l", "../outside"), Raw::file("l/new", b"x")],
        ),
        (
            "symlink file",
            vec![
                Raw::symlink("l", &format!("{far}/victim")),
                Raw::file("l", b"x"),
            ],
        ),
        (
            "two symlinks",
            vec![
                Raw::symlink("a", ".."),
                Raw::symlink("b", "a/outside"),
                Raw::file("b/new", b"x"),
            ],
        ),
        (
            "hard link",
            vec![Raw::link("h", "../outside/victim"), Raw::file("h", b"x")],
        ),
        (
            "hard link far",
            vec![Raw::link("h", &format!("{far}/victim"))],
        ),
        (
            "hard link by symlink",
            vec![Raw::symlink("l", far), Raw::link("h", "l/victim")],
        ),
        (
            "whiteout",
            vec![Raw::symlink("l", far), Raw::file("l/.wh.victim", b"")],
        ),
        (
            "opaque",
            vec![Raw::symlink("l", far), Raw::file("l/.wh..wh..opq", b"")],
        ),
        ("whiteout of dots", vec![Raw::file("a/.wh...", b"")]),
        (
            "dir over symlink",
            vec![
                Raw::symlink("l", far),
                Raw::dir("l"),
                Raw::file("l/new", b"x"),
            ],
        ),
        (
            "proc",
            vec![
                Raw::symlink("p", "/proc/self/root"),
                Raw::file(&format!("p{far}/new"), b"x"),
            ],
        ),
        (
            "mode by link",
            vec![
                Raw::symlink("l", &format!("{far}/victim")),
                Raw::link("h", "l"),
            ],
        ),
    ]
}

#[test]
fn nothing_leaves_the_directory() {
    let dir = tempfile::tempdir().unwrap();
    let outside = dir.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("victim"), "unharmed").unwrap();
    let far = outside.to_string_lossy().into_owned();
    let before = picture(&outside);
    let cases = ways_out(&far);
    for (what, entries) in cases {
        let root = dir.path().join("root");
        // Clear refusal or kept inside: never a change outside.
        let result = unpack(&archive(&entries), &root);
        assert_eq!(picture(&outside), before, "{what}");
        assert_eq!(
            fs::read_dir(dir.path()).unwrap().count(),
            2,
            "{what}: {result:?}"
        );
        fs::remove_dir_all(&root).unwrap();
    }
}

#[test]
fn marks_of_overlayfs_are_not_taken_from_archives() {
    if !is_root() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = Raw::pax(&[
        ("SCHILY.xattr.trusted.overlay.opaque", b"y"),
        ("SCHILY.xattr.trusted.overlay.redirect", b"/etc"),
        ("SCHILY.xattr.user.note", b"kept"),
    ]);
    bytes.extend(archive(&[Raw::dir("d")]));
    unpack(&bytes, dir.path()).unwrap();
    let words = &picture(dir.path())["d"];
    assert!(
        words.contains("user.note") && !words.contains("overlay"),
        "{words}"
    );
}

#[test]
fn errors_name_the_member() {
    let dir = tempfile::tempdir().unwrap();
    let check = |entries: &[Raw], member: &str, cause: &str| {
        let error = unpack(&archive(entries), dir.path()).unwrap_err();
        let mut text = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            text += &format!(" | {cause}");
            source = cause.source();
        }
        assert!(text.contains(member) && text.contains(cause), "{text}");
    };
    check(&[Raw::file("../x", b"")], "unpack ../x", "leads outside");
    check(&[Raw::link("h", "missing")], "unpack h", "No such file");
    check(&[Raw::link("h", ".")], "unpack h", "hard link to the root");
    check(
        &[Raw::file("f", b""), Raw::file("f/below", b"")],
        "unpack f/below",
        "parent directory",
    );
    check(
        &[Raw::file(&"n".repeat(300), b"")],
        "unpack n",
        "File name too long",
    );
    check(&[Raw::file(".", b"")], "unpack .", "replaces the root");
}

/// What docker does with names is told by bytes, not by UTF-8.
#[test]
fn names_are_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let mut raw = Raw::file("x", b"1");
    raw.name = vec![b'n', 0xff, 0xfe];
    unpack(&archive(&[raw]), dir.path()).unwrap();
    let name = fs::read_dir(dir.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .file_name();
    assert_eq!(name.as_bytes(), [b'n', 0xff, 0xfe]);
}
