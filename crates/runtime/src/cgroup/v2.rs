//! Limits through version 2 files, and controllers handed down to where they are needed.
//!
//! Invariant: a group above a container only ever gets controllers switched on, never off, and
//! only ones its own parent has.

use std::path::Path;

use hull_oci::runtime_spec::{Cpu, Memory, Resources};

use super::error::Error;
use super::group::Group;
use super::settings::{Setting, check, huge_pages, rdma, size_v2, throttles};

/// Every setting of `resources` but devices, in the order of writing.
pub(super) fn settings(resources: &Resources) -> Result<Vec<Setting>, Error> {
    check(resources)?;
    let mut list = Vec::new();
    if let Some(cpu) = &resources.cpu {
        list.extend(cpu_settings(cpu)?);
    }
    if let Some(memory) = &resources.memory {
        list.extend(memory_settings(memory)?);
    }
    if let Some(pids) = &resources.pids
        && pids.limit != 0
    {
        list.push(Setting::new("pids", "pids.max", size_v2(pids.limit)));
    }
    list.extend(block_settings(resources));
    list.extend(huge_pages(&resources.hugepage_limits, "max")?);
    list.extend(
        resources
            .rdma
            .iter()
            .map(|(device, limit)| rdma(device, limit)),
    );
    if let Some(network) = &resources.network
        && (network.class_id.is_some_and(|class| class != 0) || !network.priorities.is_empty())
    {
        return Err(Error::NotInVersion {
            setting: "network class or priority",
            version: 2,
        });
    }
    list.extend(unified_settings(resources)?);
    Ok(list)
}

/// The weight that stands for `shares`: 1024 shares are 100, the two ends meet the two ends.
///
/// This is the newer of the two conversions in use (since runc 1.3 and crun 1.23); the older,
/// linear one gave the default shares a weight of 39.
pub(super) fn weight_of_shares(shares: u64) -> u64 {
    if shares <= 2 {
        return 1;
    }
    if shares >= 262_144 {
        return 10_000;
    }
    // Exact to well below the rounding: the kernel's range is small and f64 has 53 bits.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "2 < shares < 2^18 and the result lies between 1 and 10000"
    )]
    let weight = {
        let log = (shares as f64).log2();
        let exponent = (log * log + 125.0 * log) / 612.0 - 7.0 / 34.0;
        10f64.powf(exponent).ceil() as u64
    };
    weight.clamp(1, 10_000)
}

fn cpu_settings(cpu: &Cpu) -> Result<Vec<Setting>, Error> {
    let budget = cpu.realtime_runtime.is_some_and(|n| n != 0);
    if budget || cpu.realtime_period.is_some_and(|n| n != 0) {
        return Err(Error::NotInVersion {
            setting: "real-time cpu budget",
            version: 2,
        });
    }
    let mut list = Vec::new();
    if let Some(idle) = cpu.idle {
        list.push(Setting::new("cpu", "cpu.idle", idle));
    }
    // The weight of an idle group can't be written.
    if let Some(shares) = cpu.shares.filter(|&n| n != 0 && cpu.idle != Some(1)) {
        list.push(Setting::new("cpu", "cpu.weight", weight_of_shares(shares)));
    }
    let quota = cpu.quota.filter(|&quota| quota != 0);
    let period = cpu.period.filter(|&period| period != 0);
    let value = match (quota, period) {
        (None, None) => None,
        (Some(quota), None) => Some(size_v2(quota)),
        (quota, Some(period)) => Some(format!("{} {period}", size_v2(quota.unwrap_or(-1)))),
    };
    list.extend(value.map(|value| Setting::new("cpu", "cpu.max", value)));
    if let Some(burst) = cpu.burst {
        list.push(Setting::new("cpu", "cpu.max.burst", burst));
    }
    for (file, value) in [("cpuset.cpus", &cpu.cpus), ("cpuset.mems", &cpu.mems)] {
        if !value.is_empty() {
            list.push(Setting::new("cpuset", file, value));
        }
    }
    Ok(list)
}

