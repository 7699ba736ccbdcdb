//! `events`: a container's statistics, as runc shows them.

use std::ffi::OsString;

use hull_runtime::cgroup::Stats;
use serde_json::{Map, Value, json};

use super::fault::Fault;
use super::words::Words;
use super::{Answer, Settings, host, print_json};

/// `events --stats ID`, or without `--stats` again and again.
pub(super) fn main(settings: &Settings, rest: Vec<OsString>) -> Answer {
    let mut words = Words::sort(rest, &[("stats", false), ("interval", true)], false)?;
    let id = words.need("container id")?;
    words.end()?;
    let (container, host) = (settings.container(&id)?, host()?);
    let cgroup = container.cgroup(&host)?;
    let show = || -> Answer {
        let stats = cgroup.stats()?;
        print_json(
            &json!({"type": "stats", "id": id, "data": data(&stats)}),
            false,
        )
    };
    if words.has("stats") {
        return show();
    }
    let every = words.value("interval").unwrap_or("5s");
    let nanoseconds = hull_model::duration::parse_duration(every)?;
    let nanoseconds = u64::try_from(nanoseconds)
        .ok()
        .filter(|n| *n > 0)
        .ok_or_else(|| Fault::usage("duration interval must be greater than 0"))?;
    let every = std::time::Duration::from_nanos(nanoseconds);
    while let Some(process) = container.process() {
        show()?;
        let ended = hull_sys::pidfd::wait_gone(&process, Some(every));
        if ended.map_err(|source| Fault::usage(format!("cannot wait: {source}")))? {
            break;
        }
    }
    Ok(0)
}

fn data(stats: &Stats) -> Value {
    let (cpu, memory) = (&stats.cpu, &stats.memory);
    let raw: Map<String, Value> = memory
        .details
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    json!({
        "cpu": {
            "usage": {"total": cpu.total, "percpu": cpu.per_cpu, "kernel": cpu.kernel, "user": cpu.user},
            "throttling": {"periods": cpu.periods, "throttledPeriods": cpu.throttled_periods, "throttledTime": cpu.throttled_time}
        },
        "memory": {
            "cache": memory.cache,
            "usage": {"limit": memory.limit, "usage": memory.usage, "max": memory.peak, "failcnt": memory.failures},
            "swap": {"limit": memory.swap_limit, "usage": memory.swap_usage, "failcnt": 0},
            "kernel": {"usage": memory.kernel_usage, "failcnt": 0},
            "raw": raw
        },
        "pids": {"current": stats.pids, "limit": stats.pids_limit},
        "blkio": {},
        "hugetlb": {},
        "intel_rdt": {},
        "network_interfaces": null
    })
}
