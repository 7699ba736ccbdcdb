//! The flags of `run` and `create` that limit what a container uses.
//!
//! Leaves to the engine what this host can enforce. Invariant: a flag that was not given limits
//! nothing.

use hull_model::container::resources::{DeviceValue, Resources};
use hull_model::error::Error as WordError;
use hull_model::grammar::{number, resources};
use hull_model::size;

use crate::error::Error;
use crate::grammar::parse::Parsed;

/// The limits the flags say.
pub(super) fn limits(parsed: &Parsed) -> Result<Resources, Error> {
    let memory = bytes(parsed, "memory")?;
    let swappiness = parsed.int("memory-swappiness").filter(|value| *value != -1);
    if let Some(value) = swappiness.filter(|value| !(0..=100).contains(value)) {
        return Err(Error::options(format!(
            "invalid value: {value}. Valid memory swappiness range is 0-100"
        )));
    }
    let text = |flag| {
        parsed
            .text(flag)
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
    };
    Ok(Resources {
        memory,
        memory_reservation: bytes(parsed, "memory-reservation")?,
        memory_swap: bytes(parsed, "memory-swap")?,
        memory_swappiness: swappiness,
        oom_kill_disable: parsed.is("oom-kill-disable"),
        nano_cpus: nano_cpus(parsed)?,
        cpu_shares: parsed.int("cpu-shares"),
        cpu_period: parsed.int("cpu-period"),
        cpu_quota: parsed.int("cpu-quota"),
        cpu_rt_period: parsed.int("cpu-rt-period"),
        cpu_rt_runtime: parsed.int("cpu-rt-runtime"),
        cpuset_cpus: text("cpuset-cpus"),
        cpuset_mems: text("cpuset-mems"),
        pids_limit: parsed.int("pids-limit"),
        blkio_weight: blkio_weight(parsed)?,
        blkio_weight_device: devices(parsed, "blkio-weight-device", resources::device_weight)?,
        device_read_bps: devices(parsed, "device-read-bps", resources::device_bps)?,
        device_write_bps: devices(parsed, "device-write-bps", resources::device_bps)?,
        device_read_iops: devices(parsed, "device-read-iops", resources::device_iops)?,
        device_write_iops: devices(parsed, "device-write-iops", resources::device_iops)?,
    })
}

/// Bytes of a flag; 0 is no limit.
fn bytes(parsed: &Parsed, flag: &str) -> Result<Option<i64>, Error> {
    let bytes = parsed
        .text(flag)
        .map(size::parse_bytes_or_unlimited)
        .transpose()?;
    Ok(bytes.filter(|bytes| *bytes != 0))
}

fn nano_cpus(parsed: &Parsed) -> Result<Option<i64>, Error> {
    let cpus = parsed
        .text("cpus")
        .map(resources::cpus)
        .transpose()?
        .filter(|cpus| *cpus != 0);
    if cpus.is_some() && (parsed.given("cpu-period") || parsed.given("cpu-quota")) {
        let other = if parsed.given("cpu-period") {
            "CPU Period"
        } else {
            "CPU Quota"
        };
        return Err(Error::options(format!(
            "Conflicting options: Nano CPUs and {other} cannot both be set"
        )));
    }
    Ok(cpus)
}

fn blkio_weight(parsed: &Parsed) -> Result<Option<u16>, Error> {
    let Some(word) = parsed.text("blkio-weight") else {
        return Ok(None);
    };
    let weight = number::unsigned(word, 16)?;
    if weight != 0 && !(10..=1000).contains(&weight) {
        return Err(Error::options("Range of blkio weight is from 10 to 1000"));
    }
    Ok(u16::try_from(weight).ok().filter(|weight| *weight != 0))
}

fn devices(
    parsed: &Parsed,
    flag: &str,
    read: fn(&str) -> Result<DeviceValue, WordError>,
) -> Result<Vec<DeviceValue>, Error> {
    Ok(parsed.list(flag).map(read).collect::<Result<_, _>>()?)
}
