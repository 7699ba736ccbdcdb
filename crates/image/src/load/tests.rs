//! Archives in, images out: every format, every compression, and what must be refused.

use std::path::{Path, PathBuf};

use hull_oci::descriptor::media_type;
use hull_oci::platform::Platform;
use hull_state::Ledger;
use serde_json::json;

use super::fixture::{Home, config, docker, gzip, layer, layout, options, zstd};
use super::{LoadOptions, LoadSource, load};
use crate::hash::Hasher;
use crate::snapshot::{self, Durability, Place};
use crate::store::Store;
use crate::tar::tests::{Raw, archive};
use crate::{Error, list, remove, save, sweep, tag};

#[test]
fn a_docker_archive_becomes_an_image() {
    let home = Home::new();
    let layers = [layer(1), layer(2), layer(1)];
    let loaded = home.load(&docker("app", &layers, &layers)).unwrap();
    assert_eq!(loaded[0].names, ["app:latest"]);
    assert_eq!(loaded[0].id, Hasher::of(&config(&layers)));
    let listed = list::list(&home.store()).unwrap();
    assert_eq!((listed.len(), listed[0].image.size), (1, 15_000));
    let rows = home.ledger.layers().of_image(&loaded[0].id).unwrap();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0], rows[2]);
    for row in &rows {
        assert!(home.store().snapshot(&row.snapshot).join("fs/d").is_dir());
        assert_eq!(
            std::fs::metadata(home.store().blob(&row.blob))
                .unwrap()
                .len(),
            row.blob_size
        );
    }
    for dir in ["snapshots", "content"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(home.dir.path().join(dir))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700, "{dir} is closed to the host's users");
    }
    let ingest = std::fs::read_dir(home.dir.path().join("content/ingest")).unwrap();
    assert!(
        ingest
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .all(|n| n.ends_with(".lock"))
    );

    // The same again is the same image; a nameless one is told by id.
    assert_eq!(
        home.load(&docker("", &layers, &layers)).unwrap()[0].names,
        [""; 0]
    );
    assert_eq!(list::list(&home.store()).unwrap().len(), 1);
    let force = remove::RemoveOptions {
        force: false,
        running: &|_| false,
    };
    remove::remove(&home.store(), "app", force).unwrap();
    assert!(home.is_empty());
}

#[test]
fn every_compression_and_every_way_in_gives_the_same_image() {
    let layers = [layer(1), layer(2)];
    let plain = docker("app", &layers, &layers);
    let packed = docker("app", &layers, &[gzip(&layers[0]), zstd(&layers[1])]);
    for bytes in [
        &plain,
        &packed,
        &gzip(&plain),
        &zstd(&plain),
        &gzip(&packed),
    ] {
        let (file, stream) = (Home::new(), Home::new());
        let id = Hasher::of(&config(&layers));
        assert_eq!(file.load(bytes).unwrap()[0].id, id);
        assert_eq!(stream.stream(bytes).unwrap()[0].id, id);
        assert_eq!(stream.ledger.layers().of_image(&id).unwrap()[1].size, 5000);
    }
}

/// Members larger than what is kept in memory are spooled, and become blobs without a copy.
#[test]
fn large_members_of_a_stream_are_spooled() {
    let home = Home::new();
    let big = archive(&[Raw::file("big", &vec![9; 3 << 20])]);
    let layers = [big.clone(), layer(1)];
    let loaded = home.stream(&docker("app", &layers, &layers)).unwrap();
    let rows = home.ledger.layers().of_image(&loaded[0].id).unwrap();
    assert_eq!(
        std::fs::read(home.store().blob(&rows[0].blob)).unwrap(),
        big
    );
    let stored = [gzip(&big), layer(1)];
    let other = Home::new();
    assert_eq!(
        other.stream(&docker("app", &layers, &stored)).unwrap()[0].id,
        loaded[0].id
    );
}

