//! `load`, `save`, `import`, `tag`, `rmi`, `images`, `history`: archives in, archives out, and the
//! evil ones refused.

use std::path::Path;

use hull_test::archive::{Entry, Kind, docker_archive, pax, tar};
use hull_test::{Env, images, require};
use serde_json::json;

/// Loads an image `evil:latest` with this layer and answers what the engine said.
fn load(env: &Env, layer: &[Entry<'_>]) -> hull_test::Done {
    let archive = docker_archive("evil:latest", &json!({"Cmd": ["sh"]}), &[tar(layer)]);
    env.feed(["load"], &archive)
}

#[test]
fn load_says_what_it_loaded() {
    require!();
    let env = Env::empty();
    let path = images::busybox().to_string_lossy().into_owned();
    env.hull(["load", "-i", &path])
        .exits(0)
        .says("Loaded image: busybox:latest");
    let archive = std::fs::read(images::busybox()).expect("the archive");
    env.feed(["load"], &archive)
        .exits(0)
        .says("Loaded image: busybox:latest");
    assert_eq!(
        env.hull(["images", "--format", "{{.Repository}}:{{.Tag}}"])
            .ok(),
        "busybox:latest"
    );
}

#[test]
fn load_reads_gzip_and_zstd() {
    require!();
    let archive = images::busybox().to_string_lossy().into_owned();
    for tool in ["gzip", "zstd"] {
        if hull_test::requires::program(tool).is_none() {
            hull_test::requires::note_skip(
                "images::load_reads_gzip_and_zstd",
                &format!("no {tool}"),
            );
            continue;
        }
        let packed = std::process::Command::new(tool)
            .args(["-c", &archive])
            .output()
            .expect(tool);
        let env = Env::empty();
        env.feed(["load"], &packed.stdout)
            .exits(0)
            .says("busybox:latest");
        env.sh("run --rm --network none busybox true").exits(0);
    }
}

#[test]
fn save_and_load_give_the_same_image() {
    require!();
    let (one, two) = (Env::busybox(), Env::empty());
    let id = one.hull(["images", "-q", "--no-trunc"]).ok();
    let path = one.path("saved.tar").to_string_lossy().into_owned();
    one.hull(["save", "-o", &path, "busybox"]).exits(0);
    two.hull(["load", "-i", &path])
        .exits(0)
        .says("busybox:latest");
    assert_eq!(two.hull(["images", "-q", "--no-trunc"]).ok(), id);
    let list = std::process::Command::new("tar")
        .args(["-tf", &path])
        .output()
        .expect("tar")
        .stdout;
    let list = String::from_utf8_lossy(&list).into_owned();
    assert!(list.lines().any(|line| line == "manifest.json"), "{list}");
    two.sh("run --rm --network none busybox true").exits(0);
}

#[test]
fn a_digest_that_does_not_fit_is_refused() {
    require!();
    let env = Env::empty();
    let mut archive = docker_archive(
        "bad:latest",
        &json!({}),
        &[tar(&[Entry::file("marker-file", b"right")])],
    );
    let at = archive
        .windows(5)
        .position(|bytes| bytes == b"right")
        .expect("the content");
    archive[at..at + 5].copy_from_slice(b"wrong");
    let done = env.feed(["load"], &archive);
    assert_ne!(done.code, 0, "{done}");
    assert_eq!(env.sh("images -q").ok(), "");
}

#[test]
fn a_truncated_archive_is_refused() {
    require!();
    let env = Env::empty();
    let archive = std::fs::read(images::busybox()).expect("the archive");
    for length in [
        0,
        100,
        512,
        10_000,
        archive.len() / 2,
        archive.len() - 600_000,
    ] {
        let done = env.feed(["load"], &archive[..length]);
        assert!(
            done.code == 1 && !done.err.contains("panicked"),
            "{length}: {done}"
        );
    }
    assert_eq!(env.sh("images -q").ok(), "");
    env.feed(["load"], &archive).exits(0);
}

#[test]
fn nothing_is_written_outside_the_layer() {
    require!();
    let outside = tempfile::tempdir().expect("a directory");
    let target = outside.path().join("owned").to_string_lossy().into_owned();
    let folder = outside.path().to_string_lossy().into_owned();
    let up = format!("../../../../../../../../../../..{target}");
    let through = ["escape/owned".to_owned()];
    let cases: Vec<(&str, Vec<Entry<'_>>)> = vec![
        ("dots in a path", vec![Entry::file(&up, b"x")]),
        ("an absolute path", vec![Entry::file(&target, b"x")]),
        (
            "a symlink out",
            vec![
                Entry::symlink("escape", &folder),
                Entry::file(&through[0], b"x"),
            ],
        ),
        (
            "a hard link out",
            vec![Entry::hardlink(
                "passwd",
                "../../../../../../../../etc/passwd",
            )],
        ),
        (
            "a hard link to an absolute path",
            vec![Entry::hardlink("passwd", "/etc/passwd")],
        ),
        (
            "a whiteout with dots",
            vec![Entry::file("../.wh.owned", b"")],
        ),
        ("a whiteout of dots", vec![Entry::file(".wh...", b"")]),
    ];
    for (what, layer) in cases {
        let env = Env::empty();
        let done = load(&env, &layer);
        assert!(!done.err.contains("panicked"), "{what}: {done}");
        let made = std::fs::read_dir(outside.path())
            .expect("the directory")
            .count();
        assert_eq!(made, 0, "{what}: {done}");
        if done.code == 0 {
            // Kept inside the image's own root, as docker does; then it must still run or fail clearly.
            env.sh("rmi evil").exits(0);
        }
    }
}

#[test]
fn garbage_is_refused_in_words() {
    require!();
    let env = Env::empty();
    let manifest = |text: &str| tar(&[Entry::file("manifest.json", text.as_bytes())]);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        (
            "noise",
            (0..4096_u32)
                .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
                .collect(),
        ),
        ("no manifest", tar(&[Entry::file("a", b"b")])),
        ("not JSON", manifest("{")),
        ("not a list", manifest("{}")),
        (
            "a file that is absent",
            manifest(r#"[{"Config":"c.json","RepoTags":[],"Layers":[]}]"#),
        ),
        (
            "a path out",
            manifest(r#"[{"Config":"../../etc/passwd","RepoTags":[],"Layers":[]}]"#),
        ),
        ("deep nesting", manifest(&"[".repeat(100_000))),
        (
            "a bad name",
            docker_archive(
                "UPPER/..//x:y",
                &json!({}),
                &[tar(&[Entry::file("a", b"")])],
            ),
        ),
    ];
    for (what, archive) in cases {
        let done = env.feed(["load"], &archive);
        assert!(
            done.code == 1 && !done.err.contains("panicked"),
            "{what}: {done}"
        );
        assert!(!done.err.trim().is_empty(), "{what}: {done}");
    }
    assert_eq!(env.sh("images -q").ok(), "");
}

#[test]
fn layers_hide_and_keep_what_they_should() {
    require!();
    let busybox =
        std::fs::read(hull_test::requires::program("busybox").expect("busybox")).expect("it");
    let below = tar(&[
        Entry::dir("bin/"),
        Entry::file("bin/busybox", &busybox).mode(0o755),
        Entry::symlink("bin/sh", "busybox"),
        Entry::dir("kept/"),
        Entry::file("kept/one", b"1"),
        Entry::file("kept/two", b"2"),
        Entry::dir("hidden/"),
        Entry::file("hidden/old", b"old"),
        Entry::file("setuid", b"s1").mode(0o4755),
        Entry {
            owner: (1000, 1001),
            ..Entry::file("owned", b"o")
        },
        Entry {
            owner: (1000, 1001),
            ..Entry::hardlink("linked", "owned")
        },
        Entry {
            kind: Kind::Char(1, 3),
            ..Entry::file("null", b"")
        },
        Entry {
            kind: Kind::Fifo,
            ..Entry::file("pipe", b"")
        },
    ]);
    let long = format!("{}/{}", "d".repeat(120), "f".repeat(120));
    let records = pax(&[
        ("path", long.as_bytes()),
        ("SCHILY.xattr.user.note", b"kept"),
    ]);
    let above = tar(&[
        Entry::file("kept/.wh.one", b""),
        Entry::file("hidden/.wh..wh..opq", b""),
        Entry::file("hidden/new", b"new"),
        Entry {
            kind: Kind::Pax,
            ..Entry::file("PaxHeaders/x", &records)
        },
        Entry::file("short", b"long name"),
    ]);
    let env = Env::empty();
    let archive = docker_archive("layers:1", &json!({"Cmd": ["sh"]}), &[below, above]);
    env.feed(["load"], &archive).exits(0);
    let look = |script: &str| {
        env.hull([
            "run",
            "--rm",
            "--network",
            "none",
            "layers:1",
            "sh",
            "-c",
            script,
        ])
        .ok()
    };
    assert_eq!(look("busybox ls kept hidden"), "hidden:\nnew\n\nkept:\ntwo");
    assert_eq!(
        look("busybox stat -c '%a %u %g %h' /setuid /owned /linked"),
        "4755 0 0 1\n644 1000 1001 2\n644 1000 1001 2"
    );
    assert_eq!(
        look("busybox stat -c '%F %t %T' /null /pipe"),
        "character special file 1 3\nfifo 0 0"
    );
    assert_eq!(look(&format!("busybox cat /{long}")), "long name");
}

#[test]
fn tag_and_rmi_count_names() {
    require!();
    let env = Env::busybox();
    env.sh("tag busybox mine/tools:v1").exits(0);
    assert_eq!(env.hull(["images", "-q"]).ok().lines().count(), 2);
    env.sh("rmi busybox")
        .exits(0)
        .says("Untagged: busybox:latest");
    env.sh("run --rm --network none mine/tools:v1 true")
        .exits(0);
    env.sh("run -d --name c1 --network none mine/tools:v1 sleep 100")
        .ok();
    env.sh("rmi mine/tools:v1")
        .exits(1)
        .complains("is using its referenced image");
    env.sh("rm -f c1").ok();
    env.sh("rmi mine/tools:v1")
        .exits(0)
        .says("Deleted: sha256:");
    env.sh("rmi mine/tools:v1")
        .exits(1)
        .complains("no such image");
    assert_eq!(env.sh("images -q").ok(), "");
}

#[test]
fn import_makes_an_image_of_a_file_system() {
    require!();
    let env = Env::empty();
    let busybox =
        std::fs::read(hull_test::requires::program("busybox").expect("busybox")).expect("it");
    let rootfs = tar(&[
        Entry::dir("bin/"),
        Entry::file("bin/busybox", &busybox).mode(0o755),
        Entry::symlink("bin/sh", "busybox"),
    ]);
    let path = env.file("rootfs.tar", rootfs);
    let id = env
        .hull([
            "import",
            "-c",
            "CMD [\"sh\", \"-c\", \"echo $GREETING\"]",
            "-c",
            "ENV GREETING=hello",
            &path,
            "imported:1",
        ])
        .ok();
    assert!(id.starts_with("sha256:"), "{id}");
    assert_eq!(env.sh("run --rm --network none imported:1").ok(), "hello");
}

#[test]
fn history_and_inspect_tell_the_layers() {
    require!();
    let env = Env::busybox();
    let inspected: serde_json::Value =
        serde_json::from_str(&env.sh("image inspect busybox").ok()).expect("JSON");
    let image = &inspected[0];
    assert_eq!(image["RepoTags"], json!(["busybox:latest"]));
    assert_eq!(image["Config"]["Cmd"], json!(["sh"]));
    assert_eq!(image["RootFS"]["Layers"].as_array().map(Vec::len), Some(1));
    assert_eq!(image["Architecture"], "amd64");
    assert!(env.sh("history busybox").ok().contains("a test"));
    assert_eq!(
        env.hull(["image", "inspect", "-f", "{{.Os}}", "busybox"])
            .ok(),
        "linux"
    );
}

#[test]
fn a_debian_root_file_system_lives() {
    require!(Need::Debian);
    let env = Env::empty();
    let path = images::debian()
        .expect("debian.tar")
        .to_string_lossy()
        .into_owned();
    env.hull(["import", "-c", "CMD [\"bash\"]", &path, "debian:bookworm"])
        .ok();
    env.sh("run -d --name d1 --network none debian:bookworm sleep 1000")
        .ok();
    env.hull(["exec", "d1", "cat", "/etc/debian_version"])
        .exits(0)
        .says("12");
    env.hull(["exec", "d1", "dpkg", "-l", "bash"])
        .exits(0)
        .says("ii  bash");
    env.hull(["exec", "d1", "bash", "-c", "perl -e 'print 6 * 7'"])
        .exits(0)
        .says("42");
    env.sh("stop -t 1 d1").ok();
    env.sh("start d1").ok();
    env.sh("rm -f d1").ok();
}

#[test]
fn many_loads_at_once_are_one_image() {
    require!();
    let env = Env::empty();
    let path = images::busybox().to_string_lossy().into_owned();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| env.hull(["load", "-q", "-i", &path]).exits(0));
        }
    });
    assert_eq!(env.sh("images -q").ok().lines().count(), 1);
    env.sh("run --rm --network none busybox true").exits(0);
    assert!(Path::new(&env.root()).exists());
}
