//! Golden tests: whole runtime specs for wishes on hosts that need not exist.
//!
//! The expected documents lie in `golden/`; `cargo test -p hull-engine -- --ignored renew` writes
//! them anew, and the difference is reviewed.

use std::path::PathBuf;

use hull_model::container::config::ContainerConfig;
use hull_model::container::mount::{Mount, MountKind};
use hull_model::container::namespace::{CgroupnsMode, IpcMode, NetworkMode, PidMode, UtsMode};
use hull_model::container::resources::Ulimit;
use hull_model::id::ContainerId;
use hull_oci::image_config::ContainerDefaults;
use hull_oci::runtime_spec::Spec;

use super::compile::compile;
use super::input::{BindMount, DeviceNode, EtcFiles, HostFacts, Input, Joins};
use super::user::ResolvedUser;
use crate::container::effective::Effective;

struct Case {
    name: &'static str,
    config: ContainerConfig,
    host: HostFacts,
    user: ResolvedUser,
    binds: Vec<BindMount>,
    devices: Vec<DeviceNode>,
}

fn case(name: &'static str) -> Case {
    Case {
        name,
        // The default filter is the runtime's table with tests of its own, and long.
        config: ContainerConfig {
            security_opt: vec!["seccomp=unconfined".into()],
            ..ContainerConfig::default()
        },
        host: HostFacts {
            capabilities: (1 << 41) - 1,
            cpus: 4,
            hostname: "host".into(),
            recursive_read_only: true,
            ..HostFacts::default()
        },
        user: ResolvedUser {
            home: "/root".into(),
            ..ResolvedUser::default()
        },
        binds: Vec::new(),
        devices: Vec::new(),
    }
}

fn cases() -> Vec<Case> {
    let plain = case("plain");
    let mut limited = case("limited");
    limited.config.resources.memory = Some(64 << 20);
    limited.config.resources.nano_cpus = Some(500_000_000);
    limited.config.resources.pids_limit = Some(100);
    limited.config.ulimits = vec![Ulimit {
        name: "nofile".into(),
        soft: 10,
        hard: -1,
    }];
    limited.config.cap_drop = vec!["ALL".into()];
    limited.config.cap_add = vec!["net_admin".into()];
    limited.config.security_opt.push("no-new-privileges".into());
    limited.config.read_only = true;
    limited.config.device_cgroup_rules = vec!["c 42:* rmw".into()];
    limited.user = ResolvedUser {
        uid: 33,
        gid: 34,
        additional_gids: vec![4],
        home: "/var/www".into(),
    };
    let mut shared = case("host-modes");
    shared.config.network = NetworkMode::Host;
    shared.config.pid = PidMode::Host;
    shared.config.ipc = IpcMode::Host;
    shared.config.uts = UtsMode::Host;
    shared.config.cgroupns = CgroupnsMode::Private;
    let mut mounted = case("mounts");
    mounted.config.init = true;
    mounted.config.tty = true;
    mounted.config.mounts = vec![Mount {
        kind: MountKind::Tmpfs,
        source: String::new(),
        target: "/run/x/".into(),
        read_only: false,
        recursive_read_only: None,
        non_recursive: false,
        propagation: None,
        create_source: false,
        options: vec!["exec".into(), "size=64k".into()],
        tmpfs_size: None,
        tmpfs_mode: None,
        short_syntax: true,
    }];
    mounted.binds = vec![
        BindMount {
            source: "/srv".into(),
            target: "/run".into(),
            options: vec!["rbind".into(), "rslave".into()],
        },
        BindMount {
            source: "/shm".into(),
            target: "/dev/shm".into(),
            options: vec!["rbind".into()],
        },
    ];
    let mut privileged = case("privileged");
    privileged.config.privileged = true;
    privileged.config.security_opt.clear();
    privileged.host.cgroup_v2 = true;
    privileged.host.capabilities &= !(1 << 24);
    privileged.host.apparmor = Some("docker-default".into());
    privileged.devices = vec![DeviceNode {
        path: "/dev/fuse".into(),
        kind: 'c',
        major: 10,
        minor: 229,
        mode: 0o20_600,
        uid: 0,
        gid: 0,
        permissions: "rwm".into(),
    }];
    vec![plain, limited, shared, mounted, privileged]
}

fn spec(case: &Case) -> Spec {
    let id = ContainerId::from_bytes([0xab; 32]);
    let image = ContainerDefaults {
        env: vec!["PATH=/bin".into(), "LANG=C".into()],
        cmd: Some(vec!["sh".into()]),
        ..ContainerDefaults::default()
    };
    let effective = Effective::new(&case.config, &image);
    let input = Input {
        id: &id,
        config: &case.config,
        effective: &effective,
        user: case.user.clone(),
        host: &case.host,
        hostname: "box".into(),
        etc: EtcFiles {
            hosts: "/c/hosts".into(),
            hostname: "/c/hostname".into(),
            resolv_conf: "/c/resolv.conf".into(),
        },
        shm: None,
        init: "/usr/bin/hull".into(),
        joins: Joins::default(),
        binds: case.binds.clone(),
        devices: case.devices.clone(),
        host_devices: Vec::new(),
        block_numbers: std::collections::BTreeMap::new(),
        cdi: super::input::CdiEdits::default(),
        rootfs: "rootfs".into(),
    };
    compile(&input).unwrap()
}

fn file(case: &Case) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/container/spec/golden");
    dir.join(format!("{}.json", case.name))
}

fn text(case: &Case) -> String {
    serde_json::to_string_pretty(&spec(case)).unwrap() + "\n"
}

#[test]
fn specs_are_as_reviewed() {
    for case in cases() {
        let expected = std::fs::read_to_string(file(&case)).unwrap_or_default();
        assert_eq!(text(&case), expected, "{}", case.name);
    }
}

#[test]
#[ignore = "writes the expected documents"]
fn renew() {
    for case in cases() {
        std::fs::create_dir_all(file(&case).parent().unwrap()).unwrap();
        std::fs::write(file(&case), text(&case)).unwrap();
    }
}
