//! `features`: what this runtime can do, for tools that ask before they use it.

use std::collections::BTreeMap;
use std::ffi::OsString;

use hull_oci::runtime_spec::{
    CgroupFeature, Feature, Features, LinuxFeatures, MountExtensions, SeccompFeature, VERSION,
};
use hull_runtime::security::capabilities;

use super::words::Words;
use super::{Answer, print_json};

fn list(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

/// `features`
pub(super) fn main(rest: Vec<OsString>) -> Answer {
    Words::sort(rest, &[], false)?.end()?;
    print_json(&features(), true)
}

fn features() -> Features {
    let mut options: Vec<String> = hull_runtime::known_mount_options()
        .map(str::to_owned)
        .collect();
    options.sort();
    Features {
        oci_version_min: "1.0.0".to_owned(),
        oci_version_max: VERSION.to_owned(),
        hooks: list(&[
            "prestart",
            "createRuntime",
            "createContainer",
            "startContainer",
            "poststart",
            "poststop",
        ]),
        mount_options: options,
        linux: Some(linux()),
        annotations: BTreeMap::from([(
            "org.hull.version".to_owned(),
            env!("CARGO_PKG_VERSION").to_owned(),
        )]),
        potentially_unsafe_config_annotations: Vec::new(),
    }
}

fn linux() -> LinuxFeatures {
    let enabled = |enabled| {
        Some(Feature {
            enabled: Some(enabled),
        })
    };
    LinuxFeatures {
        namespaces: list(&[
            "cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts",
        ]),
        capabilities: capabilities::names(capabilities::ALL)
            .into_iter()
            .map(str::to_owned)
            .collect(),
        cgroup: Some(CgroupFeature {
            v1: Some(true),
            v2: Some(true),
            systemd: Some(true),
            systemd_user: Some(false),
            rdma: Some(true),
        }),
        seccomp: Some(seccomp()),
        apparmor: enabled(true),
        selinux: enabled(true),
        intel_rdt: enabled(false),
        mount_extensions: Some(MountExtensions {
            idmap: enabled(true),
        }),
    }
}

fn seccomp() -> SeccompFeature {
    use hull_sys::seccomp;
    const FLAGS: &[(&str, u32)] = &[
        ("SECCOMP_FILTER_FLAG_TSYNC", seccomp::FLAG_TSYNC),
        ("SECCOMP_FILTER_FLAG_LOG", seccomp::FLAG_LOG),
        ("SECCOMP_FILTER_FLAG_SPEC_ALLOW", seccomp::FLAG_SPEC_ALLOW),
        (
            "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
            seccomp::FLAG_WAIT_KILLABLE_RECV | seccomp::FLAG_NEW_LISTENER,
        ),
    ];
    let known = FLAGS.iter().map(|(name, _)| (*name).to_owned());
    let supported = FLAGS.iter().filter(|(_, flag)| seccomp::knows_flags(*flag));
    SeccompFeature {
        enabled: Some(true),
        actions: list(&[
            "SCMP_ACT_ALLOW",
            "SCMP_ACT_ERRNO",
            "SCMP_ACT_KILL",
            "SCMP_ACT_KILL_PROCESS",
            "SCMP_ACT_KILL_THREAD",
            "SCMP_ACT_LOG",
            "SCMP_ACT_NOTIFY",
            "SCMP_ACT_TRACE",
            "SCMP_ACT_TRAP",
        ]),
        operators: list(&[
            "SCMP_CMP_EQ",
            "SCMP_CMP_GE",
            "SCMP_CMP_GT",
            "SCMP_CMP_LE",
            "SCMP_CMP_LT",
            "SCMP_CMP_MASKED_EQ",
            "SCMP_CMP_NE",
        ]),
        archs: list(&[
            "SCMP_ARCH_AARCH64",
            "SCMP_ARCH_ARM",
            "SCMP_ARCH_X32",
            "SCMP_ARCH_X86",
            "SCMP_ARCH_X86_64",
        ]),
        known_flags: known.collect(),
        supported_flags: supported.map(|(name, _)| (*name).to_owned()).collect(),
    }
}
