//! Holding a container's processes still.
//!
//! Invariant: `freeze` returns only when the kernel reports every process as frozen; if that does
//! not happen in time the container is let go again.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::container::Cgroup;
use super::error::Error;
use super::group::Group;

const PATIENCE: Duration = Duration::from_secs(5);

/// Where to freeze.
enum Freezer<'a> {
    V1(&'a Group),
    V2(&'a Group),
}

impl Cgroup {
    /// Freezes every process and waits until they are.
    pub fn freeze(&self) -> Result<(), Error> {
        let freezer = self.freezer()?;
        match freezer {
            Freezer::V2(group) => group.write("cgroup.freeze", "1")?,
            Freezer::V1(group) => group.write("freezer.state", "FROZEN")?,
        }
        let done = wait(&freezer, true);
        if done.is_err() {
            // Half frozen is worse than not frozen; the error tells what happened.
            drop(self.thaw());
        }
        done
    }

    /// Lets the processes run again.
    pub fn thaw(&self) -> Result<(), Error> {
        let freezer = self.freezer()?;
        match freezer {
            Freezer::V2(group) => group.write("cgroup.freeze", "0")?,
            Freezer::V1(group) => group.write("freezer.state", "THAWED")?,
        }
        wait(&freezer, false)
    }

    /// Whether the container is frozen, by its own group or one above it.
    pub fn frozen(&self) -> Result<bool, Error> {
        match self.freezer() {
            Ok(freezer) => is_frozen(&freezer),
            Err(Error::NoFreezer) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn freezer(&self) -> Result<Freezer<'_>, Error> {
        if let Some(group) = self.unified.as_ref().filter(|group| group.exists()) {
            return Ok(Freezer::V2(group));
        }
        let v1 = self.member("freezer").filter(|group| group.exists());
        v1.map(Freezer::V1).ok_or(Error::NoFreezer)
    }
}

fn is_frozen(freezer: &Freezer<'_>) -> Result<bool, Error> {
    match freezer {
        Freezer::V2(group) => Ok(group.read_key("cgroup.events", "frozen")? == Some(1)),
        Freezer::V1(group) => Ok(group
            .read_optional("freezer.state")?
            .is_some_and(|state| state.trim() == "FROZEN")),
    }
}

/// Waits for the kernel to report the state; it is there at once unless a process is deep in the
/// kernel. Version 1 has nothing to poll on, and needs the request repeated for a process that
/// was forked while its parent froze.
fn wait(freezer: &Freezer<'_>, frozen: bool) -> Result<(), Error> {
    let begin = Instant::now();
    let mut pause = Duration::from_micros(50);
    while is_frozen(freezer)? != frozen {
        if begin.elapsed() > PATIENCE {
            let (Freezer::V1(group) | Freezer::V2(group)) = freezer;
            let verb = if frozen { "freeze" } else { "thaw" };
            let path = group.path().to_owned();
            return Err(Error::FreezeTimeout {
                verb,
                path,
                seconds: PATIENCE.as_secs(),
            });
        }
        sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(10));
        if let (Freezer::V1(group), true) = (freezer, frozen) {
            group.write("freezer.state", "FROZEN")?;
        }
    }
    Ok(())
}
