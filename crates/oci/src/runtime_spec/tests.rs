//! Documents as other tools write them are read, and survive being written again.

use serde_json::{Value, json};

use super::{Features, NamespaceType, Spec, State, Status};

fn round_trip(document: Value) -> Spec {
    let spec: Spec = serde_json::from_value(document.clone()).unwrap();
    let written = serde_json::to_value(&spec).unwrap();
    let again: Spec = serde_json::from_value(written.clone()).unwrap();
    assert_eq!(spec, again);
    assert_eq!(written, document, "left: written by us, right: read");
    spec
}

fn full() -> Value {
    json!({
        "ociVersion": "1.2.0",
        "process": {
            "terminal": true,
            "consoleSize": {"height": 24, "width": 80},
            "user": {"uid": 1, "gid": 2, "umask": 18, "additionalGids": [5, 6]},
            "args": ["sh", "-c", "true"],
            "env": ["PATH=/bin"],
            "cwd": "/",
            "capabilities": {"bounding": ["CAP_CHOWN"], "ambient": ["CAP_KILL"]},
            "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 512}],
            "noNewPrivileges": true,
            "apparmorProfile": "p",
            "oomScoreAdj": 100,
            "scheduler": {"policy": "SCHED_OTHER", "nice": 3, "priority": 0, "runtime": 0, "deadline": 0, "period": 0},
            "selinuxLabel": "l",
            "ioPriority": {"class": "IOPRIO_CLASS_IDLE", "priority": 4},
            "execCPUAffinity": {"initial": "0-1", "final": "1"}
        },
        "root": {"path": "rootfs", "readonly": true},
        "hostname": "h",
        "domainname": "d",
        "mounts": [{"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid"],
            "uidMappings": [{"containerID": 0, "hostID": 1000, "size": 1}],
            "gidMappings": [{"containerID": 0, "hostID": 1000, "size": 1}]}],
        "hooks": {"createRuntime": [{"path": "/bin/true", "args": ["true"], "env": ["A=b"], "timeout": 5}]},
        "annotations": {"a": "b"},
        "linux": {
            "uidMappings": [{"containerID": 0, "hostID": 1000, "size": 10}],
            "gidMappings": [{"containerID": 0, "hostID": 1000, "size": 10}],
            "sysctl": {"net.core.somaxconn": "256"},
            "resources": {
                "unified": {"memory.high": "1"},
                "devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 1, "minor": 3, "access": "rwm"}],
                "memory": {"limit": -1, "kernelTCP": 4, "disableOOMKiller": true, "useHierarchy": true},
                "cpu": {"shares": 1, "quota": -1, "cpus": "0", "idle": 1},
                "pids": {"limit": 5},
                "blockIO": {"weight": 10, "throttleReadIOPSDevice": [{"major": 8, "minor": 0, "rate": 9}]},
                "hugepageLimits": [{"pageSize": "2MB", "limit": 0}],
                "network": {"classID": 1, "priorities": [{"name": "lo", "priority": 1}]},
                "rdma": {"mlx": {"hcaHandles": 3}}
            },
            "cgroupsPath": "/x/y",
            "namespaces": [{"type": "pid"}, {"type": "network", "path": "/n"}, {"type": "time"}],
            "devices": [{"type": "c", "path": "/dev/x", "major": 1, "minor": 3, "fileMode": 438, "uid": 0, "gid": 0}],
            "seccomp": {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "architectures": ["SCMP_ARCH_X86_64"],
                "flags": ["SECCOMP_FILTER_FLAG_LOG"], "listenerPath": "/s", "listenerMetadata": "m",
                "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW", "errnoRet": 2,
                    "args": [{"index": 0, "value": 1, "valueTwo": 2, "op": "SCMP_CMP_MASKED_EQ"}]}]},
            "rootfsPropagation": "rslave",
            "maskedPaths": ["/proc/kcore"],
            "readonlyPaths": ["/proc/sys"],
            "mountLabel": "l",
            "intelRdt": {"closID": "g", "l3CacheSchema": "L3:0=f", "memBwSchema": "MB:0=20"},
            "personality": {"domain": "LINUX"},
            "timeOffsets": {"monotonic": {"secs": 1, "nanosecs": 2}}
        }
    })
}

#[test]
fn every_field_survives_a_round_trip() {
    let spec = round_trip(full());
    let linux = spec.linux.unwrap();
    assert_eq!(linux.namespaces[2].kind, NamespaceType::Time);
    assert_eq!(linux.resources.unwrap().memory.unwrap().kernel_tcp, Some(4));
}

#[test]
fn nulls_and_unknown_fields_are_accepted() {
    let spec: Spec = serde_json::from_value(json!({
        "ociVersion": "1.9.9-dev", "vm": {"x": 1}, "mounts": null, "hooks": {"prestart": null, "new": 1},
        "annotations": null, "hostname": null,
        "process": {"user": {"uid": 0, "gid": 0, "additionalGids": null}, "args": ["a"], "cwd": "/",
            "env": null, "capabilities": {"bounding": null}, "rlimits": null, "future": []},
        "linux": {"resources": {"devices": null, "memory": null}, "namespaces": null, "sysctl": null,
            "seccomp": null, "netDevices": {"eth0": {}}, "rootfsPropagation": ""}
    }))
    .unwrap();
    assert!(spec.mounts.is_empty());
    assert!(spec.process.unwrap().env.is_empty());
}

#[test]
fn unknown_namespace_is_an_error_that_names_it() {
    let error = serde_json::from_value::<Spec>(
        json!({"ociVersion": "1.0.0", "linux": {"namespaces": [{"type": "moon"}]}}),
    )
    .unwrap_err()
    .to_string();
    assert!(error.contains("moon"), "{error}");
}

#[test]
fn state_is_as_runc_prints_it() {
    let state: State = serde_json::from_value(json!({
        "ociVersion": "1.0.2-dev", "id": "a", "pid": 0, "status": "stopped", "bundle": "/b",
        "rootfs": "/b/rootfs", "created": "2026-01-01T00:00:00Z", "owner": ""
    }))
    .unwrap();
    assert_eq!(state.status, Status::Stopped);
}

#[test]
fn features_need_only_versions() {
    let features: Features =
        serde_json::from_value(json!({"ociVersionMin": "1.0.0", "ociVersionMax": "1.2.0"}))
            .unwrap();
    assert!(features.linux.is_none());
}
