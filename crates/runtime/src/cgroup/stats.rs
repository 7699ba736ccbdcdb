//! What a container uses, in one form for both versions of cgroups.
//!
//! Plain data; the JSON that `events --stats` prints and Docker's percentages are made elsewhere.
//! Invariant: a controller that is not there leaves its part at zero or `None`, never fails.

use super::container::Cgroup;
use super::error::Error;
use super::group::{Group, keyed};

/// A container's use of resources.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stats {
    /// Processor time.
    pub cpu: CpuStats,
    /// Memory.
    pub memory: MemoryStats,
    /// Tasks now.
    pub pids: u64,
    /// Most tasks allowed; 0 is unlimited.
    pub pids_limit: u64,
    /// Traffic of block devices.
    pub block: Vec<BlockStats>,
    /// Huge pages by size.
    pub huge_pages: Vec<HugePageStats>,
}

/// Processor time in nanoseconds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CpuStats {
    /// All of it.
    pub total: u64,
    /// Spent in the programs.
    pub user: u64,
    /// Spent in the kernel.
    pub kernel: u64,
    /// By processor; empty on version 2.
    pub per_cpu: Vec<u64>,
    /// Periods with a quota.
    pub periods: u64,
    /// Periods in which the quota ran out.
    pub throttled_periods: u64,
    /// Time spent waiting for the next period.
    pub throttled_time: u64,
}

/// Memory in bytes; limits of `u64::MAX` mean none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MemoryStats {
    /// In use.
    pub usage: u64,
    /// The most ever in use.
    pub peak: u64,
    /// Limit.
    pub limit: u64,
    /// How often the limit was hit.
    pub failures: u64,
    /// Page cache.
    pub cache: u64,
    /// Swap in use.
    pub swap_usage: u64,
    /// Limit of swap (v2) or of memory and swap together (v1).
    pub swap_limit: u64,
    /// In use by the kernel for the container.
    pub kernel_usage: u64,
    /// Everything `memory.stat` says.
    pub details: Vec<(String, u64)>,
}

/// Traffic of one block device.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BlockStats {
    /// Device number.
    pub major: u64,
    /// Device number.
    pub minor: u64,
    /// Bytes read.
    pub read_bytes: u64,
    /// Bytes written.
    pub write_bytes: u64,
    /// Read operations.
    pub reads: u64,
    /// Write operations.
    pub writes: u64,
}

/// Huge pages of one size, in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HugePageStats {
    /// `2MB`
    pub page_size: String,
    /// In use.
    pub usage: u64,
    /// The most ever in use.
    pub peak: u64,
    /// How often the limit was hit.
    pub failures: u64,
}

impl Cgroup {
    /// What the container uses now.
    pub fn stats(&self) -> Result<Stats, Error> {
        let mut stats = Stats::default();
        if self.is_v2 {
            let Some(group) = &self.unified else {
                return Ok(stats);
            };
            stats.cpu = cpu_v2(group)?;
            stats.memory = memory_v2(group)?;
            read_pids(group, &mut stats)?;
            stats.block = block_v2(&text(group, "io.stat")?);
            stats.huge_pages = huge_pages(group)?;
            return Ok(stats);
        }
        let existing = |controller| self.member(controller).filter(|group| group.exists());
        if let Some(group) = existing("cpuacct") {
            cpuacct_v1(group, &mut stats.cpu)?;
        }
        if let Some(group) = existing("cpu") {
            let own = text(group, "cpu.stat")?;
            stats.cpu.periods = keyed(&own, "nr_periods").unwrap_or(0);
            stats.cpu.throttled_periods = keyed(&own, "nr_throttled").unwrap_or(0);
            stats.cpu.throttled_time = keyed(&own, "throttled_time").unwrap_or(0);
        }
        if let Some(group) = existing("memory") {
            stats.memory = memory_v1(group)?;
        }
        if let Some(group) = existing("pids") {
            read_pids(group, &mut stats)?;
        }
        if let Some(group) = existing("blkio") {
            let bytes = text(group, "blkio.throttle.io_service_bytes_recursive")?;
            let operations = text(group, "blkio.throttle.io_serviced_recursive")?;
            stats.block = block_v1(&bytes, &operations);
        }
        if let Some(group) = existing("hugetlb") {
            stats.huge_pages = huge_pages(group)?;
        }
        Ok(stats)
    }

