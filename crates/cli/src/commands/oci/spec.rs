//! `spec`: a configuration to begin with.

use std::ffi::OsString;

use serde_json::{Value, json};

use super::fault::Fault;
use super::words::Words;
use super::{Answer, absolute};

/// `spec [--bundle DIR] [--rootless]`
pub(super) fn main(rest: Vec<OsString>) -> Answer {
    let words = Words::sort(rest, &[("bundle,b", true), ("rootless", false)], false)?;
    words.end()?;
    let dir = absolute(words.value("bundle").unwrap_or("."));
    let path = dir.join("config.json");
    if path.exists() {
        return Err(Fault::usage(format!(
            "cannot write {}: it exists (remove it first)",
            path.display()
        )));
    }
    let mut spec = example();
    if words.has("rootless") {
        make_rootless(&mut spec);
    }
    let text = serde_json::to_string_pretty(&spec)
        .map_err(|error| Fault::usage(format!("cannot write a document: {error}")))?;
    std::fs::write(&path, text + "\n").map_err(|source| Fault::file("write", &path, &source))?;
    Ok(0)
}

/// A shell in a plain root file system with everything of its own.
fn example() -> Value {
    let capabilities = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"];
    json!({
        "ociVersion": hull_oci::runtime_spec::VERSION,
        "process": {
            "terminal": true,
            "user": {"uid": 0, "gid": 0},
            "args": ["sh"],
            "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
            "cwd": "/",
            "capabilities": {"bounding": capabilities, "effective": capabilities, "permitted": capabilities},
            "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}],
            "noNewPrivileges": true
        },
        "root": {"path": "rootfs", "readonly": true},
        "hostname": "hull",
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
            {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
            {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
            {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": ["nosuid", "noexec", "nodev"]},
            {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
            {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "noexec", "nodev", "relatime", "ro"]}
        ],
        "linux": {
            "resources": {"devices": [{"allow": false, "access": "rwm"}]},
            "namespaces": [{"type": "pid"}, {"type": "network"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"}, {"type": "cgroup"}],
            "maskedPaths": ["/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi"],
            "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
        }
    })
}

/// The same for a user who is not root: mapped to themselves, in the host's network, without limits.
fn make_rootless(spec: &mut Value) {
    let (uid, gid) = (
        rustix::process::getuid().as_raw(),
        rustix::process::getgid().as_raw(),
    );
    if let Some(linux) = spec.get_mut("linux").and_then(Value::as_object_mut) {
        linux.remove("resources");
        linux.insert(
            "uidMappings".to_owned(),
            json!([{"containerID": 0, "hostID": uid, "size": 1}]),
        );
        linux.insert(
            "gidMappings".to_owned(),
            json!([{"containerID": 0, "hostID": gid, "size": 1}]),
        );
        if let Some(list) = linux.get_mut("namespaces").and_then(Value::as_array_mut) {
            list.retain(|one| one.get("type") != Some(&json!("network")));
            list.push(json!({"type": "user"}));
        }
    }
    if let Some(mounts) = spec.get_mut("mounts").and_then(Value::as_array_mut) {
        mounts.retain(|one| one.get("type") != Some(&json!("cgroup")));
        for one in mounts {
            // sysfs belongs to the network namespace, which is the host's.
            if one.get("type") == Some(&json!("sysfs")) {
                *one = json!({"destination": "/sys", "type": "none", "source": "/sys", "options": ["rbind", "nosuid", "noexec", "nodev", "ro"]});
            }
            // The map has no group 5.
            if let Some(options) = one.get_mut("options").and_then(Value::as_array_mut) {
                options.retain(|option| option != &json!("gid=5"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hull_oci::runtime_spec::Spec;

    #[test]
    fn both_examples_are_specifications() {
        let mut spec = example();
        serde_json::from_value::<Spec>(spec.clone()).unwrap();
        make_rootless(&mut spec);
        let spec: Spec = serde_json::from_value(spec).unwrap();
        assert_eq!(spec.linux.unwrap().uid_mappings.len(), 1);
    }
}
