//! What a container's files look like from inside, by the kernel's own mount table.

use std::fs;
use std::os::unix::fs::symlink;

use hull_oci::runtime_spec::{Device, IdMapping, RootfsPropagation};

use super::place::{Place, bind, mount};

pub(crate) const CASES: &[crate::Case] = &[
    ("mounts_have_their_flags_and_order", flags),
    ("masked_and_readonly_paths", masks),
    ("devices_and_links", devices),
    ("a_read_only_root", read_only_root),
    ("recursive_read_only_binds", recursive),
    ("propagation_of_binds_and_root", propagation),
    ("idmapped_binds", idmapped),
    ("a_tmpfs_filled_with_what_it_hides", copy_up),
    ("links_in_the_image_lead_nowhere_outside", escapes),
    ("cgroups_are_shown", cgroups),
    ("an_overlay_as_the_root", overlay),
    ("a_moved_root", moved_root),
    ("a_missing_working_directory_is_made", working_directory),
];

/// The mount table's lines: mount point, options, optional fields.
fn table(shown: &super::place::Shown) -> Vec<(String, String, String)> {
    let lines = shown.part("/proc/self/mountinfo").lines();
    let line = |line: &str| {
        let (left, _) = line.split_once(" - ").unwrap();
        let fields: Vec<&str> = left.split(' ').collect();
        (
            fields[4].to_owned(),
            fields[5].to_owned(),
            fields[6..].join(" "),
        )
    };
    lines.map(line).collect()
}

fn options_of(shown: &super::place::Shown, place: &str) -> String {
    let found = table(shown).into_iter().find(|(point, ..)| point == place);
    found
        .unwrap_or_else(|| panic!("{place} is not mounted: {shown:?}"))
        .1
}

fn flags() {
    let mut place = Place::new("flags");
    let shown = place.show(&["cat:/proc/self/mountinfo"]);
    assert_eq!(
        options_of(&shown, "/proc"),
        "rw,nosuid,nodev,noexec,relatime"
    );
    assert_eq!(options_of(&shown, "/dev"), "rw,nosuid");
    assert_eq!(
        options_of(&shown, "/sys"),
        "ro,nosuid,nodev,noexec,relatime"
    );
    let points: Vec<String> = table(&shown).into_iter().map(|(point, ..)| point).collect();
    let expected = [
        "/",
        "/proc",
        "/dev",
        "/dev/pts",
        "/dev/shm",
        "/dev/mqueue",
        "/sys",
    ];
    assert_eq!(points, expected, "nothing of the host is left");
}

fn masks() {
    let mut place = Place::new("masks");
    place.linux().masked_paths = ["/proc/keys", "/sys/firmware", "/proc/nonexistent"]
        .map(str::to_owned)
        .to_vec();
    place.linux().readonly_paths = vec!["/proc/sys".to_owned()];
    let shown = place.show(&[
        "cat:/proc/keys",
        "list:/sys/firmware",
        "write:/sys/firmware/x",
        "write:/proc/sys/kernel/domainname",
        "cat:/proc/self/mountinfo",
    ]);
    assert_eq!(shown.part("/proc/keys"), "");
    assert_eq!(shown.part("/sys/firmware"), "");
    assert_eq!(shown.part("/sys/firmware/x"), "error 30");
    assert_eq!(shown.part("/proc/sys/kernel/domainname"), "error 30");
    assert!(options_of(&shown, "/proc/sys").starts_with("ro"));
}

fn devices() {
    let mut place = Place::new("devices");
    place.linux().devices = vec![Device {
        kind: "c".to_owned(),
        path: "/dev/deep/zero".to_owned(),
        major: 1,
        minor: 5,
        file_mode: Some(0o640),
        uid: Some(3),
        gid: Some(4),
    }];
    let shown = place.show(&[
        "list:/dev",
        "stat:/dev/null",
        "stat:/dev/deep/zero",
        "link:/dev/ptmx",
        "link:/dev/fd",
        "write:/dev/null",
    ]);
    for name in [
        "null", "zero", "full", "random", "urandom", "tty", "fd", "stdin", "stdout", "stderr",
        "ptmx",
    ] {
        assert!(
            shown.part("/dev").split(' ').any(|one| one == name),
            "{name}: {shown:?}"
        );
    }
    assert_eq!(shown.part("/dev/deep/zero"), "20640 3 4 105");
    assert_eq!(shown.part("/dev/ptmx"), "pts/ptmx");
    assert_eq!(shown.part("/dev/fd"), "/proc/self/fd");
    assert_eq!(shown.part("/dev/null"), "written");
}