#[test]
fn old_archives_share_layers_by_symlinks() {
    let home = Home::new();
    let one = layer(1);
    let config = config(&[one.clone(), one.clone()]);
    let manifest = json!([{"Config": "c.json", "RepoTags": ["a:1", "b/c:2"], "Layers": ["x/layer.tar", "y/layer.tar"]}]);
    let bytes = archive(&[
        Raw::file("c.json", &config),
        Raw::file("x/layer.tar", &one),
        Raw::symlink("y/layer.tar", "../x/layer.tar"),
        Raw::file("manifest.json", manifest.to_string().as_bytes()),
    ]);
    assert_eq!(home.load(&bytes).unwrap()[0].names, ["a:1", "b/c:2"]);
    let evil = archive(&[
        Raw::symlink("c.json", "../../../../etc/passwd"),
        Raw::file("manifest.json", br#"[{"Config":"c.json","Layers":[]}]"#),
    ]);
    assert!(matches!(
        home.load(&evil).unwrap_err(),
        Error::Archive { .. }
    ));
}

#[test]
fn the_oldest_format_is_translated() {
    let home = Home::new();
    let (top, base) = ("aa".repeat(32), "bb".repeat(32));
    let step = |id: &str, parent: &str| {
        json!({"id": id, "parent": parent, "os": "linux", "architecture": "amd64",
            "created": "2014-01-01T00:00:00Z", "config": {"Cmd": ["sh"]},
            "container_config": {"Cmd": ["/bin/sh", "-c", "x"]}})
        .to_string()
    };
    let repositories = json!({"old": {"v1": top}}).to_string();
    let bytes = archive(&[
        Raw::file(&format!("{base}/json"), step(&base, "").as_bytes()),
        Raw::file(&format!("{base}/layer.tar"), &layer(1)),
        Raw::file(&format!("{top}/json"), step(&top, &base).as_bytes()),
        Raw::file(&format!("{top}/layer.tar"), &layer(2)),
        Raw::file("repositories", repositories.as_bytes()),
    ]);
    let loaded = home.load(&bytes).unwrap();
    assert_eq!(loaded[0].names, ["old:v1"]);
    let steps = crate::history::history(&home.store(), "old:v1").unwrap();
    assert_eq!(
        steps.iter().map(|s| s.size).collect::<Vec<_>>(),
        [5000, 5000]
    );
    assert_eq!(steps[0].created_by, "/bin/sh -c x");
}

#[test]
fn a_layout_is_loaded_for_a_platform() {
    let one = layout("localhost/app:1", &["linux/amd64"]);
    let home = Home::new();
    let loaded = home.load(&archive(&one)).unwrap();
    assert_eq!(loaded[0].names, ["localhost/app:1"]);
    let row = home.ledger.images().get(&loaded[0].id).unwrap().unwrap();
    let layers = home.ledger.layers().of_image(&row.id).unwrap();
    assert_eq!(layers[0].media_type, media_type::LAYER_GZIP);
    let manifest = std::fs::read(home.store().blob(&row.manifest)).unwrap();
    assert!(
        one.iter().any(|raw| raw.data == manifest),
        "the manifest's own bytes are kept"
    );

    let many = archive(&layout(
        "1.0",
        &["linux/arm64", "linux/amd64", "linux/s390x"],
    ));
    let home = Home::new();
    let host = home.load(&many).unwrap();
    assert!(host[0].names.is_empty(), "a bare tag is no name");
    let wanted = Platform::parse("linux/s390x").unwrap();
    let options = LoadOptions {
        platform: Some(&wanted),
        ..options()
    };
    let source = LoadSource::Stream(Box::new(many.as_slice()), "stdin".into());
    let other = load(&home.store(), source, options).unwrap();
    assert_ne!(host[0].id, other[0].id);
    let index = home
        .ledger
        .images()
        .get(&host[0].id)
        .unwrap()
        .unwrap()
        .index
        .unwrap();
    assert!(home.store().blob(&index).exists());
    sweep::sweep(&home.store()).unwrap();
    assert!(home.store().blob(&index).exists());
    let wanted = Platform::parse("linux/ppc64le").unwrap();
    let options = LoadOptions {
        platform: Some(&wanted),
        ..options
    };
    let source = LoadSource::Stream(Box::new(many.as_slice()), "stdin".into());
    let error = load(&home.store(), source, options).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("linux/arm64, linux/amd64, linux/s390x"),
        "{error}"
    );
}

#[test]
fn a_layout_in_a_directory() {
    let dir = tempfile::tempdir().unwrap();
    for raw in layout("localhost/app:1", &["linux/amd64"]) {
        let path = dir.path().join(String::from_utf8(raw.name).unwrap());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, raw.data).unwrap();
    }
    let home = Home::new();
    let loaded = load(&home.store(), LoadSource::Directory(dir.path()), options()).unwrap();
    assert_eq!(loaded[0].names, ["localhost/app:1"]);
    // A link out of the directory is not followed.
    std::fs::remove_file(dir.path().join("index.json")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", dir.path().join("index.json")).unwrap();
    assert!(load(&home.store(), LoadSource::Directory(dir.path()), options()).is_err());
}