    /// How often the kernel killed a process of the container for want of memory.
    pub fn oom_kills(&self) -> Result<u64, Error> {
        let (group, file) = match (self.is_v2, &self.unified) {
            (true, Some(group)) => (Some(group), "memory.events"),
            _ => (self.member("memory"), "memory.oom_control"),
        };
        match group.filter(|group| group.exists()) {
            Some(group) => Ok(group.read_key(file, "oom_kill")?.unwrap_or(0)),
            None => Ok(0),
        }
    }
}

fn text(group: &Group, file: &str) -> Result<String, Error> {
    Ok(group.read_optional(file)?.unwrap_or_default())
}

fn number(group: &Group, file: &str) -> Result<u64, Error> {
    Ok(group.read_number(file)?.unwrap_or(0))
}

fn read_pids(group: &Group, stats: &mut Stats) -> Result<(), Error> {
    stats.pids = number(group, "pids.current")?;
    stats.pids_limit = match group.read_number("pids.max")? {
        Some(u64::MAX) | None => 0,
        Some(limit) => limit,
    };
    Ok(())
}

fn cpuacct_v1(group: &Group, cpu: &mut CpuStats) -> Result<(), Error> {
    cpu.total = number(group, "cpuacct.usage")?;
    cpu.user = number(group, "cpuacct.usage_user")?;
    cpu.kernel = number(group, "cpuacct.usage_sys")?;
    let list = text(group, "cpuacct.usage_percpu")?;
    cpu.per_cpu = list
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    Ok(())
}

fn cpu_v2(group: &Group) -> Result<CpuStats, Error> {
    let own = text(group, "cpu.stat")?;
    let micros = |key| keyed(&own, key).unwrap_or(0).saturating_mul(1000);
    let count = |key| keyed(&own, key).unwrap_or(0);
    Ok(CpuStats {
        total: micros("usage_usec"),
        user: micros("user_usec"),
        kernel: micros("system_usec"),
        per_cpu: Vec::new(),
        periods: count("nr_periods"),
        throttled_periods: count("nr_throttled"),
        throttled_time: micros("throttled_usec"),
    })
}

fn details(group: &Group) -> Result<Vec<(String, u64)>, Error> {
    let text = text(group, "memory.stat")?;
    let pair = |line: &str| {
        let (key, value) = line.split_once(' ')?;
        Some((key.to_owned(), value.trim().parse().ok()?))
    };
    Ok(text.lines().filter_map(pair).collect())
}

fn detail(details: &[(String, u64)], key: &str) -> u64 {
    details
        .iter()
        .find(|(name, _)| name == key)
        .map_or(0, |(_, value)| *value)
}

fn memory_v1(group: &Group) -> Result<MemoryStats, Error> {
    let details = details(group)?;
    let usage = number(group, "memory.usage_in_bytes")?;
    let sum = number(group, "memory.memsw.usage_in_bytes")?;
    // The kernel has no word for unlimited here, it shows the largest page-aligned number.
    let limit = |file| {
        let limit = number(group, file)?;
        Ok::<_, Error>(if limit >= (i64::MAX as u64) & !0xffff {
            u64::MAX
        } else {
            limit
        })
    };
    Ok(MemoryStats {
        usage,
        peak: number(group, "memory.max_usage_in_bytes")?,
        limit: limit("memory.limit_in_bytes")?,
        failures: number(group, "memory.failcnt")?,
        cache: detail(&details, "cache"),
        swap_usage: sum.saturating_sub(usage),
        swap_limit: limit("memory.memsw.limit_in_bytes")?,
        kernel_usage: number(group, "memory.kmem.usage_in_bytes")?,
        details,
    })
}

