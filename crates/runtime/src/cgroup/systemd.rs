//! systemd as the maker of a container's group: a transient unit, with the limits systemd knows of
//! as its properties.
//!
//! What it does not know is written to the group's files afterwards, as without systemd. Invariant:
//! a call returns only when systemd has finished the job, so that the group exists, or is gone.

use std::io;
use std::path::Path;

use hull_oci::runtime_spec::Resources;

use super::bus::{Answer, Call, Connection, Reader, Value};
use super::error::Error;
use super::v2::weight_of_shares;

/// systemd's own socket, which needs no bus, and the system's bus.
const SOCKETS: [&str; 2] = ["/run/systemd/private", "/run/dbus/system_bus_socket"];

const SERVICE: &str = "org.freedesktop.systemd1";
const OBJECT: &str = "/org/freedesktop/systemd1";
const MANAGER: &str = "org.freedesktop.systemd1.Manager";

const UNIT_EXISTS: &str = "org.freedesktop.systemd1.UnitExists";
const NO_SUCH_UNIT: &str = "org.freedesktop.systemd1.NoSuchUnit";

/// Whether systemd runs this host.
pub(super) fn is_running() -> bool {
    Path::new("/run/systemd/system").exists()
}

/// Starts `unit` in `slice` around the process `pid`.
pub(super) fn start(
    slice: &str,
    unit: &str,
    pid: i32,
    resources: &Resources,
    is_v2: bool,
) -> Result<(), Error> {
    let mut list = unit_properties(slice, unit, pid);
    list.extend(limits(resources, is_v2));
    Manager::connect()?.start(unit, &list)
}

/// Changes the limits of `unit`.
pub(super) fn set_properties(unit: &str, resources: &Resources, is_v2: bool) -> Result<(), Error> {
    let list = limits(resources, is_v2);
    if list.is_empty() {
        Ok(())
    } else {
        Manager::connect()?.set(unit, &list)
    }
}

/// Stops `unit`; one that is gone is fine.
pub(super) fn stop(unit: &str) -> Result<(), Error> {
    Manager::connect()?.stop(unit)
}

type Property = (&'static str, Value);

/// What a container's unit is. Delegation keeps systemd's hands off the groups below; accounting is
/// switched on so that the controllers are.
fn unit_properties(slice: &str, unit: &str, pid: i32) -> Vec<Property> {
    let text = |text: &str| Value::Text(text.to_owned());
    let mut list = vec![("Description", text("hull container"))];
    if unit.ends_with(".slice") {
        list.push(("Wants", text(slice)));
    } else {
        list.push(("Slice", text(slice)));
        list.push(("Delegate", Value::Bool(true)));
        list.push((
            "PIDs",
            Value::Pids(u32::try_from(pid).into_iter().collect()),
        ));
    }
    for name in [
        "MemoryAccounting",
        "CPUAccounting",
        "IOAccounting",
        "TasksAccounting",
    ] {
        list.push((name, Value::Bool(true)));
    }
    // The defaults would stop the container before the network goes, and its monitor after.
    list.push(("DefaultDependencies", Value::Bool(false)));
    list
}

/// The limits systemd knows, so that it does not undo them when it reloads.
fn limits(resources: &Resources, is_v2: bool) -> Vec<Property> {
    let mut list = Vec::new();
    let size = |size: i64| Value::Number(u64::try_from(size).unwrap_or(u64::MAX));
    if let Some(memory) = &resources.memory {
        let limit = memory.limit.filter(|&limit| limit != 0);
        list.extend(
            limit.map(|limit| (if is_v2 { "MemoryMax" } else { "MemoryLimit" }, size(limit))),
        );
        if is_v2 {
            let low = memory.reservation.filter(|&low| low != 0);
            list.extend(low.map(|low| ("MemoryLow", size(low))));
            let swap = match (limit, memory.swap.filter(|&sum| sum != 0)) {
                (_, Some(-1)) => Some(-1),
                (Some(limit), Some(sum)) if limit > 0 => Some(sum - limit),
                _ => None,
            };
            list.extend(swap.map(|swap| ("MemorySwapMax", size(swap))));
        }
    }
    if let Some(cpu) = &resources.cpu {
        if let Some(shares) = cpu.shares.filter(|&shares| shares != 0) {
            list.push(match is_v2 {
                true => ("CPUWeight", Value::Number(weight_of_shares(shares))),
                false => ("CPUShares", Value::Number(shares)),
            });
        }
        list.extend(quota(cpu.quota, cpu.period));
        if is_v2 {
            for (name, text) in [
                ("AllowedCPUs", &cpu.cpus),
                ("AllowedMemoryNodes", &cpu.mems),
            ] {
                if let Some(mask) = mask(text) {
                    list.push((name, Value::Bytes(mask)));
                }
            }
        }
    }
    if let Some(pids) = resources.pids.as_ref().filter(|pids| pids.limit != 0) {
        list.push(("TasksMax", size(pids.limit)));
    }
    list
}

/// Quota and period as systemd has them: microseconds per second, a multiple of 10 ms per second.
fn quota(quota: Option<i64>, period: Option<u64>) -> Vec<Property> {
    const SECOND: u64 = 1_000_000;
    let mut list = Vec::new();
    let period = period.filter(|&period| period != 0);
    list.extend(period.map(|period| ("CPUQuotaPeriodUSec", Value::Number(period))));
    match quota.filter(|&quota| quota != 0).map(u64::try_from) {
        None => {}
        Some(Err(_)) => list.push(("CPUQuotaPerSecUSec", Value::Number(u64::MAX))),
        Some(Ok(quota)) => {
            let per_second = quota.saturating_mul(SECOND) / period.unwrap_or(100_000);
            let rounded = per_second.next_multiple_of(10_000);
            list.push(("CPUQuotaPerSecUSec", Value::Number(rounded)));
        }
    }
    list
}

/// A list like `0-2,5` as a bit mask, lowest byte first; `None` when it is empty or malformed (the
/// kernel tells what is wrong with it).
fn mask(list: &str) -> Option<Vec<u8>> {
    const MOST: usize = 8192;
    let mut mask = Vec::new();
    for part in list
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        if last >= MOST {
            return None;
        }
        for bit in first..=last {
            if mask.len() <= bit / 8 {
                mask.resize(bit / 8 + 1, 0u8);
            }
            if let Some(byte) = mask.get_mut(bit / 8) {
                *byte |= 1 << (bit % 8);
            }
        }
    }
    (!mask.is_empty()).then_some(mask)
}

