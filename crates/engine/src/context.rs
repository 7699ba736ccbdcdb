//! [`Context`]: what every verb works with; opened once per process.
//!
//! Leaves to each verb what it does with it. Invariant: the ledger is opened at the first use and
//! only once, because opening it is the dearest single step of a short command.

use crate::error::Error;
use crate::host::Source;
use crate::paths::Paths;
use crate::settings::Settings;

/// Settings, places and sources of an open engine.
#[derive(Debug)]
pub struct Context {
    /// What the outside said.
    pub settings: Settings,
    /// Where things live.
    pub paths: Paths,
    /// Clock and randomness.
    pub source: Source,
}

impl Context {
    /// A context for `settings`; touches nothing yet.
    pub fn new(settings: Settings, source: Source) -> Result<Self, Error> {
        let paths = Paths::new(settings.root.clone(), settings.run_root.clone());
        Ok(Self {
            settings,
            paths,
            source,
        })
    }
}