fn saved(home: &Home, names: &[&str]) -> (PathBuf, Vec<u8>) {
    let path = home.dir.path().join("saved.tar");
    let file = std::fs::File::create(&path).unwrap();
    save::save(&home.store(), names, None, &file).unwrap();
    (path.clone(), std::fs::read(&path).unwrap())
}

#[test]
fn what_is_saved_is_loaded_again() {
    let home = Home::new();
    let (a, b) = ([layer(1), layer(2)], [layer(1), layer(3)]);
    home.load(&docker("one:1", &a, &a)).unwrap();
    home.load(&docker("two:1", &b, &[gzip(&b[0]), zstd(&b[1])]))
        .unwrap();
    home.load(&archive(&layout("localhost/three:1", &["linux/amd64"])))
        .unwrap();
    tag::tag(&home.store(), "one:1", "one:2", 5).unwrap();
    let (_, bytes) = saved(&home, &["one", "two:1", "localhost/three:1"]);
    let (_, again) = saved(&home, &["one", "two:1", "localhost/three:1"]);
    assert_eq!(bytes, again);
    for streamed in [false, true] {
        let other = Home::new();
        let loaded = if streamed {
            other.stream(&bytes)
        } else {
            other.load(&bytes)
        }
        .unwrap();
        let names: Vec<_> = loaded.iter().flat_map(|l| l.names.clone()).collect();
        assert_eq!(names, ["one:1", "one:2", "two:1", "localhost/three:1"]);
        for listed in list::list(&home.store()).unwrap() {
            let row = other
                .ledger
                .images()
                .get(&listed.image.id)
                .unwrap()
                .unwrap();
            assert_eq!(
                (row.manifest, row.size),
                (listed.image.manifest, listed.image.size)
            );
        }
        assert_eq!(
            saved(&other, &["one", "two:1", "localhost/three:1"]).1,
            bytes
        );
    }
}

#[test]
fn a_corrupt_blob_is_not_saved() {
    let home = Home::new();
    let layers = [layer(1)];
    home.load(&docker("app", &layers, &layers)).unwrap();
    let blob = home.store().blob(&Hasher::of(&layers[0]));
    let mut bytes = std::fs::read(&blob).unwrap();
    bytes[1000] ^= 1;
    std::fs::write(&blob, &bytes).unwrap();
    let out = std::fs::File::create(home.dir.path().join("out.tar")).unwrap();
    let error = save::save(&home.store(), &["app"], None, &out).unwrap_err();
    assert!(matches!(error, Error::DigestMismatch { .. }), "{error}");
    bytes.truncate(700);
    std::fs::write(&blob, &bytes).unwrap();
    let error = save::save(&home.store(), &["app"], None, &out).unwrap_err();
    assert!(matches!(error, Error::SizeMismatch { .. }), "{error}");
}

#[test]
fn bad_archives_leave_nothing_behind() {
    let layers = [layer(1), layer(2)];
    let good = docker("app", &layers, &layers);
    let mut cases: Vec<(&str, Vec<u8>)> = vec![
        ("wrong layer", docker("app", &layers, &[layer(1), layer(3)])),
        ("missing layer", docker("app", &layers, &layers[..1])),
        (
            "bad gzip",
            docker("app", &layers, &[layer(1), gzip(&layers[1])[..60].to_vec()]),
        ),
        (
            "xz",
            docker("app", &layers, &[layer(1), b"\xfd7zXZ\0\0\0".to_vec()]),
        ),
        ("bad name", docker("UPPER", &layers, &layers)),
        ("empty", Vec::new()),
        ("noise", vec![0x55; 3000]),
        ("no manifest", archive(&[Raw::file("a", b"b")])),
        ("bad config", {
            let manifest = br#"[{"Config":"a","RepoTags":[],"Layers":[]}]"#;
            archive(&[Raw::file("a", b"[]"), Raw::file("manifest.json", manifest)])
        }),
        ("evil layer", {
            let evil = [archive(&[Raw::file("x", b"1"), Raw::file("../../y", b"2")])];
            docker("app", &evil, &evil)
        }),
        ("wrong blob", {
            let mut entries = layout("localhost/a:1", &["linux/amd64"]);
            entries[1].data[20] ^= 1;
            archive(&entries)
        }),
    ];
    for length in [100, 512, 1000, good.len() / 2, good.len() - 3000] {
        cases.push(("truncated", good[..length].to_vec()));
        cases.push(("truncated gzip", gzip(&good)[..length.min(200)].to_vec()));
    }
    for (what, bytes) in cases {
        let home = Home::new();
        assert!(home.load(&bytes).is_err(), "{what}");
        assert!(home.stream(&bytes).is_err(), "{what}");
        assert!(home.is_empty(), "{what}");
    }
}