fn memory_settings(memory: &Memory) -> Result<Vec<Setting>, Error> {
    let mut list = Vec::new();
    if memory.swappiness.is_some() {
        return Err(Error::NotInVersion {
            setting: "memory swappiness",
            version: 2,
        });
    }
    let limit = memory.limit.filter(|&n| n != 0);
    let sum = memory.swap.filter(|&n| n != 0);
    let swap = match (limit, sum) {
        (Some(-1), None) => Some(-1),
        (_, None) => None,
        (_, Some(-1)) => Some(-1),
        (Some(limit), Some(sum)) if limit > 0 => Some(sum - limit),
        (_, Some(sum)) => {
            return Err(Error::Value {
                setting: "memory and swap limit",
                value: sum.to_string(),
                why: "it needs a memory limit to be counted from".to_owned(),
            });
        }
    };
    // Swap first: the new memory limit may push pages out, which should go by the new rule.
    let files = [
        ("memory.swap.max", swap),
        ("memory.max", limit),
        ("memory.low", memory.reservation),
    ];
    for (file, size) in files {
        if let Some(size) = size.filter(|&size| size != 0 || file == "memory.swap.max") {
            list.push(Setting::new("memory", file, size_v2(size)));
        }
    }
    Ok(list)
}

fn block_settings(resources: &Resources) -> Vec<Setting> {
    let Some(block) = &resources.block_io else {
        return Vec::new();
    };
    let mut list = Vec::new();
    let mut set = |file: &str, value: String| list.push(Setting::new("io", file, value));
    if let Some(weight) = block.weight.filter(|&weight| weight != 0) {
        set("io.bfq.weight", weight.to_string());
    }
    for device in &block.weight_device {
        if let Some(weight) = device.weight.filter(|&weight| weight != 0) {
            set(
                "io.bfq.weight",
                format!("{}:{} {weight}", device.major, device.minor),
            );
        }
    }
    for ((_, devices), key) in throttles(block) {
        for device in devices {
            let rate = if device.rate == 0 {
                "max".to_owned()
            } else {
                device.rate.to_string()
            };
            set(
                "io.max",
                format!("{}:{} {key}={rate}", device.major, device.minor),
            );
        }
    }
    list
}

fn unified_settings(resources: &Resources) -> Result<Vec<Setting>, Error> {
    let mut list = Vec::new();
    for (file, value) in &resources.unified {
        let controller = match file.split('.').next().unwrap_or_default() {
            _ if file.contains('/') => "",
            "cpu" => "cpu",
            "cpuset" => "cpuset",
            "memory" => "memory",
            "io" => "io",
            "pids" => "pids",
            "hugetlb" => "hugetlb",
            "rdma" => "rdma",
            "misc" => "misc",
            "cgroup" => "cgroup",
            _ => "",
        };
        if controller.is_empty() {
            return Err(Error::Value {
                setting: "unified",
                value: format!("{file:?}"),
                why: "it is no file of a cgroup controller".to_owned(),
            });
        }
        list.extend(
            value
                .lines()
                .map(|line| Setting::new(controller, file, line)),
        );
    }
    Ok(list)
}

/// Writes the settings of one group.
pub(super) fn write(group: &Group, settings: &[Setting]) -> Result<(), Error> {
    for one in settings {
        match (one.file.as_str(), one.value.as_str()) {
            // io.weight counts from 1 to 10000 where bfq's counts to 1000.
            ("io.bfq.weight", value) if !group.has("io.bfq.weight")? => {
                group.write("io.weight", &io_weight(value))?;
            }
            // No swap accounting and nothing asked of it.
            ("memory.swap.max", "max" | "0") => match group.write("memory.swap.max", &one.value) {
                Err(Error::NoFile { .. }) => {}
                other => other?,
            },
            _ => group.write(&one.file, &one.value)?,
        }
    }
    Ok(())
}

/// A bfq weight (10 to 1000, perhaps after a device) in the range of `io.weight`.
fn io_weight(value: &str) -> String {
    let (device, weight) = match value.split_once(' ') {
        Some((device, weight)) => (format!("{device} "), weight),
        None => ("default ".to_owned(), value),
    };
    let weight: u64 = weight.parse().unwrap_or(100);
    format!("{device}{}", 1 + weight.saturating_sub(10) * 9_999 / 990)
}

/// Refuses limits below the present use, for `checkBeforeUpdate`.
pub(super) fn check_before_update(group: &Group, resources: &Resources) -> Result<(), Error> {
    let Some(memory) = &resources.memory else {
        return Ok(());
    };
    let Some(limit) = memory.limit.filter(|&limit| limit > 0) else {
        return Ok(());
    };
    if memory.check_before_update != Some(true) {
        return Ok(());
    }
    let usage = group.read_number("memory.current")?.unwrap_or(0);
    if u64::try_from(limit).is_ok_and(|limit| limit < usage) {
        return Err(Error::MemoryInUse { limit, usage });
    }
    Ok(())
}

