//! Holding a container's processes still and letting them go on.

use hull_oci::runtime_spec::Status;

use super::record::Container;
use crate::{Host, Result};

impl Container {
    /// Freezes all processes.
    pub fn pause(&self, host: &Host) -> Result<()> {
        match self.status(host)? {
            Status::Running | Status::Created => Ok(self.cgroup(host)?.freeze()?),
            status => Err(self.wrong("pause", status)),
        }
    }

    /// Thaws them.
    pub fn resume(&self, host: &Host) -> Result<()> {
        match self.status(host)? {
            Status::Paused => Ok(self.cgroup(host)?.thaw()?),
            status => Err(self.wrong("resume", status)),
        }
    }
}
