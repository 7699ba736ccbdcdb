//! Clock and randomness, handed to whoever needs them.
//!
//! Leaves to `runtime::host` what the kernel can do. Invariant: no other file of the engine reads a
//! clock or a random source, so that tests can hold both still.

use std::fs::File;
use std::io::{self, Read};
use std::time::{SystemTime, UNIX_EPOCH};

use hull_model::id::ContainerId;
use hull_model::time::Timestamp;

use crate::error::Error;

/// Where time and randomness come from.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// The wall clock.
    pub now: fn() -> Timestamp,
    /// Fills a buffer with random bytes.
    pub random: fn(&mut [u8]) -> io::Result<()>,
}

impl Default for Source {
    fn default() -> Self {
        Self {
            now: system_clock,
            random: system_random,
        }
    }
}

impl Source {
    /// The time now.
    pub fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// A fresh container id.
    pub fn container_id(&self) -> Result<ContainerId, Error> {
        loop {
            let mut bytes = [0; 32];
            self.fill(&mut bytes)?;
            let id = ContainerId::from_bytes(bytes);
            // As docker: a short id that reads as a number would be taken for one by some tools.
            if id.short().bytes().any(|b| b.is_ascii_alphabetic()) {
                return Ok(id);
            }
        }
    }

    /// A random number.
    pub fn number(&self) -> Result<u64, Error> {
        let mut bytes = [0; 8];
        self.fill(&mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }

    fn fill(&self, bytes: &mut [u8]) -> Result<(), Error> {
        (self.random)(bytes).map_err(|source| Error::Random { source })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the wall clock is read"
)]
fn system_clock() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

fn system_random(bytes: &mut [u8]) -> io::Result<()> {
    File::open("/dev/urandom")?.read_exact(bytes)
}
