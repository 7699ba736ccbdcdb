//! Being told when a container runs out of memory.
//!
//! Invariant: the descriptor becomes readable (v1) or has an exceptional condition (v2) at each
//! event, and for v1 also when the group goes away; the reader counts with `oom_kills`.

use std::os::fd::{AsRawFd, OwnedFd};

use super::container::Cgroup;
use super::error::Error;

/// What to poll, and for what.
#[derive(Debug)]
pub enum OomEvents {
    /// An eventfd: readable after an event.
    V1(OwnedFd),
    /// `memory.events`: POLLPRI after a change, to be read again from its start.
    V2(OwnedFd),
}

impl Cgroup {
    /// Opens a descriptor that tells of out-of-memory events; `None` without a memory group.
    pub fn oom_events(&self) -> Result<Option<OomEvents>, Error> {
        if self.is_v2 {
            let Some(group) = &self.unified else {
                return Ok(None);
            };
            return match group.dir()?.open_for_reading("memory.events") {
                Ok(file) => Ok(Some(OomEvents::V2(file))),
                Err(error) if super::group::absent(&error) => Ok(None),
                Err(source) => Err(Error::Open {
                    path: group.path().join("memory.events"),
                    source,
                }),
            };
        }
        let Some(group) = self.member("memory").filter(|group| group.exists()) else {
            return Ok(None);
        };
        let failed = |file: &str| {
            let path = group.path().join(file);
            move |source| Error::Open { path, source }
        };
        let event = hull_sys::cgroupfs::event_counter().map_err(failed("cgroup.event_control"))?;
        let control = group
            .dir()?
            .open_for_reading("memory.oom_control")
            .map_err(failed("memory.oom_control"))?;
        let line = format!("{} {}", event.as_raw_fd(), control.as_raw_fd());
        group.write("cgroup.event_control", &line)?;
        Ok(Some(OomEvents::V1(event)))
    }
}
