//! [`Context`]: what every verb works with; opened once per process.
//!
//! Leaves to each verb what it does with it. Invariant: the ledger, the cgroup mode and the boot id
//! are looked up at their first use and only once, because opening the ledger is the dearest single
//! step of a short command.

use std::cell::OnceCell;

use hull_image::Store;
use hull_model::id::ContainerId;
use hull_model::time::Timestamp;
use hull_runtime::cgroup::CgroupMode;
use hull_state::Ledger;

use crate::error::{Error, file};
use crate::host::Source;
use crate::journal::Journal;
use crate::lock::Lock;
use crate::paths::Paths;
use crate::settings::Settings;

/// Settings, places and sources of an open engine.
pub struct Context {
    /// What the outside said.
    pub settings: Settings,
    /// Where things live.
    pub paths: Paths,
    /// Clock and randomness.
    pub source: Source,
    /// Every fact that outlives a process.
    pub ledger: Ledger,
    /// What happened.
    pub journal: Journal,
    cgroups: OnceCell<CgroupMode>,
    boot_id: OnceCell<String>,
    capabilities: OnceCell<u64>,
}

impl Context {
    /// A context for `settings`; touches nothing yet.
    pub fn new(settings: Settings, source: Source) -> Self {
        let paths = Paths::new(settings.root.clone(), settings.run_root.clone());
        Self {
            ledger: Ledger::open(paths.ledger()),
            journal: Journal::new(paths.journal()),
            settings,
            paths,
            source,
            cgroups: OnceCell::new(),
            boot_id: OnceCell::new(),
            capabilities: OnceCell::new(),
        }
    }

    /// Images and writable layers.
    pub fn store(&self) -> Store<'_> {
        Store::new(self.paths.root(), &self.ledger, false)
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.source.now()
    }

    /// The lock of one container.
    pub fn lock(&self, id: &ContainerId) -> Result<Lock, Error> {
        Lock::acquire(&self.paths.locks(), id.as_str())
    }

    /// How this host's cgroups are mounted.
    pub fn cgroups(&self) -> Result<&CgroupMode, Error> {
        if let Some(mode) = self.cgroups.get() {
            return Ok(mode);
        }
        let mode = CgroupMode::detect().map_err(Error::Cgroup)?;
        Ok(self.cgroups.get_or_init(|| mode))
    }

    /// The capabilities this process can give.
    pub fn capabilities(&self) -> Result<u64, Error> {
        if let Some(mask) = self.capabilities.get() {
            return Ok(*mask);
        }
        let held = hull_sys::capability::held().map_err(file("read", "/proc/self/status"))?;
        Ok(*self
            .capabilities
            .get_or_init(|| held.permitted & held.bounding))
    }

    /// Which boot this is.
    pub fn boot_id(&self) -> Result<&str, Error> {
        if let Some(id) = self.boot_id.get() {
            return Ok(id);
        }
        let id = hull_monitor::facts::boot_id().map_err(Error::Monitor)?;
        Ok(self.boot_id.get_or_init(|| id))
    }
}
