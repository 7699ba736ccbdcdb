//! Limits through version 1 files.
//!
//! Which group a controller's files are in is the caller's; see `container`. Invariant: pairs of
//! files that restrict each other (memory and memsw, quota and period) are written in the order
//! the kernel accepts from any earlier state.

use std::io;
use std::path::Path;

use hull_oci::runtime_spec::{Cpu, Memory, Resources};

use super::error::Error;
use super::group::Group;
use super::settings::{Setting, check, huge_pages, rdma, throttles};

/// Every setting of `resources` but devices, in the order of writing. Memory, CPU time and CPU sets
/// get their special treatment in [`write`].
pub(super) fn settings(resources: &Resources) -> Result<Vec<Setting>, Error> {
    check(resources)?;
    let mut list = Vec::new();
    if let Some(cpu) = &resources.cpu {
        list.extend(cpu_settings(cpu));
    }
    if let Some(memory) = &resources.memory {
        list.extend(memory_settings(memory));
    }
    if let Some(pids) = &resources.pids
        && pids.limit != 0
    {
        let value = if pids.limit > 0 {
            pids.limit.to_string()
        } else {
            "max".to_owned()
        };
        list.push(Setting::new("pids", "pids.max", value));
    }
    list.extend(block_settings(resources));
    list.extend(huge_pages(&resources.hugepage_limits, "limit_in_bytes")?);
    if let Some(network) = &resources.network {
        if let Some(class) = network.class_id.filter(|&class| class != 0) {
            list.push(Setting::new("net_cls", "net_cls.classid", class));
        }
        for one in &network.priorities {
            let value = format!("{} {}", one.name, one.priority);
            list.push(Setting::new("net_prio", "net_prio.ifpriomap", value));
        }
    }
    list.extend(
        resources
            .rdma
            .iter()
            .map(|(device, limit)| rdma(device, limit)),
    );
    if let Some(file) = resources.unified.keys().next() {
        let value = file.clone();
        let why = "files of the unified hierarchy exist only with cgroup version 2".to_owned();
        return Err(Error::Value {
            setting: "unified",
            value,
            why,
        });
    }
    Ok(list)
}

fn cpu_settings(cpu: &Cpu) -> Vec<Setting> {
    let mut list = Vec::new();
    let mut set = |file: &str, value: Option<String>| {
        list.extend(value.map(|value| Setting::new("cpu", file, value)));
    };
    let positive = |number: Option<u64>| number.filter(|&n| n != 0).map(|n| n.to_string());
    let nonzero = |number: Option<i64>| number.filter(|&n| n != 0).map(|n| n.to_string());
    set("cpu.shares", positive(cpu.shares));
    set("cpu.rt_period_us", positive(cpu.realtime_period));
    set("cpu.rt_runtime_us", nonzero(cpu.realtime_runtime));
    set("cpu.cfs_period_us", positive(cpu.period));
    set("cpu.cfs_quota_us", nonzero(cpu.quota));
    set("cpu.cfs_burst_us", cpu.burst.map(|n| n.to_string()));
    set("cpu.idle", cpu.idle.map(|n| n.to_string()));
    for (file, value) in [("cpuset.cpus", &cpu.cpus), ("cpuset.mems", &cpu.mems)] {
        if !value.is_empty() {
            list.push(Setting::new("cpuset", file, value));
        }
    }
    list
}

fn memory_settings(memory: &Memory) -> Vec<Setting> {
    let mut list = Vec::new();
    let mut set = |file: &str, value: Option<i64>| {
        let value = value.filter(|&n| n != 0);
        list.extend(value.map(|value| Setting::new("memory", file, value)));
    };
    // Unlimited memory below a limited sum makes no sense, so the sum goes with it.
    let swap = match (memory.limit, memory.swap) {
        (Some(-1), None | Some(0)) => Some(-1),
        (_, swap) => swap,
    };
    set("memory.limit_in_bytes", memory.limit);
    set("memory.memsw.limit_in_bytes", swap);
    set("memory.soft_limit_in_bytes", memory.reservation);
    set("memory.kmem.tcp.limit_in_bytes", memory.kernel_tcp);
    if memory.disable_oom_killer == Some(true) {
        list.push(Setting::new("memory", "memory.oom_control", 1));
    }
    if let Some(swappiness) = memory.swappiness {
        list.push(Setting::new("memory", "memory.swappiness", swappiness));
    }
    list
}