/// Switches on, in every group from `root` down to the parent of `path`, all the controllers it
/// has; the ones that refuse are left off, and a setting that needs one will say so.
pub(super) fn hand_down(root: &Path, path: &Path) -> Result<(), Error> {
    let mut above: Vec<&Path> = path
        .ancestors()
        .skip(1)
        .take_while(|one| one.starts_with(root))
        .collect();
    above.reverse();
    for one in above {
        let group = Group::at(one.to_owned());
        let has = group.read("cgroup.controllers")?;
        let gives = group.read("cgroup.subtree_control")?;
        let missing: Vec<String> = has
            .split_whitespace()
            .filter(|name| !gives.split_whitespace().any(|given| given == *name))
            .map(|name| format!("+{name}"))
            .collect();
        if missing.is_empty() {
            continue;
        }
        if group
            .try_write("cgroup.subtree_control", &missing.join(" "))?
            .is_err()
        {
            for name in &missing {
                // One of them is not to be had here; the others may be.
                drop(group.try_write("cgroup.subtree_control", name)?);
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
    fn weights_of_shares() {
        let check = |shares, weight| assert_eq!(weight_of_shares(shares), weight, "{shares}");
        check(0, 1);
        check(2, 1);
        check(512, 59);
        check(1024, 100);
        check(2048, 174);
        check(262_144, 10_000);
        check(u64::MAX, 10_000);
        for pair in (2..262_144u64).collect::<Vec<_>>().windows(2) {
            assert!(
                weight_of_shares(pair[0]) <= weight_of_shares(pair[1]),
                "{pair:?}"
            );
        }
    }

    #[test]
    fn everything_a_bundle_can_ask_for() {
        let got = shown(
            r#"{"memory":{"limit":64,"swap":192,"reservation":32},
            "cpu":{"shares":1024,"quota":20000,"period":100000,"burst":5,"cpus":"0","mems":"0"},
            "pids":{"limit":5},
            "blockIO":{"weight":500,"throttleWriteIOPSDevice":[{"major":8,"minor":0,"rate":7}]},
            "hugepageLimits":[{"pageSize":"2MB","limit":4096}],
            "unified":{"memory.high":"1000","io.max":"8:0 rbps=1\n8:1 rbps=2"}}"#,
        );
        assert_eq!(
            got,
            [
                "cpu cpu.weight=100",
                "cpu cpu.max=20000 100000",
                "cpu cpu.max.burst=5",
                "cpuset cpuset.cpus=0",
                "cpuset cpuset.mems=0",
                "memory memory.swap.max=128",
                "memory memory.max=64",
                "memory memory.low=32",
                "pids pids.max=5",
                "io io.bfq.weight=500",
                "io io.max=8:0 wiops=7",
                "hugetlb hugetlb.2MB.max=4096",
                "io io.max=8:0 rbps=1",
                "io io.max=8:1 rbps=2",
                "memory memory.high=1000",
            ]
        );
    }

    #[test]
    fn cpu_max_takes_what_is_given() {
        assert_eq!(shown(r#"{"cpu":{"quota":-1}}"#), ["cpu cpu.max=max"]);
        assert_eq!(
            shown(r#"{"cpu":{"period":5000}}"#),
            ["cpu cpu.max=max 5000"]
        );
        assert_eq!(
            shown(r#"{"cpu":{"idle":1,"shares":5}}"#),
            ["cpu cpu.idle=1"]
        );
        assert_eq!(
            shown(r#"{"memory":{"limit":64,"swap":64}}"#)[0],
            "memory memory.swap.max=0"
        );
    }

    #[test]
    fn what_version_2_lacks_is_refused() {
        for bad in [
            r#"{"memory":{"swappiness":10}}"#,
            r#"{"cpu":{"realtimeRuntime":1000}}"#,
            r#"{"network":{"classID":1}}"#,
            r#"{"memory":{"swap":100}}"#,
            r#"{"unified":{"../x":"1"}}"#,
            r#"{"unified":{"frob.max":"1"}}"#,
        ] {
            let resources: Resources = serde_json::from_str(bad).unwrap();
            assert!(settings(&resources).is_err(), "{bad}");
        }
    }

    #[test]
    fn block_weights_are_stretched() {
        assert_eq!(io_weight("10"), "default 1");
        assert_eq!(io_weight("1000"), "default 10000");
        assert_eq!(io_weight("8:0 500"), "8:0 4950");
    }
}
