//! `HostConfig`: the part of the wish that is about the host.

use std::collections::BTreeMap;

use hull_model::container::config::ContainerConfig;
use hull_model::container::mount::{Mount, MountKind};
use hull_model::container::namespace::{CgroupnsMode, IpcMode, PidMode, UsernsMode, UtsMode};
use hull_model::container::resources::{DeviceValue, Resources};
use hull_model::container::restart::RestartPolicy;
use serde_json::{Map, Value, json};

use crate::container::inspect::mounts::mode;
use crate::container::inspect::subject::Subject;
use crate::container::spec::masks;
use crate::container::view::network_name;
use crate::error::Error;

const SHM_SIZE: u64 = 64 << 20;

/// Docker's `HostConfig`.
pub(super) fn host_config(subject: &Subject<'_>) -> Result<Value, Error> {
    let config = subject.row.config.get()?;
    let v2 = subject.context.cgroups()?.is_v2();
    let mut map = Map::new();
    life(config, &mut map);
    rights(config, v2, &mut map);
    resources(config, &mut map);
    paths(config, &mut map);
    Ok(Value::Object(map))
}

fn or_null(list: &[String]) -> Value {
    if list.is_empty() {
        Value::Null
    } else {
        json!(list)
    }
}

fn life(config: &ContainerConfig, map: &mut Map<String, Value>) {
    let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
    let short = |mount: &&Mount| mount.kind == MountKind::Bind && mount.short_syntax;
    let binds: Vec<String> = config.mounts.iter().filter(short).map(bind_text).collect();
    let (name, count) = match config.restart {
        RestartPolicy::No => ("no", 0),
        RestartPolicy::OnFailure { maximum } => ("on-failure", maximum),
        RestartPolicy::Always => ("always", 0),
        RestartPolicy::UnlessStopped => ("unless-stopped", 0),
    };
    let driver = Some(config.log.driver.as_str())
        .filter(|d| !d.is_empty())
        .unwrap_or("json-file");
    put("Binds", or_null(&binds));
    put("ContainerIDFile", json!(""));
    put(
        "LogConfig",
        json!({ "Type": driver, "Config": config.log.options }),
    );
    put("NetworkMode", json!(network_name(&config.network)));
    put("PortBindings", json!({}));
    put(
        "RestartPolicy",
        json!({ "Name": name, "MaximumRetryCount": count }),
    );
    put("AutoRemove", json!(config.auto_remove));
    put("VolumeDriver", json!(""));
    put("VolumesFrom", Value::Null);
    put("ConsoleSize", json!([0, 0]));
    if !config.annotations.is_empty() {
        put("Annotations", json!(config.annotations));
    }
}

fn bind_text(mount: &Mount) -> String {
    let mode = mode(mount);
    let colon = if mode.is_empty() { "" } else { ":" };
    format!("{}:{}{colon}{mode}", mount.source, mount.target)
}

fn rights(config: &ContainerConfig, v2: bool, map: &mut Map<String, Value>) {
    let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
    put("CapAdd", or_null(&capability_names(&config.cap_add)));
    put("CapDrop", or_null(&capability_names(&config.cap_drop)));
    put("CgroupnsMode", json!(cgroupns(config, v2)));
    for key in ["Dns", "DnsOptions", "DnsSearch"] {
        put(key, json!([]));
    }
    put("ExtraHosts", Value::Null);
    put("GroupAdd", or_null(&config.group_add));
    put("IpcMode", json!(ipc(&config.ipc)));
    put("Cgroup", json!(""));
    put("Links", Value::Null);
    put("OomScoreAdj", json!(config.oom_score_adj.unwrap_or(0)));
    put("PidMode", json!(pid(&config.pid)));
    put("Privileged", json!(config.privileged));
    put("PublishAllPorts", json!(false));
    put("ReadonlyRootfs", json!(config.read_only));
    put("SecurityOpt", or_null(&security_options(config)));
    if !config.storage_opt.is_empty() {
        put("StorageOpt", json!(config.storage_opt));
    }
    let tmpfs: BTreeMap<&str, String> = config
        .mounts
        .iter()
        .filter(|mount| mount.kind == MountKind::Tmpfs && mount.short_syntax)
        .map(|mount| (mount.target.as_str(), mount.options.join(",")))
        .collect();
    if !tmpfs.is_empty() {
        put("Tmpfs", json!(tmpfs));
    }
    put(
        "UTSMode",
        json!(if config.uts == UtsMode::Host {
            "host"
        } else {
            ""
        }),
    );
    put(
        "UsernsMode",
        json!(if config.userns == UsernsMode::Host {
            "host"
        } else {
            ""
        }),
    );
    put("ShmSize", json!(config.shm_size.unwrap_or(SHM_SIZE)));
    if !config.sysctls.is_empty() {
        put("Sysctls", json!(config.sysctls));
    }
    put(
        "Runtime",
        json!(config.runtime.as_deref().unwrap_or("hull")),
    );
    put("Isolation", json!(""));
}