#[test]
fn a_name_moves_and_the_old_image_dangles() {
    let home = Home::new();
    let (one, two) = ([layer(1)], [layer(2)]);
    let old = home.load(&docker("app", &one, &one)).unwrap().remove(0);
    let new = home.load(&docker("app", &two, &two)).unwrap().remove(0);
    assert_eq!(new.replaced, [("app:latest".to_owned(), old.id.clone())]);
    let pruned = crate::prune::prune(&home.store(), false, &|_| true).unwrap();
    assert_eq!(pruned.reclaimed, 5000);
    assert!(pruned.removed.contains(&remove::Removed::Image(old.id)));
    assert_eq!(list::list(&home.store()).unwrap().len(), 1);
}

#[test]
fn many_loads_at_once_are_one_image() {
    let dir = tempfile::tempdir().unwrap();
    let layers = [layer(1), layer(2), layer(3)];
    let bytes = docker("app", &layers, &layers);
    std::thread::scope(|scope| {
        for n in 0..8 {
            let (dir, bytes): (&Path, &[u8]) = (dir.path(), &bytes);
            scope.spawn(move || {
                let ledger = Ledger::open(dir.join("state.db"));
                let store = Store::new(dir, &ledger, false);
                let source = LoadSource::Stream(Box::new(bytes), "stdin".into());
                load(&store, source, options()).unwrap();
                if n % 2 == 0 {
                    sweep::sweep(&store).unwrap();
                }
            });
        }
    });
    let ledger = Ledger::open(dir.path().join("state.db"));
    let store = Store::new(dir.path(), &ledger, false);
    assert_eq!(list::list(&store).unwrap().len(), 1);
    sweep::sweep(&store).unwrap();
    assert_eq!(std::fs::read_dir(store.snapshots()).unwrap().count(), 3);
    assert_eq!(
        std::fs::read_dir(store.content().join("blobs/sha256"))
            .unwrap()
            .count(),
        5
    );
    assert_eq!(
        std::fs::read_dir(store.content().join("ingest"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn snapshots_stack_layers_below_a_writable_one() {
    let home = Home::new();
    let layers = [layer(1), layer(2)];
    let image = home
        .load(&docker("app", &layers, &layers))
        .unwrap()
        .remove(0)
        .id;
    let store = home.store();
    let place = Place {
        id: "c1",
        image: &image,
        dir: None,
    };
    let rootfs = snapshot::prepare(&store, &place).unwrap();
    assert_eq!(rootfs.lower.len(), 3);
    assert!(rootfs.lower[0].join("etc/resolv.conf").exists());
    assert!(rootfs.lower[1].join("d/f2").exists() && rootfs.lower[2].join("d/f1").exists());
    let mount = rootfs.mounts(Durability::OnFsync).remove(0);
    assert_eq!((mount.kind.as_str(), mount.options.len()), ("overlay", 4));
    assert!(mount.options[0].starts_with("lowerdir=/") && mount.options[3] == "fsync=volatile");
    // A volatile mount of before must not keep it from being mounted again.
    std::fs::create_dir_all(rootfs.work.join("work/incompat/volatile/dirty")).unwrap();
    assert_eq!(snapshot::open(&store, &place).unwrap(), rootfs);
    assert!(!rootfs.work.join("work/incompat/volatile").exists());
    assert!(snapshot::remove(&store, "c1").unwrap());
    assert!(!snapshot::remove(&store, "c1").unwrap());
    assert!(!rootfs.upper.exists());
    snapshot::empty_trash(&store).unwrap();
    assert_eq!(std::fs::read_dir(store.trash()).unwrap().count(), 0);
    // Gone altogether: opening prepares it anew.
    assert!(snapshot::open(&store, &place).unwrap().upper.is_dir());
    let elsewhere = tempfile::tempdir().unwrap();
    let place = Place {
        dir: Some(elsewhere.path()),
        ..place
    };
    assert!(
        snapshot::prepare(&store, &place)
            .unwrap()
            .upper
            .starts_with(elsewhere.path())
    );

    let odd = [archive(&[Raw::symlink("etc", "usr/etc")])];
    let image = home.load(&docker("odd", &odd, &odd)).unwrap().remove(0).id;
    let place = Place {
        id: "c2",
        image: &image,
        dir: None,
    };
    assert_eq!(snapshot::prepare(&store, &place).unwrap().lower.len(), 1);
}
