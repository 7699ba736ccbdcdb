//! What a container's program has: streams, environment, ids, limits, namespaces.

use std::fs;
use std::io::{Read, Write};

use hull_oci::runtime_spec::{
    ConsoleSize, IdMapping, Namespace, NamespaceType, Rlimit, TimeOffset, User,
};
use hull_runtime::Stdio;
use hull_sys::pidfd::Exit;

use super::place::{Place, finish, piped};

pub(crate) const CASES: &[crate::Case] = &[
    ("namespaces_are_its_own", namespaces),
    ("a_namespace_joined_by_path", joined),
    ("users_groups_and_umask", users),
    ("limits_and_oom_score", limits),
    ("only_three_descriptors", descriptors),
    ("descriptors_that_are_kept", kept),
    ("exit_codes_and_signals", exits),
    ("a_terminal_of_its_own", terminal),
    ("home_comes_from_its_passwd", home),
    ("a_user_namespace", user_namespace),
    ("other_clocks", clocks),
    ("kernel_parameters", parameters),
    ("standard_input_is_passed", input),
];

const KINDS: [&str; 6] = ["pid", "net", "ipc", "uts", "mnt", "cgroup"];

fn namespaces() {
    let mut place = Place::new("namespaces");
    let words = KINDS.map(|kind| format!("link:/proc/self/ns/{kind}"));
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    words.extend([
        "link:/proc/self/ns/user",
        "cat:/proc/sys/kernel/hostname",
        "cat:/proc/net/dev",
        "cat:/proc/self/stat",
    ]);
    let shown = place.show(&words);
    let own = |kind: &str| {
        fs::read_link(format!("/proc/self/ns/{kind}"))
            .unwrap()
            .display()
            .to_string()
    };
    for kind in KINDS {
        assert_ne!(shown.part(&format!("/proc/self/ns/{kind}")), own(kind));
    }
    assert_eq!(shown.part("/proc/self/ns/user"), own("user"));
    assert_eq!(shown.part("/proc/sys/kernel/hostname"), "inside");
    assert_eq!(
        shown.part("/proc/net/dev").lines().count(),
        3,
        "headings and lo"
    );
    assert!(shown.part("/proc/self/stat").starts_with("1 ("));
}

fn joined() {
    let mut first = Place::new("joined1");
    first.does(&["sleep"]);
    let (stdio, reader) = piped();
    let running = hull_runtime::run(first.wish(stdio)).unwrap();
    let path = |kind: &str| format!("/proc/{}/ns/{kind}", running.pid);
    let link = |kind: &str| fs::read_link(path(kind)).unwrap().display().to_string();
    let mut second = Place::new("joined2");
    second.bundle.spec.hostname.clear();
    for (kind, name) in [
        (NamespaceType::Network, "net"),
        (NamespaceType::Uts, "uts"),
        (NamespaceType::Ipc, "ipc"),
        (NamespaceType::Pid, "pid"),
    ] {
        let list = &mut second.linux().namespaces;
        list.retain(|one| one.kind != kind);
        list.push(Namespace {
            kind,
            path: path(name),
        });
    }
    let before = fs::read_link("/proc/self/ns/pid").unwrap();
    let shown = second.show(&[
        "link:/proc/self/ns/net",
        "link:/proc/self/ns/uts",
        "link:/proc/self/ns/ipc",
        "link:/proc/self/ns/pid",
        "cat:/proc/self/stat",
    ]);
    for name in ["net", "uts", "ipc", "pid"] {
        assert_eq!(shown.part(&format!("/proc/self/ns/{name}")), link(name));
    }
    assert!(!shown.part("/proc/self/stat").starts_with("1 ("));
    assert_eq!(
        fs::read_link("/proc/self/ns/pid_for_children").unwrap(),
        before,
        "we are back in our own"
    );
    hull_sys::pidfd::signal(&running.pidfd, 9).unwrap();
    assert_eq!(finish(running, reader).exit, Exit::Signal(9));
}