fn read_only_root() {
    let mut place = Place::new("ro");
    place.bundle.spec.root.as_mut().unwrap().readonly = true;
    let shown = place.show(&["write:/x", "write:/dev/shm/x", "cat:/proc/self/mountinfo"]);
    assert_eq!(shown.part("/x"), "error 30");
    assert_eq!(shown.part("/dev/shm/x"), "written");
    assert!(options_of(&shown, "/").starts_with("ro"));
    assert!(!place.root().join("x").exists());
}

fn recursive() {
    let mut place = Place::new("rro");
    let source = place.dir.path().join("source");
    fs::create_dir_all(&source).unwrap();
    place
        .bundle
        .spec
        .mounts
        .push(bind("/sys/fs/cgroup".as_ref(), "/all", &["rbind", "rro"]));
    place
        .bundle
        .spec
        .mounts
        .push(bind(&source, "/one", &["bind", "ro", "nosuid"]));
    let shown = place.show(&["cat:/proc/self/mountinfo", "write:/one/x"]);
    let below: Vec<_> = table(&shown)
        .into_iter()
        .filter(|(point, ..)| point.starts_with("/all"))
        .collect();
    assert!(!below.is_empty());
    assert!(
        below
            .iter()
            .all(|(_, options, _)| options.starts_with("ro")),
        "{below:?}"
    );
    assert_eq!(shown.part("/one/x"), "error 30");
    assert_eq!(options_of(&shown, "/one"), "ro,nosuid,relatime");
}

fn propagation() {
    let mut place = Place::new("propagation");
    let source = place.dir.path().join("source");
    fs::create_dir_all(&source).unwrap();
    place.linux().rootfs_propagation = Some(RootfsPropagation::Unbindable);
    place
        .bundle
        .spec
        .mounts
        .push(bind(&source, "/shared", &["rbind", "rshared"]));
    place
        .bundle
        .spec
        .mounts
        .push(bind(&source, "/private", &["rbind", "rprivate"]));
    let shown = place.show(&["cat:/proc/self/mountinfo"]);
    let fields = |place: &str| {
        let found = table(&shown).into_iter().find(|(point, ..)| point == place);
        found.unwrap().2
    };
    assert!(
        fields("/shared").contains("shared:"),
        "{}",
        fields("/shared")
    );
    assert_eq!(fields("/private"), "");
    assert_eq!(fields("/"), "unbindable");
}

fn idmapped() {
    let mut place = Place::new("idmap");
    let source = place.dir.path().join("source");
    fs::create_dir_all(&source).unwrap();
    let map = vec![IdMapping {
        container_id: 0,
        host_id: 1234,
        size: 10,
    }];
    let mut wish = bind(&source, "/mapped", &["bind", "idmap"]);
    wish.uid_mappings.clone_from(&map);
    wish.gid_mappings = map;
    place.bundle.spec.mounts.push(wish);
    let shown = place.show(&["stat:/mapped"]);
    assert_eq!(shown.part("/mapped"), "40755 1234 1234 0");
}

fn copy_up() {
    let mut place = Place::new("copyup");
    fs::write(place.root().join("etc/name"), "value").unwrap();
    symlink("name", place.root().join("etc/link")).unwrap();
    place
        .bundle
        .spec
        .mounts
        .push(mount("/etc", "tmpfs", &["tmpcopyup", "ro"]));
    let shown = place.show(&["cat:/etc/name", "link:/etc/link", "write:/etc/x"]);
    assert_eq!(shown.part("/etc/name"), "value");
    assert_eq!(shown.part("/etc/link"), "name");
    assert_eq!(shown.part("/etc/x"), "error 30");
}

