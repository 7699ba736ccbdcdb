//! [`Engine`], the front of the hall: an open engine and its groups of verbs.
//!
//! Leaves every verb to its own file. Invariant: an engine holds no state of its own beyond handles;
//! two engines on the same roots see the same world.

use crate::container::{Containers, facts};
use crate::context::Context;
use crate::error::Error;
use crate::host::Source;
use crate::image::Images;
use crate::settings::Settings;
use crate::system::System;

/// An open engine.
pub struct Engine {
    context: Context,
}

impl Engine {
    /// Opens the engine on the roots of `settings`; the ledger is opened at its first use.
    pub fn open(settings: Settings) -> Result<Self, Error> {
        Self::with_source(settings, Source::default())
    }

    /// As [`Engine::open`], with a clock and a random source of the caller's.
    pub fn with_source(settings: Settings, source: Source) -> Result<Self, Error> {
        Ok(Self {
            context: Context::new(settings, source),
        })
    }

    /// Verbs on containers.
    pub fn containers(&self) -> Containers<'_> {
        Containers::new(&self.context)
    }

    /// Verbs on images.
    pub fn images(&self) -> Images<'_> {
        Images::new(&self.context, facts::is_running)
    }

    /// Verbs on the whole.
    pub fn system(&self) -> System<'_> {
        System::new(&self.context)
    }
}
