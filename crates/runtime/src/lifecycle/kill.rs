//! Signals to a container's first process, or to all of its processes.

use hull_oci::runtime_spec::{NamespaceType, Status};
use hull_sys::pidfd;
use hull_sys::signal::number;

use super::record::Container;
use crate::plan::makes;
use crate::{Error, Host, Result};

impl Container {
    /// Sends `signal` to the first process.
    pub fn kill(&self, host: &Host, signal: i32) -> Result<()> {
        let Some(process) = self.process() else {
            return Err(self.wrong("kill", Status::Stopped));
        };
        let failed = |source| Error::Signal {
            signal,
            id: self.record.id.clone(),
            source,
        };
        let linux = self.spec()?.linux.unwrap_or_default();
        if signal == number::KILL && !makes(&linux, NamespaceType::Pid) {
            // Without a pid namespace of its own, nothing else ends the others.
            pidfd::signal(&process, signal).map_err(failed)?;
            return self.kill_all(host, signal);
        }
        pidfd::signal(&process, signal).map_err(failed)?;
        let cgroup = self.cgroup(host)?;
        if signal == number::KILL && cgroup.frozen().unwrap_or(false) {
            // A frozen process of version 1 dies only when it is thawed.
            cgroup.thaw()?;
        }
        Ok(())
    }

    /// Sends `signal` to all processes of its cgroups.
    pub fn kill_all(&self, host: &Host, signal: i32) -> Result<()> {
        Ok(self.cgroup(host)?.kill_all(signal)?)
    }
}
