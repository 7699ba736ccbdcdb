//! The ledger on a real disk: rows, lookups, conflicts, damage, and many processes at once.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use hull_error::{Fault, Kind};
use hull_model::container::config::ContainerConfig;
use hull_model::id::{ContainerId, ContainerName};
use hull_oci::Digest;

use crate::{ContainerRow, Document, Error, Exit, ImageRow, LayerRow, Ledger, NewImage, Start};

fn row(n: u8, name: &str) -> ContainerRow {
    let mut config = ContainerConfig {
        image: "busybox".into(),
        ..ContainerConfig::default()
    };
    config.env = vec!["A=1".into()];
    ContainerRow {
        id: ContainerId::from_bytes([n; 32]),
        name: ContainerName::parse(name).unwrap(),
        created: i64::from(n),
        image_id: None,
        image_name: "busybox".into(),
        command: vec!["sh".into(), "-c".into(), "true".into()],
        snapshot: format!("s{n}"),
        auto_remove: n.is_multiple_of(2),
        wanted: false,
        stopped_by_hand: false,
        started_at: None,
        exit: None,
        error: String::new(),
        restart_count: 0,
        config: Document::new(config).unwrap(),
        extra: "{}".into(),
    }
}

fn digest(n: u8) -> Digest {
    Digest::from_sha256([n; 32])
}

fn ledger(dir: &Path) -> Ledger {
    Ledger::open(dir.join("deep/state.db"))
}

#[test]
fn a_row_comes_back_as_it_went() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = ledger(dir.path());
    let containers = ledger.containers();
    containers.insert(&row(1, "web")).unwrap();
    for name in ["state.db", "state.db-wal"] {
        let meta = std::fs::metadata(dir.path().join("deep").join(name)).unwrap();
        assert_eq!(
            meta.permissions().mode() & 0o777,
            0o600,
            "{name} holds secrets"
        );
    }
    let back = containers.find("web").unwrap();
    let one = row(1, "web");
    assert_eq!(back.config.json(), one.config.json());
    assert_eq!(back.config.get().unwrap().env, ["A=1"]);
    assert_eq!(
        (back.command, back.snapshot, back.image_id),
        (one.command, one.snapshot, one.image_id)
    );

    let start = Start {
        started_at: 5,
        restart_count: 2,
    };
    containers.set_started(&one.id, start).unwrap();
    let exit = Exit {
        finished_at: 9,
        code: 137,
        oom_killed: true,
    };
    containers.set_exit(&one.id, exit).unwrap();
    containers.set_wanted(&one.id, false, true).unwrap();
    containers
        .rename(&one.id, &ContainerName::parse("www").unwrap())
        .unwrap();
    let back = containers.get(&one.id).unwrap().unwrap();
    assert_eq!(
        (back.started_at, back.restart_count, back.exit),
        (Some(5), 2, Some(exit))
    );
    assert_eq!(
        (back.name.as_str(), back.wanted, back.stopped_by_hand),
        ("www", false, true)
    );
    assert!(containers.remove(&one.id).unwrap());
    assert!(!containers.remove(&one.id).unwrap());
    assert_eq!(
        containers.set_exit(&one.id, exit).unwrap_err().kind(),
        Kind::NotFound
    );
}

#[test]
fn unknown_fields_of_a_wish_survive() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = ledger(dir.path());
    let json = r#"{"image":"x","from_the_future":[1,2]}"#;
    let one = ContainerRow {
        config: Document::from_json(json.into()),
        ..row(1, "web")
    };
    ledger.containers().insert(&one).unwrap();
    let back = ledger.containers().find("web").unwrap();
    assert_eq!(back.config.get().unwrap().image, "x");
    assert_eq!(back.config.json(), json);
}

#[test]
fn lookup_by_id_name_and_prefix() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = ledger(dir.path());
    let containers = ledger.containers();
    for (n, name) in [(0x11, "one"), (0x12, "two"), (0xab, "abab")] {
        containers.insert(&row(n, name)).unwrap();
    }
    let found = |text: &str| containers.find(text).map(|row| row.name.to_string());
    assert_eq!(found("11").unwrap(), "one");
    assert_eq!(found("/two").unwrap(), "two");
    assert_eq!(found("abab").unwrap(), "abab");
    assert_eq!(found(&"ab".repeat(32)).unwrap(), "abab");
    for missing in [
        "",
        "2",
        "xyz",
        "ABAB",
        "one ",
        "'; DROP TABLE containers; --",
    ] {
        assert_eq!(
            found(missing).unwrap_err().kind(),
            Kind::NotFound,
            "{missing}"
        );
    }
    match found("1").unwrap_err() {
        Error::Ambiguous { matches, .. } => assert_eq!(matches, ["111111111111", "121212121212"]),
        other => panic!("{other}"),
    }
}