fn block_settings(resources: &Resources) -> Vec<Setting> {
    let Some(block) = &resources.block_io else {
        return Vec::new();
    };
    let mut list = Vec::new();
    let mut set = |file: &str, value: String| list.push(Setting::new("blkio", file, value));
    for (file, weight) in [
        ("blkio.weight", block.weight),
        ("blkio.leaf_weight", block.leaf_weight),
    ] {
        if let Some(weight) = weight.filter(|&weight| weight != 0) {
            set(file, weight.to_string());
        }
    }
    for device in &block.weight_device {
        let files = [
            ("blkio.weight_device", device.weight),
            ("blkio.leaf_weight_device", device.leaf_weight),
        ];
        for (file, weight) in files {
            if let Some(weight) = weight.filter(|&weight| weight != 0) {
                set(file, format!("{}:{} {weight}", device.major, device.minor));
            }
        }
    }
    for ((file, devices), _) in throttles(block) {
        for device in devices {
            set(
                file,
                format!("{}:{} {}", device.major, device.minor, device.rate),
            );
        }
    }
    list
}

/// Writes the settings of one group; `root` is the mount point of its hierarchy.
pub(super) fn write(group: &Group, root: &Path, settings: &[&Setting]) -> Result<(), Error> {
    let value = |file: &str| {
        settings
            .iter()
            .find(|one| one.file == file)
            .map(|one| &*one.value)
    };
    let limit = value("memory.limit_in_bytes");
    let sum = value("memory.memsw.limit_in_bytes");
    for one in settings {
        match one.file.as_str() {
            "memory.limit_in_bytes" => write_memory(group, &one.value, sum)?,
            "memory.memsw.limit_in_bytes" if limit.is_some() => {}
            "cpu.cfs_period_us" => write_period(group, &one.value, value("cpu.cfs_quota_us"))?,
            "cpu.rt_period_us" | "cpu.rt_runtime_us" => {
                write_realtime(group, root, &one.file, &one.value)?;
            }
            "cpuset.cpus" | "cpuset.mems" => {
                group.write(&one.file, &one.value)?;
            }
            "blkio.weight" | "blkio.weight_device" => write_weight(group, one)?,
            "memory.kmem.tcp.limit_in_bytes" => ignore_missing(group, one)?,
            _ => group.write(&one.file, &one.value)?,
        }
    }
    Ok(())
}

/// Sets memory and the sum of memory and swap: the one that grows first.
fn write_memory(group: &Group, limit: &str, sum: Option<&str>) -> Result<(), Error> {
    const LIMIT: &str = "memory.limit_in_bytes";
    const SUM: &str = "memory.memsw.limit_in_bytes";
    let memory = |group: &Group| {
        group
            .try_write(LIMIT, limit)?
            .map_err(|source| in_use(group, limit, source))
    };
    let Some(sum) = sum else { return memory(group) };
    let now = group.read_number(LIMIT)?.unwrap_or(u64::MAX);
    let grows = sum.starts_with('-') || sum.parse::<u64>().is_ok_and(|sum| sum > now);
    if grows {
        group.write(SUM, sum)?;
        memory(group)
    } else {
        memory(group)?;
        group.write(SUM, sum)
    }
}

fn in_use(group: &Group, limit: &str, source: io::Error) -> Error {
    if source.kind() == io::ErrorKind::ResourceBusy
        && let Ok(Some(usage)) = group.read_number("memory.usage_in_bytes")
    {
        return Error::MemoryInUse {
            limit: limit.parse().unwrap_or(-1),
            usage,
        };
    }
    group.write_error("memory.limit_in_bytes", limit, source)
}

/// Sets the period; one too short for the present quota is tried again with the new quota in force.
fn write_period(group: &Group, period: &str, quota: Option<&str>) -> Result<(), Error> {
    const PERIOD: &str = "cpu.cfs_period_us";
    let Err(source) = group.try_write(PERIOD, period)? else {
        return Ok(());
    };
    match quota {
        Some(quota) if source.kind() == io::ErrorKind::InvalidInput => {
            group.write("cpu.cfs_quota_us", quota)?;
            group.write(PERIOD, period)
        }
        _ => Err(group.write_error(PERIOD, period, source)),
    }
}

/// Sets a real-time budget, which every group above must have too; fresh ones have none.
fn write_realtime(group: &Group, root: &Path, file: &str, value: &str) -> Result<(), Error> {
    let Err(source) = group.try_write(file, value)? else {
        return Ok(());
    };
    if source.kind() != io::ErrorKind::InvalidInput {
        return Err(group.write_error(file, value, source));
    }
    let above: Vec<&Path> = group
        .path()
        .ancestors()
        .skip(1)
        .take_while(|path| *path != root)
        .collect();
    let budget = Group::at(root.to_owned()).read("cpu.rt_runtime_us")?;
    for path in above.into_iter().rev() {
        let parent = Group::at(path.to_owned());
        if parent.read_number("cpu.rt_runtime_us")? == Some(0) {
            parent.write("cpu.rt_runtime_us", budget.trim())?;
        }
    }
    group.write(file, value)
}