/// Docker shows them upper-case with their prefix.
fn capability_names(names: &[String]) -> Vec<String> {
    let full = |name: &String| {
        let upper = name.to_ascii_uppercase();
        match upper.as_str() {
            "ALL" => upper,
            name if name.starts_with("CAP_") => upper,
            _ => format!("CAP_{upper}"),
        }
    };
    names.iter().map(full).collect()
}

fn security_options(config: &ContainerConfig) -> Vec<String> {
    let mut options = config.security_opt.clone();
    if config.privileged && options.is_empty() {
        options.push("label=disable".into());
    }
    options
}

fn cgroupns(config: &ContainerConfig, v2: bool) -> &'static str {
    match config.cgroupns {
        CgroupnsMode::Private => "private",
        CgroupnsMode::Host => "host",
        CgroupnsMode::Default if v2 && !config.privileged => "private",
        CgroupnsMode::Default => "host",
    }
}

fn ipc(mode: &IpcMode) -> String {
    match mode {
        IpcMode::Private => "private".into(),
        IpcMode::Shareable => "shareable".into(),
        IpcMode::None => "none".into(),
        IpcMode::Host => "host".into(),
        IpcMode::Container(name) => format!("container:{name}"),
    }
}

fn pid(mode: &PidMode) -> String {
    match mode {
        PidMode::Private => String::new(),
        PidMode::Host => "host".into(),
        PidMode::Container(name) => format!("container:{name}"),
    }
}

fn resources(config: &ContainerConfig, map: &mut Map<String, Value>) {
    let wish: &Resources = &config.resources;
    let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
    let number = |value: Option<i64>| json!(value.unwrap_or(0));
    put("CpuShares", number(wish.cpu_shares));
    put("Memory", number(wish.memory));
    put("NanoCpus", number(wish.nano_cpus));
    put(
        "CgroupParent",
        json!(config.cgroup_parent.clone().unwrap_or_default()),
    );
    put("BlkioWeight", json!(wish.blkio_weight.unwrap_or(0)));
    put("BlkioWeightDevice", weights(&wish.blkio_weight_device));
    put("BlkioDeviceReadBps", rates(&wish.device_read_bps));
    put("BlkioDeviceWriteBps", rates(&wish.device_write_bps));
    put("BlkioDeviceReadIOps", rates(&wish.device_read_iops));
    put("BlkioDeviceWriteIOps", rates(&wish.device_write_iops));
    put("CpuPeriod", number(wish.cpu_period));
    put("CpuQuota", number(wish.cpu_quota));
    put("CpuRealtimePeriod", number(wish.cpu_rt_period));
    put("CpuRealtimeRuntime", number(wish.cpu_rt_runtime));
    put(
        "CpusetCpus",
        json!(wish.cpuset_cpus.clone().unwrap_or_default()),
    );
    put(
        "CpusetMems",
        json!(wish.cpuset_mems.clone().unwrap_or_default()),
    );
    put("Devices", devices(config));
    put("DeviceCgroupRules", or_null(&config.device_cgroup_rules));
    put("DeviceRequests", device_requests(config));
    put("MemoryReservation", number(wish.memory_reservation));
    let doubled = wish
        .memory
        .filter(|limit| *limit > 0)
        .map(|limit| limit.saturating_mul(2));
    put(
        "MemorySwap",
        number(wish.memory_swap.filter(|swap| *swap != 0).or(doubled)),
    );
    put("MemorySwappiness", json!(wish.memory_swappiness));
    put("OomKillDisable", json!(wish.oom_kill_disable));
    put(
        "PidsLimit",
        json!(wish.pids_limit.filter(|limit| *limit > 0)),
    );
    let ulimits: Vec<Value> = config
        .ulimits
        .iter()
        .map(|one| json!({ "Name": one.name, "Hard": one.hard, "Soft": one.soft }))
        .collect();
    put("Ulimits", json!(ulimits));
    for key in [
        "CpuCount",
        "CpuPercent",
        "IOMaximumIOps",
        "IOMaximumBandwidth",
    ] {
        put(key, json!(0));
    }
}