fn escapes() {
    let mut place = Place::new("escapes");
    let outside = place.dir.path().join("outside");
    fs::create_dir(&outside).unwrap();
    symlink(&outside, place.root().join("absolute")).unwrap();
    symlink("../../outside", place.root().join("relative")).unwrap();
    symlink("/proc/1/root", place.root().join("magic")).unwrap();
    for at in ["/absolute/a", "/relative/b"] {
        place.bundle.spec.mounts.push(mount(at, "tmpfs", &[]));
    }
    place.show(&["cat:/proc/self/mountinfo"]);
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    // Through a link of procfs it would lead to a root; it is refused instead.
    place
        .bundle
        .spec
        .mounts
        .push(mount("/magic/tmp/c", "tmpfs", &[]));
    let error = place.try_show(&[]).unwrap_err();
    assert!(error.to_string().contains("/magic/tmp/c"), "{error}");
}

fn cgroups() {
    let mut place = Place::new("cgroups");
    let safe = &["nosuid", "noexec", "nodev", "ro"];
    place
        .bundle
        .spec
        .mounts
        .push(mount("/sys/fs/cgroup", "cgroup", safe));
    let shown = place.show(&[
        "list:/sys/fs/cgroup",
        "cat:/proc/self/cgroup",
        "write:/sys/fs/cgroup/x",
    ]);
    assert_eq!(shown.part("/sys/fs/cgroup/x"), "error 30");
    // In a namespace of its own the container's groups are the roots.
    let own = shown
        .part("/proc/self/cgroup")
        .lines()
        .filter(|line| !line.ends_with(":/"));
    assert_eq!(own.count(), 0, "{shown:?}");
    if !place.host.cgroup.is_v2() {
        let names = shown.part("/sys/fs/cgroup");
        assert!(
            names.contains("pids") && names.contains("memory"),
            "{names}"
        );
    }
}

fn overlay() {
    let mut place = Place::new("overlay");
    for one in ["upper", "work", "merged"] {
        fs::create_dir(place.dir.path().join(one)).unwrap();
    }
    let dir = place.dir.path().to_owned();
    let at = |name: &str| dir.join(name).display().to_string();
    let options = [
        format!("lowerdir={}", at("rootfs")),
        format!("upperdir={}", at("upper")),
        format!("workdir={}", at("work")),
    ];
    let mut root = mount("/", "overlay", &[]);
    root.options = options.to_vec();
    place.bundle.spec.root.as_mut().unwrap().path = "merged".to_owned();
    place.does(&["write:/written", "cat:/proc/self/mountinfo"]);
    let (stdio, reader) = super::place::piped();
    let mounts = [root];
    let mut wish = place.wish(stdio);
    wish.rootfs_mounts = &mounts;
    let shown = super::place::finish(hull_runtime::run(wish).unwrap(), reader);
    assert_eq!(shown.part("/written"), "written");
    assert!(place.dir.path().join("upper/written").exists());
    assert!(!place.root().join("written").exists());
    let own = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(
        !own.contains(&at("merged")),
        "the mount never shows in our namespace"
    );
}

fn moved_root() {
    let mut place = Place::new("moved");
    place.does(&["list:/", "cat:/proc/self/mountinfo"]);
    let (stdio, reader) = super::place::piped();
    let mut wish = place.wish(stdio);
    wish.pivot = false;
    let shown = super::place::finish(hull_runtime::run(wish).unwrap(), reader);
    assert!(shown.part("/").contains("probe"), "{shown:?}");
}

fn working_directory() {
    let mut place = Place::new("cwd");
    place.process().cwd = "/new/dir".to_owned();
    let shown = place.show(&["cwd"]);
    assert_eq!(shown.part("cwd"), "/new/dir");
    place.process().cwd = "/proc/self/fd/3".to_owned();
    let error = place.try_show(&["cwd"]).unwrap_err();
    assert!(error.to_string().contains("/proc/self/fd/3"), "{error}");
}
