//! `run`: a container made and started at once, stayed with unless detached.

use std::ffi::OsString;

use hull_runtime::{Stdio, seal};

use super::create::{Asked, FLAGS, write_pid};
use super::fault::Fault;
use super::foreground::{self, Foreground};
use super::words::Words;
use super::{Answer, Settings};

/// `run [flags] ID`
pub(super) fn main(settings: &Settings, rest: Vec<OsString>) -> Answer {
    seal::ensure()?;
    let mut words = Words::sort(rest, FLAGS, false)?;
    let detach = words.has("detach");
    let asked = Asked::read(settings, &mut words)?;
    let here = !detach && asked.wants_terminal() && words.value("console-socket").is_none();
    let stdio = if here {
        Stdio::Terminal
    } else {
        asked.stdio()?
    };
    let foreground = if detach {
        None
    } else {
        Some(Foreground::prepare(here)?)
    };
    let (container, running) = settings.containers().run(asked.wish(settings, stdio))?;
    let finish = |fault: Fault| {
        // The first failure tells more.
        drop(container.delete(&asked.host, true));
        fault
    };
    if let Some(path) = &asked.pid_file {
        write_pid(path, running.pid).map_err(finish)?;
    }
    let Some(foreground) = foreground else {
        return Ok(0);
    };
    let exit = foreground.stay(&running).map_err(finish)?;
    if !words.has("keep") {
        container.delete(&asked.host, true)?;
    }
    Ok(foreground::code(exit))
}