fn memory_v2(group: &Group) -> Result<MemoryStats, Error> {
    let details = details(group)?;
    Ok(MemoryStats {
        usage: number(group, "memory.current")?,
        peak: number(group, "memory.peak")?,
        limit: group.read_number("memory.max")?.unwrap_or(u64::MAX),
        failures: group.read_key("memory.events", "max")?.unwrap_or(0),
        cache: detail(&details, "file"),
        swap_usage: number(group, "memory.swap.current")?,
        swap_limit: group.read_number("memory.swap.max")?.unwrap_or(u64::MAX),
        kernel_usage: detail(&details, "kernel"),
        details,
    })
}

/// The entry of a device written as `major:minor`, made when new.
fn device<'a>(list: &'a mut Vec<BlockStats>, name: &str) -> Option<&'a mut BlockStats> {
    let (major, minor) = name.split_once(':')?;
    let (major, minor) = (major.parse().ok()?, minor.parse().ok()?);
    let known = list
        .iter()
        .position(|one| (one.major, one.minor) == (major, minor));
    let place = known.unwrap_or_else(|| {
        list.push(BlockStats {
            major,
            minor,
            ..BlockStats::default()
        });
        list.len() - 1
    });
    list.get_mut(place)
}

/// Lines of `8:0 Read 1024`, of two files.
fn block_v1(bytes: &str, operations: &str) -> Vec<BlockStats> {
    let mut list = Vec::new();
    for (text, is_bytes) in [(bytes, true), (operations, false)] {
        for line in text.lines() {
            let mut words = line.split_whitespace();
            let (Some(name), Some(what), Some(value)) = (words.next(), words.next(), words.next())
            else {
                continue;
            };
            let Ok(value) = value.parse() else { continue };
            let Some(entry) = device(&mut list, name) else {
                continue;
            };
            match (what, is_bytes) {
                ("Read", true) => entry.read_bytes = value,
                ("Write", true) => entry.write_bytes = value,
                ("Read", false) => entry.reads = value,
                ("Write", false) => entry.writes = value,
                _ => {}
            }
        }
    }
    list
}

/// Lines of `8:0 rbytes=1024 wbytes=0 rios=1 wios=0 …`.
fn block_v2(text: &str) -> Vec<BlockStats> {
    let mut list = Vec::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let Some(entry) = words.next().and_then(|name| device(&mut list, name)) else {
            continue;
        };
        for (key, value) in words.filter_map(|word| word.split_once('=')) {
            let Ok(value) = value.parse() else { continue };
            match key {
                "rbytes" => entry.read_bytes = value,
                "wbytes" => entry.write_bytes = value,
                "rios" => entry.reads = value,
                "wios" => entry.writes = value,
                _ => {}
            }
        }
    }
    list
}

/// Huge page use, for the sizes the group has files for.
fn huge_pages(group: &Group) -> Result<Vec<HugePageStats>, Error> {
    let mut list = Vec::new();
    for page_size in ["2MB", "1GB", "64KB", "32MB"] {
        let file = |leaf: &str| format!("hugetlb.{page_size}.{leaf}");
        let v1 = group.read_number(&file("usage_in_bytes"))?;
        let Some(usage) =
            v1.map_or_else(|| group.read_number(&file("current")), |n| Ok(Some(n)))?
        else {
            continue;
        };
        let failures = match group.read_number(&file("failcnt"))? {
            Some(failures) => failures,
            None => group.read_key(&file("events"), "max")?.unwrap_or(0),
        };
        let peak = number(group, &file("max_usage_in_bytes"))?;
        list.push(HugePageStats {
            page_size: page_size.to_owned(),
            usage,
            peak,
            failures,
        });
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_devices_of_both_versions() {
        let expected = [BlockStats {
            major: 254,
            minor: 0,
            read_bytes: 4096,
            write_bytes: 8192,
            reads: 1,
            writes: 2,
        }];
        let bytes = "254:0 Read 4096\n254:0 Write 8192\n254:0 Total 12288\nTotal 12288\n";
        let operations = "254:0 Read 1\n254:0 Write 2\nTotal 3\n";
        assert_eq!(block_v1(bytes, operations), expected);
        let text = "254:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n";
        assert_eq!(block_v2(text), expected);
        assert_eq!(block_v2("garbage\n8:x rbytes=1\n"), []);
    }
}