fn weights(list: &[DeviceValue]) -> Value {
    let shown = list
        .iter()
        .map(|one| json!({ "Path": one.path, "Weight": one.value }));
    json!(shown.collect::<Vec<_>>())
}

fn rates(list: &[DeviceValue]) -> Value {
    let shown = list
        .iter()
        .map(|one| json!({ "Path": one.path, "Rate": one.value }));
    json!(shown.collect::<Vec<_>>())
}

fn devices(config: &ContainerConfig) -> Value {
    let shown = config.devices.iter().map(|device| {
        json!({
            "PathOnHost": device.host,
            "PathInContainer": device.container,
            "CgroupPermissions": device.permissions,
        })
    });
    json!(shown.collect::<Vec<_>>())
}

fn device_requests(config: &ContainerConfig) -> Value {
    if config.cdi_devices.is_empty() {
        return Value::Null;
    }
    let ids: Vec<&str> = config
        .cdi_devices
        .iter()
        .map(|device| device.name.as_str())
        .collect();
    json!([{
        "Driver": "cdi",
        "Count": 0,
        "DeviceIDs": ids,
        "Capabilities": null,
        "Options": null,
    }])
}

fn paths(config: &ContainerConfig, map: &mut Map<String, Value>) {
    let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
    let long: Vec<Value> = config
        .mounts
        .iter()
        .filter(|mount| !mount.short_syntax)
        .map(long_mount)
        .collect();
    if !long.is_empty() {
        put("Mounts", json!(long));
    }
    let open = config.privileged
        || config
            .security_opt
            .iter()
            .any(|option| option == "systempaths=unconfined");
    let (masked, read_only): (&[&str], &[&str]) = if open {
        (&[], &[])
    } else {
        (masks::MASKED, masks::READ_ONLY)
    };
    put(
        "MaskedPaths",
        if config.privileged {
            Value::Null
        } else {
            json!(masked)
        },
    );
    put(
        "ReadonlyPaths",
        if config.privileged {
            Value::Null
        } else {
            json!(read_only)
        },
    );
    if config.init {
        put("Init", json!(true));
    }
}

fn long_mount(mount: &Mount) -> Value {
    let kind = match mount.kind {
        MountKind::Bind => "bind",
        MountKind::Tmpfs => "tmpfs",
        MountKind::Volume => "volume",
    };
    let mut map = Map::new();
    map.insert("Type".into(), json!(kind));
    if !mount.source.is_empty() {
        map.insert("Source".into(), json!(mount.source));
    }
    map.insert("Target".into(), json!(mount.target));
    if mount.read_only {
        map.insert("ReadOnly".into(), json!(true));
    }
    if let Some(propagation) = &mount.propagation {
        map.insert("BindOptions".into(), json!({ "Propagation": propagation }));
    }
    Value::Object(map)
}