/// systemd's manager, reached.
struct Manager {
    connection: Connection,
    /// Who to address: nobody when the other end is systemd itself.
    destination: &'static str,
}

impl Manager {
    fn connect() -> Result<Self, Error> {
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for socket in SOCKETS {
            match Self::at(Path::new(socket), socket.contains("dbus")) {
                Ok(manager) => return Ok(manager),
                // The socket that is there has more to say than the one that is not.
                Err(error) if last.kind() == io::ErrorKind::NotFound => last = error,
                Err(_) => {}
            }
        }
        Err(Error::Bus {
            step: "reach systemd",
            source: last,
        })
    }

    /// Through the socket at `path`, of a bus or of systemd itself.
    fn at(path: &Path, is_bus: bool) -> io::Result<Self> {
        let mut connection = Connection::open(path)?;
        let mut destination = "";
        if is_bus {
            const BUS: &str = "org.freedesktop.DBus";
            connection.call(&Call::new(BUS, "/org/freedesktop/DBus", BUS, "Hello"))?;
            let rule =
                "type='signal',interface='org.freedesktop.systemd1.Manager',member='JobRemoved'";
            let matching = Call::new(BUS, "/org/freedesktop/DBus", BUS, "AddMatch").text(rule);
            connection.call(&matching)?;
            destination = SERVICE;
        }
        let mut manager = Self {
            connection,
            destination,
        };
        let subscribe = manager.method("Subscribe");
        manager.connection.call(&subscribe)?;
        Ok(manager)
    }

    fn method(&self, member: &'static str) -> Call {
        Call::new(self.destination, OBJECT, MANAGER, member)
    }

    fn start(&mut self, unit: &str, properties: &[Property]) -> Result<(), Error> {
        const STEP: &str = "start";
        for attempt in 0..2 {
            let call = self
                .method("StartTransientUnit")
                .text(unit)
                .text("fail")
                .properties(properties)
                .no_units();
            match self.call(STEP, &call)? {
                Answer::Fine(body) => return self.finish(STEP, unit, &body),
                // A slice that is there already is as good as a new one.
                Answer::Refused(name, _) if name == UNIT_EXISTS && unit.ends_with(".slice") => {
                    return Ok(());
                }
                // One that failed long ago stays until somebody says that he knows.
                Answer::Refused(name, _) if name == UNIT_EXISTS && attempt == 0 => {
                    let reset = self.method("ResetFailedUnit").text(unit);
                    self.call(STEP, &reset)?;
                }
                Answer::Refused(name, text) => return Err(refused(STEP, unit, &name, &text)),
            }
        }
        Ok(())
    }

    fn set(&mut self, unit: &str, properties: &[Property]) -> Result<(), Error> {
        const STEP: &str = "change";
        let call = self
            .method("SetUnitProperties")
            .text(unit)
            .flag(true)
            .properties(properties);
        match self.call(STEP, &call)? {
            Answer::Fine(_) => Ok(()),
            Answer::Refused(name, text) => Err(refused(STEP, unit, &name, &text)),
        }
    }

    fn stop(&mut self, unit: &str) -> Result<(), Error> {
        const STEP: &str = "stop";
        let call = self.method("StopUnit").text(unit).text("replace");
        match self.call(STEP, &call)? {
            Answer::Fine(body) => self.finish(STEP, unit, &body),
            Answer::Refused(name, _) if name == NO_SUCH_UNIT => Ok(()),
            Answer::Refused(name, text) => Err(refused(STEP, unit, &name, &text)),
        }
    }

    fn call(&mut self, step: &'static str, call: &Call) -> Result<Answer, Error> {
        self.connection.call(call).map_err(|source| Error::Bus {
            step: bus_step(step),
            source,
        })
    }

    /// Waits for the job whose path `body` is.
    fn finish(&mut self, step: &'static str, unit: &str, body: &[u8]) -> Result<(), Error> {
        let failed = |source| Error::Bus {
            step: bus_step(step),
            source,
        };
        let job = Reader::new(body).text().map_err(failed)?;
        let result = self.connection.wait("JobRemoved", |body| {
            let mut reader = Reader::new(body);
            reader.u32()?;
            let (path, _unit, result) = (reader.text()?, reader.text()?, reader.text()?);
            Ok((path == job).then_some(result))
        });
        match result.map_err(failed)?.as_str() {
            "done" => Ok(()),
            other => {
                let answer = format!("the job ended as {other}");
                Err(Error::Systemd {
                    step,
                    unit: unit.to_owned(),
                    answer,
                })
            }
        }
    }
}

fn bus_step(step: &'static str) -> &'static str {
    match step {
        "start" => "start a unit",
        "stop" => "stop a unit",
        _ => "change a unit",
    }
}

fn refused(step: &'static str, unit: &str, name: &str, text: &str) -> Error {
    Error::Systemd {
        step,
        unit: unit.to_owned(),
        answer: format!("{text} ({name})"),
    }
}

#[cfg(test)]
mod tests;
