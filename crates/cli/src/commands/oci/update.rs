//! `update`: other limits for a running container.

use std::ffi::OsString;
use std::io::Read;

use hull_model::size::{parse_bytes, parse_bytes_or_unlimited};
use hull_oci::runtime_spec::{BlockIo, Cpu, Memory, Pids, Resources, Status};

use super::fault::Fault;
use super::words::{Flag, Words};
use super::{Answer, Settings, absolute, host};

const FLAGS: &[Flag] = &[
    ("resources,r", true),
    ("blkio-weight", true),
    ("cpu-period", true),
    ("cpu-quota", true),
    ("cpu-burst", true),
    ("cpu-rt-period", true),
    ("cpu-rt-runtime", true),
    ("cpu-share", true),
    ("cpu-idle", true),
    ("cpuset-cpus", true),
    ("cpuset-mems", true),
    ("kernel-memory", true),
    ("kernel-memory-tcp", true),
    ("memory", true),
    ("memory-reservation", true),
    ("memory-swap", true),
    ("pids-limit", true),
    ("l3-cache-schema", true),
    ("mem-bw-schema", true),
];

/// `update [flags] ID`
pub(super) fn main(settings: &Settings, rest: Vec<OsString>) -> Answer {
    let mut words = Words::sort(rest, FLAGS, false)?;
    let id = words.need("container id")?;
    words.end()?;
    let (container, host) = (settings.container(&id)?, host()?);
    if container.status(&host)? == Status::Stopped {
        return Err(Fault::usage(format!(
            "cannot update container {id}: it is not running"
        )));
    }
    let resources = match words.value("resources") {
        Some(path) => from_file(path)?,
        None => from_flags(&words)?,
    };
    container
        .cgroup(&host)?
        .apply(&resources)
        .map_err(Fault::from)?;
    Ok(0)
}

fn from_file(path: &str) -> Result<Resources, Fault> {
    let mut bytes = Vec::new();
    let read = if path == "-" {
        std::io::stdin().read_to_end(&mut bytes).map(drop)
    } else {
        std::fs::read(absolute(path)).map(|read| bytes = read)
    };
    read.map_err(|source| Fault::file("read", path.as_ref(), &source))?;
    let parsed: Result<Resources, _> = serde_json::from_slice(&bytes);
    let mut resources =
        parsed.map_err(|error| Fault::usage(format!("cannot parse {path}: {error}")))?;
    // Device rules are not changed by an update, as with runc.
    resources.devices.clear();
    Ok(resources)
}

fn from_flags(words: &Words) -> Result<Resources, Fault> {
    let memory = Memory {
        limit: bytes(words, "memory")?,
        reservation: bytes(words, "memory-reservation")?,
        swap: bytes(words, "memory-swap")?,
        kernel: bytes(words, "kernel-memory")?,
        kernel_tcp: bytes(words, "kernel-memory-tcp")?,
        ..Memory::default()
    };
    let cpu = Cpu {
        period: words.number("cpu-period")?,
        quota: words.number("cpu-quota")?,
        burst: words.number("cpu-burst")?,
        realtime_period: words.number("cpu-rt-period")?,
        realtime_runtime: words.number("cpu-rt-runtime")?,
        shares: words.number("cpu-share")?,
        idle: words.number("cpu-idle")?,
        cpus: words.value("cpuset-cpus").unwrap_or_default().to_owned(),
        mems: words.value("cpuset-mems").unwrap_or_default().to_owned(),
    };
    Ok(Resources {
        memory: Some(memory),
        cpu: Some(cpu),
        pids: words.number("pids-limit")?.map(|limit| Pids { limit }),
        block_io: words.number("blkio-weight")?.map(|weight| BlockIo {
            weight: Some(weight),
            ..BlockIo::default()
        }),
        ..Resources::default()
    })
}

/// A size with a unit, or -1 for no limit.
fn bytes(words: &Words, name: &str) -> Result<Option<i64>, Fault> {
    let Some(text) = words.value(name) else {
        return Ok(None);
    };
    if text.starts_with('-') {
        return Ok(Some(parse_bytes_or_unlimited(text)?));
    }
    let size = parse_bytes(text)?;
    let bad = |_| Fault::usage(format!("invalid value {text:?} for flag --{name}"));
    Ok(Some(i64::try_from(size).map_err(bad)?))
}