/// Sets a block weight under the name this kernel's scheduler gives it.
fn write_weight(group: &Group, one: &Setting) -> Result<(), Error> {
    if group.has(&one.file)? {
        return group.write(&one.file, &one.value);
    }
    let bfq = one.file.replace("blkio.", "blkio.bfq.");
    if group.has(&bfq)? {
        return group.write(&bfq, &one.value);
    }
    Err(Error::NoFile {
        setting: one.file.clone(),
    })
}

/// Kernel memory limits went away with newer kernels and the specification says to do without.
fn ignore_missing(group: &Group, one: &Setting) -> Result<(), Error> {
    match group.write(&one.file, &one.value) {
        Err(Error::NoFile { .. }) => Ok(()),
        other => other,
    }
}

/// Gives the groups above a new cpuset group, and the group itself, the CPUs and memory nodes of
/// the nearest ancestor that has some: an empty cpuset takes no process.
pub(super) fn inherit_cpuset(group: &Group, root: &Path) -> Result<(), Error> {
    let chain: Vec<&Path> = group
        .path()
        .ancestors()
        .take_while(|path| path.starts_with(root))
        .collect();
    for file in ["cpuset.cpus", "cpuset.mems"] {
        let mut value = String::new();
        for path in chain.iter().rev() {
            let one = Group::at((*path).to_owned());
            let own = one.read(file)?;
            if own.trim().is_empty() {
                one.write(file, value.trim())?;
            } else {
                value = own;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(json: &str) -> Vec<String> {
        let resources: Resources = serde_json::from_str(json).unwrap();
        let list = settings(&resources).unwrap();
        list.iter()
            .map(|one| format!("{} {}={}", one.controller, one.file, one.value))
            .collect()
    }

    #[test]
    fn everything_a_bundle_can_ask_for() {
        let got = shown(
            r#"{"memory":{"limit":64,"swap":128,"reservation":32,"swappiness":0,"disableOOMKiller":true},
            "cpu":{"shares":512,"quota":20000,"period":100000,"burst":0,"cpus":"0-1","mems":"0"},
            "pids":{"limit":5},
            "blockIO":{"weight":100,"throttleReadBpsDevice":[{"major":8,"minor":0,"rate":1024}]},
            "hugepageLimits":[{"pageSize":"2MB","limit":4096}],
            "network":{"classID":1048577,"priorities":[{"name":"lo","priority":3}]},
            "rdma":{"mlx5_1":{"hcaHandles":3,"hcaObjects":10}}}"#,
        );
        assert_eq!(
            got,
            [
                "cpu cpu.shares=512",
                "cpu cpu.cfs_period_us=100000",
                "cpu cpu.cfs_quota_us=20000",
                "cpu cpu.cfs_burst_us=0",
                "cpuset cpuset.cpus=0-1",
                "cpuset cpuset.mems=0",
                "memory memory.limit_in_bytes=64",
                "memory memory.memsw.limit_in_bytes=128",
                "memory memory.soft_limit_in_bytes=32",
                "memory memory.oom_control=1",
                "memory memory.swappiness=0",
                "pids pids.max=5",
                "blkio blkio.weight=100",
                "blkio blkio.throttle.read_bps_device=8:0 1024",
                "hugetlb hugetlb.2MB.limit_in_bytes=4096",
                "net_cls net_cls.classid=1048577",
                "net_prio net_prio.ifpriomap=lo 3",
                "rdma rdma.max=mlx5_1 hca_handle=3 hca_object=10",
            ]
        );
    }

    #[test]
    fn zero_leaves_alone_and_minus_one_opens() {
        let zero =
            r#"{"memory":{"limit":0,"swap":0},"cpu":{"shares":0,"quota":0},"pids":{"limit":0}}"#;
        assert_eq!(shown(zero), [""; 0]);
        let open = shown(r#"{"memory":{"limit":-1},"pids":{"limit":-1},"cpu":{"quota":-1}}"#);
        assert_eq!(
            open,
            [
                "cpu cpu.cfs_quota_us=-1",
                "memory memory.limit_in_bytes=-1",
                "memory memory.memsw.limit_in_bytes=-1",
                "pids pids.max=max"
            ]
        );
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in [
            r#"{"memory":{"limit":-5}}"#,
            r#"{"memory":{"limit":100,"swap":50}}"#,
            r#"{"memory":{"swappiness":101}}"#,
            r#"{"cpu":{"shares":1}}"#,
            r#"{"cpu":{"shares":262145}}"#,
            r#"{"cpu":{"idle":2}}"#,
            r#"{"blockIO":{"weight":5}}"#,
            r#"{"hugepageLimits":[{"pageSize":"../x","limit":1}]}"#,
            r#"{"unified":{"memory.max":"1"}}"#,
        ] {
            let resources: Resources = serde_json::from_str(bad).unwrap();
            assert!(settings(&resources).is_err(), "{bad}");
        }
    }
}