fn users() {
    let mut place = Place::new("users");
    fs::set_permissions(
        place.root().join("tmp"),
        std::os::unix::fs::PermissionsExt::from_mode(0o777),
    )
    .unwrap();
    place.process().user = User {
        uid: 1000,
        gid: 1001,
        umask: Some(0o077),
        additional_gids: vec![5, 6],
        ..User::default()
    };
    let shown = place.show(&[
        "cat:/proc/self/status",
        "write:/tmp/x",
        "write:/dev/stdout",
        "stat:/tmp/x",
    ]);
    assert_eq!(
        shown.field("/proc/self/status", "Uid"),
        "1000\t1000\t1000\t1000"
    );
    assert_eq!(
        shown.field("/proc/self/status", "Gid"),
        "1001\t1001\t1001\t1001"
    );
    assert_eq!(shown.field("/proc/self/status", "Groups"), "5 6");
    assert_eq!(shown.part("/tmp/x"), "100600 1000 1001 0");
    assert!(!shown.part("/dev/stdout").contains("error"), "{shown:?}");
}

fn limits() {
    let mut place = Place::new("limits");
    place.process().rlimits = vec![Rlimit {
        kind: "RLIMIT_NOFILE".to_owned(),
        hard: 512,
        soft: 256,
    }];
    place.process().oom_score_adj = Some(300);
    let shown = place.show(&["cat:/proc/self/limits", "cat:/proc/self/oom_score_adj"]);
    let line = shown
        .part("/proc/self/limits")
        .lines()
        .find(|line| line.starts_with("Max open files"));
    assert_eq!(
        line.unwrap()
            .split_whitespace()
            .skip(3)
            .take(2)
            .collect::<Vec<_>>(),
        ["256", "512"]
    );
    assert_eq!(shown.part("/proc/self/oom_score_adj"), "300");
    assert_eq!(
        fs::read_to_string("/proc/self/oom_score_adj")
            .unwrap()
            .trim(),
        "0",
        "ours did not change"
    );
}

fn descriptors() {
    let mut place = Place::new("descriptors");
    // One that was not made to close itself.
    let loose = fs::File::open("/etc/passwd").unwrap();
    hull_sys::fd::place(std::os::fd::AsFd::as_fd(&loose), 77).unwrap();
    let shown = place.show(&["list:/proc/self/fd"]);
    assert_eq!(
        shown.part("/proc/self/fd"),
        "0 1 2 3",
        "3 is the listing's own"
    );
    drop(hull_sys::fd::inherited(77));
}

fn kept() {
    let mut place = Place::new("kept");
    let one = fs::File::open("/etc/passwd").unwrap();
    hull_sys::fd::place(std::os::fd::AsFd::as_fd(&one), 3).unwrap();
    place.does(&["list:/proc/self/fd", "link:/proc/self/fd/3"]);
    let (stdio, reader) = piped();
    let mut wish = place.wish(stdio);
    wish.preserve_fds = 1;
    let shown = finish(hull_runtime::run(wish).unwrap(), reader);
    assert!(
        shown.part("/proc/self/fd/3").ends_with("passwd"),
        "{shown:?}"
    );
}

fn exits() {
    let mut place = Place::new("exits");
    assert_eq!(place.show(&["exit:42"]).exit, Exit::Code(42));
    place.does(&["sleep"]);
    let (stdio, reader) = piped();
    let running = hull_runtime::run(place.wish(stdio)).unwrap();
    hull_sys::pidfd::signal(&running.pidfd, 9).unwrap();
    assert_eq!(finish(running, reader).exit, Exit::Signal(9));
}

fn terminal() {
    let mut place = Place::new("terminal");
    place.process().terminal = true;
    place.process().console_size = Some(ConsoleSize {
        height: 33,
        width: 77,
    });
    place.does(&[
        "tty",
        "link:/proc/self/fd/0",
        "stat:/dev/console",
        "cat:/proc/self/stat",
        "write:/dev/tty",
    ]);
    let mut running = hull_runtime::run(place.wish(Stdio::Terminal)).unwrap();
    let master = fs::File::from(running.terminal.take().unwrap());
    let shown = finish(running, master);
    assert_eq!(shown.part("tty"), "true");
    assert_eq!(shown.part("/proc/self/fd/0"), "/dev/pts/0");
    assert!(
        shown.part("/dev/console").starts_with("20620 0 "),
        "{shown:?}"
    );
    let stat: Vec<&str> = shown.part("/proc/self/stat").split(' ').collect();
    assert_eq!(stat[5], "1", "leads its session");
    assert_ne!(stat[6], "0", "has a controlling terminal");
    assert!(!shown.part("/dev/tty").contains("error"), "{shown:?}");
}

