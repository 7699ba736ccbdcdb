//! Signals for everybody in a container.
//!
//! Invariant: signals go by pid only while the group is frozen, or a pid was read from the group
//! just before, so that no stranger who got the number of a dead process is hit; a fork cannot
//! outrun the loop.

use super::container::Cgroup;
use super::error::Error;

const SIGKILL: i32 = 9;

/// How often the list is read again for processes forked meanwhile, where nothing can be frozen.
const ROUNDS: usize = 16;

impl Cgroup {
    /// Sends `signal` to every process of the container. With SIGKILL they are dead or dying when
    /// this returns, forks in flight included.
    pub fn kill_all(&self, signal: i32) -> Result<(), Error> {
        if signal == SIGKILL && self.kill_by_file()? {
            return Ok(());
        }
        // A frozen container stays frozen for other signals, which wait for its thaw.
        let was_frozen = self.frozen().unwrap_or(false);
        let held = was_frozen || self.freeze().is_ok();
        let sent = if held {
            self.signal_once(signal).map(drop)
        } else {
            self.pursue(signal)
        };
        if held && (signal == SIGKILL || !was_frozen) {
            let thawed = match self.thaw() {
                // Somebody else removed the group meanwhile: nobody is left in it.
                Err(Error::NoFreezer) => Ok(()),
                other => other,
            };
            return sent.and(thawed);
        }
        sent
    }

    /// Kills through `cgroup.kill`, `false` when that does not reach every process.
    fn kill_by_file(&self) -> Result<bool, Error> {
        let Some(group) = self.unified.as_ref().filter(|group| group.exists()) else {
            return Ok(false);
        };
        // On a hybrid host the group beside the limits may hold nobody.
        if !self.is_v2 && group.read_key("cgroup.events", "populated")? != Some(1) {
            return Ok(false);
        }
        match group.write("cgroup.kill", "1") {
            Ok(()) => Ok(true),
            // Kernels before 5.14.
            Err(Error::NoFile { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Signals whoever is there until nobody new appears.
    fn pursue(&self, signal: i32) -> Result<(), Error> {
        let mut known = Vec::new();
        for _ in 0..ROUNDS {
            let now = self.signal_but(signal, &known)?;
            if now.iter().all(|pid| known.contains(pid)) {
                return Ok(());
            }
            known = now;
        }
        Ok(())
    }

    fn signal_once(&self, signal: i32) -> Result<Vec<i32>, Error> {
        self.signal_but(signal, &[])
    }

    fn signal_but(&self, signal: i32, already: &[i32]) -> Result<Vec<i32>, Error> {
        let pids = self.pids()?;
        for &pid in pids.iter().filter(|pid| !already.contains(pid)) {
            hull_sys::cgroupfs::signal_member(pid, signal).map_err(|source| Error::Process {
                verb: "signal",
                pid,
                source,
            })?;
        }
        Ok(pids)
    }
}
