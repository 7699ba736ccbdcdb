//! Mounts beyond the root: docker's defaults, files for /etc, and what the user asked for.
//!
//! Leaves checking and making bind sources to `gather`. Invariant: what the user mounts replaces a
//! default on the same path, and a parent is mounted before what lies beneath it.

use std::path::Path;

use hull_model::container::mount::{Mount as Wish, MountKind};
use hull_model::container::namespace::IpcMode;
use hull_oci::runtime_spec::Mount;

use crate::container::spec::input::{BindMount, HostFacts, Input};
use crate::container::spec::process::INIT_PATH;
use crate::container::spec::security::Security;
use crate::container::spec::validate::clean;

/// 64 MiB.
const SHM_SIZE: u64 = 64 << 20;

/// All mounts, in the order in which they are made.
pub fn mounts(input: &Input<'_>, security: &Security) -> Vec<Mount> {
    let mut own = asked(input);
    let taken: Vec<String> = own.iter().map(|mount| mount.destination.clone()).collect();
    let is_taken = |path: &str| {
        let hides = |at: &String| at == path || (at == "/dev" && path.starts_with("/dev/"));
        taken.iter().any(hides)
    };
    own.extend(
        etc(input)
            .into_iter()
            .filter(|mount| !is_taken(&mount.destination)),
    );
    own.sort_by_key(|mount| mount.destination.split('/').count());
    let mut all = defaults(input, security);
    all.retain(|mount| !is_taken(&mount.destination));
    all.extend(own);
    if input.config.init {
        all.push(bind(&input.init, INIT_PATH, &["bind", "ro"]));
    }
    all
}

fn defaults(input: &Input<'_>, security: &Security) -> Vec<Mount> {
    let privileged = input.config.privileged;
    let sys: &[&str] = if privileged { &[] } else { &["ro"] };
    let cgroup: &[&str] = if privileged || security.writable_cgroups {
        &[]
    } else {
        &["ro"]
    };
    let mut list = vec![
        mount("/proc", "proc", "proc", &["nosuid", "noexec", "nodev"], &[]),
        mount(
            "/dev",
            "tmpfs",
            "tmpfs",
            &["nosuid", "strictatime", "mode=755", "size=65536k"],
            &[],
        ),
        mount(
            "/dev/pts",
            "devpts",
            "devpts",
            &[
                "nosuid",
                "noexec",
                "newinstance",
                "ptmxmode=0666",
                "mode=0620",
                "gid=5",
            ],
            &[],
        ),
        mount(
            "/sys",
            "sysfs",
            "sysfs",
            &["nosuid", "noexec", "nodev"],
            sys,
        ),
        mount(
            "/sys/fs/cgroup",
            "cgroup",
            "cgroup",
            &["nosuid", "noexec", "nodev"],
            cgroup,
        ),
    ];
    list.extend(ipc(input));
    list
}

/// Message queues and shared memory of whichever IPC namespace the container is in.
fn ipc(input: &Input<'_>) -> Vec<Mount> {
    let queue = mount(
        "/dev/mqueue",
        "mqueue",
        "mqueue",
        &["nosuid", "noexec", "nodev"],
        &[],
    );
    let shared = |path: &Path| bind(path, "/dev/shm", &["rbind", "rprivate"]);
    match &input.config.ipc {
        // A message queue file system mounted in the host's namespace is the host's.
        IpcMode::Host => vec![queue, shared(Path::new("/dev/shm"))],
        IpcMode::None => vec![queue],
        IpcMode::Container(_) | IpcMode::Shareable => match &input.shm {
            Some(path) => vec![queue, shared(path)],
            None => vec![queue],
        },
        IpcMode::Private => {
            let size = format!("size={}", input.config.shm_size.unwrap_or(SHM_SIZE));
            let options = ["nosuid", "noexec", "nodev", "mode=1777"];
            vec![queue, mount("/dev/shm", "tmpfs", "shm", &options, &[&size])]
        }
    }
}

fn etc(input: &Input<'_>) -> Vec<Mount> {
    let options = ["rbind", "rprivate"];
    vec![
        bind(&input.etc.resolv_conf, "/etc/resolv.conf", &options),
        bind(&input.etc.hostname, "/etc/hostname", &options),
        bind(&input.etc.hosts, "/etc/hosts", &options),
    ]
}

fn asked(input: &Input<'_>) -> Vec<Mount> {
    let tmpfs = input
        .config
        .mounts
        .iter()
        .filter(|wish| wish.kind == MountKind::Tmpfs)
        .map(tmpfs);
    let binds = input
        .binds
        .iter()
        .chain(&input.cdi.mounts)
        .map(|one| Mount {
            destination: one.target.clone(),
            kind: "bind".into(),
            source: one.source.clone(),
            options: one.options.clone(),
            ..Mount::default()
        });
    tmpfs.chain(binds).collect()
}

/// Options of a bind as the runtime reads them.
pub fn bind_options(wish: &Wish, host: &HostFacts) -> Vec<String> {
    let mut options = vec![if wish.non_recursive { "bind" } else { "rbind" }.to_owned()];
    if wish.read_only {
        let recursive = wish.recursive_read_only.unwrap_or(host.recursive_read_only);
        let recursive = recursive && !wish.non_recursive;
        options.push(if recursive { "rro" } else { "ro" }.to_owned());
    }
    options.push(
        wish.propagation
            .clone()
            .unwrap_or_else(|| "rprivate".into()),
    );
    options
}

/// Whether `bind` asks for changes on the host side to be seen inside (and so needs a shared or
/// slave source).
pub fn propagates(bind: &BindMount) -> bool {
    bind.options
        .iter()
        .any(|o| matches!(o.as_str(), "shared" | "rshared" | "slave" | "rslave"))
}

/// A tmpfs: nothing executable, no set-id, no devices, unless the user says otherwise.
fn tmpfs(wish: &Wish) -> Mount {
    let mut options: Vec<String> = ["noexec", "nosuid", "nodev", "rprivate"]
        .map(String::from)
        .to_vec();
    for option in &wish.options {
        let opposite = match option.as_str() {
            "exec" => "noexec",
            "suid" => "nosuid",
            "dev" => "nodev",
            "rw" => "ro",
            "ro" => "rw",
            _ => "",
        };
        options.retain(|known| known != opposite && known != option);
        options.push(option.clone());
    }
    if wish.read_only {
        options.push("ro".into());
    }
    if let Some(size) = wish.tmpfs_size {
        options.push(format!("size={size}"));
    }
    if let Some(mode) = wish.tmpfs_mode {
        options.push(format!("mode={mode:o}"));
    }
    Mount {
        destination: clean(&wish.target),
        kind: "tmpfs".into(),
        source: "tmpfs".into(),
        options,
        ..Mount::default()
    }
}

fn mount(path: &str, kind: &str, source: &str, options: &[&str], more: &[&str]) -> Mount {
    Mount {
        destination: path.into(),
        kind: kind.into(),
        source: source.into(),
        options: options
            .iter()
            .chain(more)
            .map(ToString::to_string)
            .collect(),
        ..Mount::default()
    }
}

fn bind(source: &Path, target: &str, options: &[&str]) -> Mount {
    mount(target, "bind", &source.to_string_lossy(), options, &[])
}
