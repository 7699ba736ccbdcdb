//! Removing a container: what is left of its processes, its cgroups, and its memory.

use std::fs;
use std::time::Duration;

use hull_oci::runtime_spec::Status;
use hull_sys::pidfd;
use hull_sys::signal::number;

use super::record::Container;
use crate::{Error, Host, Result, hooks};

/// How long a killed process may take to disappear.
const PATIENCE: Duration = Duration::from_secs(10);

impl Container {
    /// Removes a stopped container; with `force` also one that still runs.
    pub fn delete(&self, host: &Host, force: bool) -> Result<()> {
        let status = self.status(host)?;
        let cgroup = self.cgroup(host)?;
        if status != Status::Stopped {
            // runc deletes a container that was created and never started.
            if !(force || status == Status::Created) {
                return Err(self.wrong("delete", status));
            }
            self.end(host)?;
        }
        // What a container without a pid namespace left behind goes too.
        if cgroup.exists() {
            cgroup.kill_all(number::KILL)?;
            cgroup.remove()?;
        }
        let rootfs = &self.record.rootfs;
        let covered = self.record.root_mount;
        if covered.is_some() && covered == hull_sys::mount::id_at(rootfs).ok() {
            crate::create::unmount(rootfs);
        }
        let spec = self.spec().ok();
        let hooks = spec.and_then(|spec| spec.hooks).unwrap_or_default();
        let after = hooks::run("poststop", &hooks.poststop, &self.state(Status::Stopped));
        fs::remove_dir_all(&self.dir).map_err(|source| Error::State {
            verb: "remove",
            path: self.dir.clone(),
            source,
        })?;
        after
    }

    fn end(&self, host: &Host) -> Result<()> {
        let Some(process) = self.process() else {
            return Ok(());
        };
        match self.kill(host, number::KILL) {
            // It may end by itself meanwhile.
            Err(Error::WrongStatus { .. }) => {}
            Err(Error::Signal { source, .. }) if source.raw_os_error() == Some(3) => {}
            other => other?,
        }
        pidfd::wait_gone(&process, Some(PATIENCE)).map_err(|source| Error::Signal {
            signal: number::KILL,
            id: self.record.id.clone(),
            source,
        })?;
        Ok(())
    }
}