fn home() {
    let mut place = Place::new("home");
    fs::write(
        place.root().join("etc/passwd"),
        "root:x:0:0::/the/root:/bin/sh\n",
    )
    .unwrap();
    assert!(place.show(&["env"]).part("env").contains("HOME=/the/root"));
    place.process().env = vec!["HOME=/given".to_owned(), "A=b".to_owned()];
    let shown = place.show(&["env"]);
    assert_eq!(
        shown.part("env"),
        "HOME=/given\nA=b",
        "nothing of ours is inherited"
    );
}

fn user_namespace() {
    let mut place = Place::new("users-ns");
    let map = vec![IdMapping {
        container_id: 0,
        host_id: 200_000,
        size: 65536,
    }];
    place.linux().namespaces.push(Namespace {
        kind: NamespaceType::User,
        path: String::new(),
    });
    place.linux().uid_mappings.clone_from(&map);
    place.linux().gid_mappings = map;
    // Every directory on the way must let the mapped root through.
    open_up(place.dir.path());
    let shown = place.show(&[
        "cat:/proc/self/uid_map",
        "cat:/proc/self/status",
        "stat:/dev/null",
        "write:/dev/null",
        "cat:/proc/self/mountinfo",
    ]);
    assert_eq!(
        shown
            .part("/proc/self/uid_map")
            .split_whitespace()
            .collect::<Vec<_>>(),
        ["0", "200000", "65536"]
    );
    assert_eq!(shown.field("/proc/self/status", "Uid"), "0\t0\t0\t0");
    assert_eq!(shown.part("/dev/null"), "written");
}

fn open_up(dir: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    for dir in dir.ancestors() {
        let mode = fs::metadata(dir).unwrap().permissions().mode();
        if mode & 0o001 == 0 {
            fs::set_permissions(dir, fs::Permissions::from_mode(mode | 0o011)).unwrap();
        }
    }
}

fn clocks() {
    let mut place = Place::new("clocks");
    place.linux().namespaces.push(Namespace {
        kind: NamespaceType::Time,
        path: String::new(),
    });
    place.linux().time_offsets.insert(
        "boottime".to_owned(),
        TimeOffset {
            secs: 10_000_000,
            nanosecs: 0,
        },
    );
    let shown = place.show(&["cat:/proc/uptime"]);
    let up: f64 = shown
        .part("/proc/uptime")
        .split(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!(up > 10_000_000.0, "{up}");
    assert_eq!(
        fs::read_link("/proc/self/ns/time").unwrap(),
        fs::read_link("/proc/self/ns/time_for_children").unwrap()
    );
}

fn parameters() {
    let mut place = Place::new("parameters");
    place
        .linux()
        .sysctl
        .insert("net.ipv4.ip_forward".to_owned(), "1".to_owned());
    place
        .linux()
        .sysctl
        .insert("kernel.shm_rmid_forced".to_owned(), "1".to_owned());
    place.linux().readonly_paths = vec!["/proc/sys".to_owned()];
    let shown = place.show(&[
        "cat:/proc/sys/net/ipv4/ip_forward",
        "cat:/proc/sys/kernel/shm_rmid_forced",
    ]);
    assert_eq!(shown.part("/proc/sys/net/ipv4/ip_forward"), "1");
    assert_eq!(shown.part("/proc/sys/kernel/shm_rmid_forced"), "1");
}

fn input() {
    let mut place = Place::new("input");
    place.does(&["input"]);
    let (stdio, reader) = piped();
    let (ours, mut theirs) = std::io::pipe().unwrap();
    let Stdio::Fds { stdout, stderr, .. } = stdio else {
        panic!()
    };
    let stdio = Stdio::Fds {
        stdin: ours.into(),
        stdout,
        stderr,
    };
    let running = hull_runtime::run(place.wish(stdio)).unwrap();
    theirs.write_all(b"said").unwrap();
    drop(theirs);
    let mut reader = reader;
    let mut first = [0u8; 1];
    reader.read_exact(&mut first).unwrap();
    let shown = finish(running, first.chain(reader));
    assert_eq!(shown.part("input"), "said");
}