#[test]
fn a_taken_name_tells_its_holder() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = ledger(dir.path());
    let containers = ledger.containers();
    containers.insert(&row(1, "web")).unwrap();
    containers.insert(&row(2, "db")).unwrap();
    let holder = |error| match error {
        Error::NameTaken { holder, .. } => holder,
        other => panic!("{other}"),
    };
    let one = row(1, "web").id.to_string();
    assert_eq!(holder(containers.insert(&row(3, "web")).unwrap_err()), one);
    let (two, web) = (row(2, "db").id, ContainerName::parse("web").unwrap());
    assert_eq!(holder(containers.rename(&two, &web).unwrap_err()), one);
    containers.rename(&row(1, "web").id, &web).unwrap();
    assert_eq!(containers.list().unwrap().len(), 2);
}

#[test]
fn a_reader_of_nothing_creates_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = ledger(dir.path());
    assert!(ledger.containers().list().unwrap().is_empty());
    assert!(ledger.images().list().unwrap().is_empty());
    assert_eq!(
        ledger.containers().find("x").unwrap_err().kind(),
        Kind::NotFound
    );
    assert!(!ledger.truncate_wal_if_large().unwrap());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn damage_and_newer_schemas_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.db");
    std::fs::write(
        &path,
        "this is no database, whatever its name says. ".repeat(100),
    )
    .unwrap();
    let error = Ledger::open(&path).containers().list().unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
    assert!(error.hint().unwrap().contains("state.db"));

    std::fs::remove_file(&path).unwrap();
    let ledger = Ledger::open(&path);
    ledger.containers().insert(&row(1, "web")).unwrap();
    ledger
        .writer()
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    drop(ledger);
    let error = Ledger::open(&path).containers().list().unwrap_err();
    assert!(matches!(error, Error::TooNew { found: 99, .. }), "{error}");
    assert_eq!(error.kind(), Kind::Unsupported);
}

#[test]
fn a_truncated_file_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.db");
    let ledger = Ledger::open(&path);
    for n in 0..100 {
        ledger
            .containers()
            .insert(&row(n, &format!("c{n}")))
            .unwrap();
    }
    ledger
        .writer()
        .unwrap()
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    drop(ledger);
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(8192).unwrap();
    drop(file);
    let error = Ledger::open(&path).containers().list().unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
}

#[test]
fn a_root_that_cannot_be_written_is_told() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "").unwrap();
    let ledger = Ledger::open(dir.path().join("file/state.db"));
    let error = ledger.containers().insert(&row(1, "web")).unwrap_err();
    assert!(matches!(error, Error::Directory { .. }), "{error}");
    assert!(error.hint().unwrap().contains("--root"));
}

#[test]
fn the_log_is_truncated_when_it_is_large() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = ledger(dir.path());
    for n in 0..=255 {
        let one = row(n, &format!("c{n}"));
        ledger.containers().insert(&one).unwrap();
        ledger.containers().remove(&one.id).unwrap();
    }
    let wal = dir.path().join("deep/state.db-wal");
    assert!(std::fs::metadata(&wal).unwrap().len() > crate::WAL_LIMIT);
    assert!(ledger.truncate_wal_if_large().unwrap());
    assert_eq!(std::fs::metadata(&wal).unwrap().len(), 0);
    assert!(!ledger.truncate_wal_if_large().unwrap());
}

