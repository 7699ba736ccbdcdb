//! The verbs that take an id and little else: `start`, `kill`, `delete`, `pause`, `resume`.

use std::ffi::OsString;

use super::fault::Fault;
use super::words::{Flag, Words};
use super::{Answer, Settings, host};

fn only_id(rest: Vec<OsString>, flags: &[Flag]) -> Result<(String, Words), Fault> {
    let mut words = Words::sort(rest, flags, false)?;
    let id = words.need("container id")?;
    Ok((id, words))
}

/// `start ID`
pub(super) fn start(settings: &Settings, rest: Vec<OsString>) -> Answer {
    let (id, words) = only_id(rest, &[])?;
    words.end()?;
    settings.container(&id)?.start(&host()?)?;
    Ok(0)
}

/// `kill [--all] ID [SIGNAL]`
pub(super) fn kill(settings: &Settings, rest: Vec<OsString>) -> Answer {
    let (id, mut words) = only_id(rest, &[("all,a", false)])?;
    let name = words.next().unwrap_or_else(|| "SIGTERM".to_owned());
    words.end()?;
    let signal = hull_model::grammar::signal::signal(&name)?;
    let (container, host) = (settings.container(&id)?, host()?);
    if words.has("all") {
        container.kill_all(&host, signal)?;
    } else {
        container.kill(&host, signal)?;
    }
    Ok(0)
}

/// `delete [--force] ID`
pub(super) fn delete(settings: &Settings, rest: Vec<OsString>) -> Answer {
    let (id, words) = only_id(rest, &[("force,f", false)])?;
    words.end()?;
    let force = words.has("force");
    let container = match settings.container(&id) {
        Ok(container) => container,
        Err(_) if force => {
            // Nothing there is what was wished; a directory without a state is what a killed create
            // left.
            settings.containers().sweep(&id)?;
            return Ok(0);
        }
        Err(fault) => return Err(fault),
    };
    container.delete(&host()?, force)?;
    Ok(0)
}

/// `pause ID`
pub(super) fn pause(settings: &Settings, rest: Vec<OsString>) -> Answer {
    let (id, words) = only_id(rest, &[])?;
    words.end()?;
    settings.container(&id)?.pause(&host()?)?;
    Ok(0)
}

/// `resume ID`
pub(super) fn resume(settings: &Settings, rest: Vec<OsString>) -> Answer {
    let (id, words) = only_id(rest, &[])?;
    words.end()?;
    settings.container(&id)?.resume(&host()?)?;
    Ok(0)
}
