//! Wishes that fail at every step: the error names the subject and nothing is left.

use std::fs;

use hull_oci::runtime_spec::{Device, IdMapping, Namespace, NamespaceType, Rlimit};

use super::place::{Place, bind, mount, text};

pub(crate) const CASES: &[crate::Case] = &[
    ("failures_at_every_step_leave_nothing", steps),
    ("nothing_is_left_after_many_runs", many),
    ("broken_documents_are_errors", documents),
];

/// Whether any cgroup of a test's container exists.
pub(crate) fn has_cgroups(place: &Place) -> bool {
    let hierarchies = place
        .host
        .cgroup
        .hierarchies()
        .iter()
        .map(|one| one.mount.clone());
    let all = hierarchies.chain(place.host.cgroup.unified().map(ToOwned::to_owned));
    all.into_iter()
        .any(|mount| mount.join("hull").join(&place.id).exists())
}

/// What a leak would change: our descriptors, children, mounts and namespaces.
#[derive(Debug, PartialEq)]
struct Facts {
    descriptors: usize,
    children: String,
    mounts: String,
    namespaces: Vec<String>,
    memory_maps: usize,
}

fn facts() -> Facts {
    let pid = std::process::id();
    let namespaces = fs::read_dir("/proc/self/ns").unwrap();
    let link = |entry: std::io::Result<fs::DirEntry>| {
        fs::read_link(entry.unwrap().path())
            .unwrap()
            .display()
            .to_string()
    };
    let mut namespaces: Vec<String> = namespaces.map(link).collect();
    namespaces.sort();
    Facts {
        descriptors: fs::read_dir("/proc/self/fd").unwrap().count(),
        children: fs::read_to_string(format!("/proc/self/task/{pid}/children")).unwrap(),
        mounts: own_mounts(),
        namespaces,
        memory_maps: fs::read_to_string("/proc/self/maps")
            .unwrap()
            .lines()
            .count(),
    }
}

/// Mounts that mention a test's place; others come and go with other people's work.
fn own_mounts() -> String {
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let own = |line: &&str| line.contains(env!("CARGO_TARGET_TMPDIR"));
    table.lines().filter(own).collect::<Vec<_>>().join("\n")
}

type Change = (&'static str, fn(&mut Place));

const WISHES: &[Change] = &[
    ("nope", |p| p.process().args = vec!["nope".to_owned()]),
    ("/etc", |p| p.process().args = vec!["/etc".to_owned()]),
    ("process.cwd", |p| p.process().cwd = "relative".to_owned()),
    ("/probe/x", |p| p.process().cwd = "/probe/x".to_owned()),
    ("RLIMIT_MOON", |p| {
        p.process().rlimits = vec![Rlimit {
            kind: "RLIMIT_MOON".to_owned(),
            hard: 1,
            soft: 1,
        }];
    }),
    ("/no/such/source", |p| {
        p.bundle
            .spec
            .mounts
            .push(bind("/no/such/source".as_ref(), "/x", &[]))
    }),
    ("/bad", |p| {
        p.bundle.spec.mounts.push(mount("/bad", "nosuchfs", &[]))
    }),
    ("bogus", |p| {
        p.bundle
            .spec
            .mounts
            .push(mount("/tmp", "tmpfs", &["bogus=1"]))
    }),
    ("/probe/in", |p| {
        p.bundle.spec.mounts.push(mount("/probe/in", "tmpfs", &[]))
    }),
    ("/proc/self", |p| {
        p.bundle.spec.mounts.push(mount("/proc/self", "tmpfs", &[]))
    }),
    ("linux.devices", |p| {
        p.linux().devices = vec![Device {
            kind: "q".to_owned(),
            path: "/dev/q".to_owned(),
            ..Device::default()
        }];
    }),
    ("null", |p| {
        fs::write(p.root().join("dev/null"), "no device").unwrap();
        p.bundle
            .spec
            .mounts
            .retain(|one| !one.destination.starts_with("/dev"));
    }),
    ("net/no/such", |p| {
        p.linux()
            .sysctl
            .insert("net.no.such".to_owned(), "1".to_owned());
    }),
    ("vm.swappiness", |p| {
        p.linux()
            .sysctl
            .insert("vm.swappiness".to_owned(), "1".to_owned());
    }),
    ("/no/such/ns", |p| {
        p.linux().namespaces.push(Namespace {
            kind: NamespaceType::Time,
            path: "/no/such/ns".to_owned(),
        });
    }),
    ("uid_map", |p| {
        p.linux().namespaces.push(Namespace {
            kind: NamespaceType::User,
            path: String::new(),
        });
        let map = vec![IdMapping {
            container_id: 0,
            host_id: 0,
            size: 0,
        }];
        p.linux().uid_mappings.clone_from(&map);
        p.linux().gid_mappings = map;
    }),
    ("oom_score_adj", |p| p.process().oom_score_adj = Some(-999)),
    ("cgroups path", |p| p.linux().cgroups_path = "/".to_owned()),
    ("root file system", |p| {
        p.bundle.spec.root.as_mut().unwrap().path = "nowhere".to_owned()
    }),
    ("ociVersion", |p| p.bundle.spec.oci_version = "x".to_owned()),
    ("container id", |p| p.id = "../up".to_owned()),
];

fn steps() {
    // The first container of a process leaves the parent cgroup and grown buffers behind.
    Place::new("warm").show(&["exit:0"]);
    for (word, change) in WISHES {
        let mut place = Place::new("fails");
        place.does(&["exit:0"]);
        change(&mut place);
        let before = facts();
        let answer = hull_runtime::run(place.wish(hull_runtime::Stdio::Inherit));
        let Err(error) = answer else {
            if *word == "oom_score_adj" {
                continue; // somebody who holds CAP_SYS_RESOURCE may
            }
            panic!("{word} did not fail");
        };
        assert!(text(&error).contains(word), "{word}: {}", text(&error));
        assert_eq!(facts(), before, "{word}");
        assert!(!has_cgroups(&place), "{word}");
    }
}

fn many() {
    let mut place = Place::new("many");
    place.show(&["exit:0"]);
    let before = facts();
    for _ in 0..30 {
        assert_eq!(
            place.show(&["list:/dev"]).exit,
            hull_sys::pidfd::Exit::Code(0)
        );
    }
    assert_eq!(facts(), before);
}

/// A document with any byte changed or cut is an error or a specification; running it never panics.
fn documents() {
    let place = Place::new("documents");
    let good = serde_json::to_vec(&place.bundle.spec).unwrap();
    let dir = place.dir.path();
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed >> 32).unwrap()
    };
    let mut parsed = 0;
    for _ in 0..400 {
        let mut bytes = good.clone();
        for _ in 0..=next() % 3 {
            let at = next() % bytes.len();
            match next() % 3 {
                0 => bytes[at] = u8::try_from(next() % 256).unwrap(),
                1 => bytes.truncate(at.max(1)),
                _ => bytes.insert(at, b"\"{}[]:,0-9\\\0"[next() % 12]),
            }
        }
        fs::write(dir.join("config.json"), &bytes).unwrap();
        match hull_runtime::Bundle::load(dir) {
            Ok(_) => parsed += 1,
            Err(error) => assert!(text(&error).contains("config.json"), "{error}"),
        }
    }
    assert!(parsed > 0, "some changes are harmless");
}