#[test]
fn an_image_its_layers_and_names_live_and_die_together() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = ledger(dir.path());
    let layer = |n: u8| LayerRow {
        diff_id: digest(n),
        blob: digest(n),
        media_type: "x".into(),
        blob_size: 7,
        snapshot: format!("l{n}"),
        size: u64::from(n),
        flat: true,
        added: 0,
    };
    let image = |n: u8| ImageRow {
        id: digest(n),
        manifest: digest(n + 100),
        manifest_type: "m".into(),
        manifest_size: 3,
        index: None,
        os: "linux".into(),
        architecture: "amd64".into(),
        variant: String::new(),
        created: i64::from(n),
        size: 5,
        added: 1,
        tagged: 1,
        parent: None,
        config: b"{}".to_vec(),
    };
    let add = |n: u8, layers: &[u8], name: &str| {
        let layers: Vec<_> = layers
            .iter()
            .map(|n| (layer(*n), digest(n + 200)))
            .collect();
        let names = [name.to_owned()];
        let new = NewImage {
            image: &image(n),
            layers: &layers,
            names: &names,
        };
        ledger.images().add(&new).unwrap()
    };
    assert!(add(1, &[10, 11, 10], "docker.io/library/a:1").is_empty());
    assert!(add(2, &[10], "docker.io/library/b:1").is_empty());
    assert_eq!(ledger.layers().of_image(&digest(1)).unwrap().len(), 3);
    let moved = add(2, &[10], "docker.io/library/a:1");
    assert_eq!(moved[0].image_id, digest(1));
    assert_eq!(
        ledger
            .images()
            .by_name("docker.io/library/a:1")
            .unwrap()
            .unwrap()
            .id,
        digest(2)
    );
    assert_eq!(ledger.images().by_prefix("01").unwrap().len(), 1);

    // While a container made of it is there, the image stays.
    let web = ContainerRow {
        image_id: Some(digest(1)),
        ..row(1, "web")
    };
    ledger.containers().insert(&web).unwrap();
    assert_eq!(ledger.images().remove(&digest(1)).unwrap(), None);
    ledger.containers().remove(&row(1, "web").id).unwrap();
    let gone = ledger.images().remove(&digest(1)).unwrap().unwrap();
    let gone: Vec<_> = gone.iter().map(|layer| layer.snapshot.as_str()).collect();
    assert_eq!(gone, ["l11"]);
    // Too late: what it was looked up for is gone.
    assert_eq!(
        ledger.containers().insert(&web).unwrap_err().kind(),
        Kind::NotFound
    );
    assert_eq!(ledger.layers().list().unwrap().len(), 1);
}

/// The drawing in docs/state.md names every table and column, and no other.
#[test]
fn the_drawing_is_the_schema() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = ledger(dir.path());
    let db = ledger.writer().unwrap();
    let sql = "SELECT m.name || '.' || c.name FROM sqlite_schema m, pragma_table_info(m.name) c \
               WHERE m.type = 'table' ORDER BY 1";
    let mut statement = db.prepare(sql).unwrap();
    let real: Vec<String> = statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let page = include_str!("../../../docs/state.md");
    let mut table = "";
    let mut drawn: Vec<String> = Vec::new();
    for line in page.lines() {
        if let Some(name) = line.strip_prefix("### ") {
            table = name;
        } else if let Some(rest) = line.strip_prefix("| `") {
            let column = rest.split('`').next().unwrap();
            drawn.push(format!("{table}.{column}"));
        }
    }
    drawn.sort();
    assert_eq!(drawn, real);
}

/// 200 processes, each with its own connection, create the ledger, insert and delete at once.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the test is its own swarm of processes"
)]
fn two_hundred_processes_write_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let test = std::env::current_exe().unwrap();
    let children: Vec<_> = (0..200_u32)
        .map(|n| {
            std::process::Command::new(&test)
                .args(["--exact", "tests::one_of_many", "--ignored", "--quiet"])
                .env("HULL_TEST_DIR", dir.path())
                .env("HULL_TEST_NUMBER", n.to_string())
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    let failed = children.into_iter().filter_map(|mut child| {
        let status = child.wait().unwrap();
        (!status.success()).then_some(status)
    });
    assert_eq!(failed.count(), 0);
    assert_eq!(
        Ledger::open(dir.path().join("state.db"))
            .containers()
            .list()
            .unwrap()
            .len(),
        200
    );
}

#[test]
#[ignore = "a child of two_hundred_processes_write_at_once"]
#[expect(
    clippy::disallowed_methods,
    reason = "told by its parent through the environment"
)]
fn one_of_many() {
    let Some(dir) = std::env::var_os("HULL_TEST_DIR") else {
        return;
    };
    let number: u8 = std::env::var("HULL_TEST_NUMBER").unwrap().parse().unwrap();
    let ledger = Ledger::open(Path::new(&dir).join("state.db"));
    let keep = row(number, &format!("keep{number}"));
    ledger.containers().insert(&keep).unwrap();
    for round in 0..5_u8 {
        let mut bytes = [number; 32];
        bytes[0] = round;
        bytes[1] = 200;
        let id = ContainerId::from_bytes(bytes);
        let name = ContainerName::parse(&format!("c{number}-{round}")).unwrap();
        ledger
            .containers()
            .insert(&ContainerRow {
                id: id.clone(),
                name,
                ..keep.clone()
            })
            .unwrap();
        assert!(ledger.containers().remove(&id).unwrap());
        ledger.truncate_wal_if_large().unwrap();
    }
}
