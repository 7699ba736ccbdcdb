//! A filter ready to be installed.
//!
//! Invariant: the program fits the kernel; what does not fit is an error here, in the parent.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use hull_oci::runtime_spec::Seccomp;
use hull_sys::seccomp::{
    FLAG_LOG, FLAG_NEW_LISTENER, FLAG_SPEC_ALLOW, FLAG_TSYNC, FLAG_WAIT_KILLABLE_RECV, Instruction,
    MAX_INSTRUCTIONS,
};

use super::{assemble, cache, rules};
use crate::security::error::Error;

/// A compiled filter and how to install it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The program.
    pub program: Box<[Instruction]>,
    /// Flags of seccomp(2).
    pub flags: u32,
}

impl Filter {
    /// Compiles `profile`.
    pub fn compile(profile: &Seccomp) -> Result<Self, Error> {
        let decisions = rules::decide(profile)?;
        let program = assemble::assemble(&decisions);
        if program.len() > MAX_INSTRUCTIONS {
            let (length, limit) = (program.len(), MAX_INSTRUCTIONS);
            return Err(Error::FilterTooLong { length, limit });
        }
        let listener = if decisions.notify {
            FLAG_NEW_LISTENER
        } else {
            0
        };
        Ok(Self {
            program: program.into(),
            flags: flags(profile)? | listener,
        })
    }

    /// As [`Filter::compile`], from the file that an earlier call left in `dir`; a file that is
    /// missing, damaged or of another version is made anew, and not being able to is no error.
    pub fn cached(dir: &Path, profile: &Seccomp) -> Result<Self, Error> {
        let key = serde_json::to_vec(profile).map_err(Error::ProfileSyntax)?;
        Self::cached_by(dir, &key, || Self::compile(profile))
    }

    /// The filter kept in `dir` under `key`, or the one `make` makes, kept from now on.
    pub fn cached_by(
        dir: &Path,
        key: &[u8],
        make: impl FnOnce() -> Result<Self, Error>,
    ) -> Result<Self, Error> {
        if let Some(known) = cache::read(dir, key) {
            return Ok(Self {
                program: known.program.into(),
                flags: known.flags,
            });
        }
        let filter = make()?;
        cache::write(dir, key, &filter.program, filter.flags);
        Ok(filter)
    }

    /// Whether installing it gives a descriptor for notifications.
    pub fn notifies(&self) -> bool {
        self.flags & FLAG_NEW_LISTENER != 0
    }

    /// Installs it on the calling thread; allocates nothing.
    pub fn install(&self) -> io::Result<Option<OwnedFd>> {
        hull_sys::seccomp::load(&self.program, self.flags)
    }
}

/// The flags a profile asks for. One that names none gets no mitigation of speculative store
/// bypass, as with runc and as kernels since 5.16 do by themselves.
fn flags(profile: &Seccomp) -> Result<u32, Error> {
    if profile.flags.is_empty() {
        return Ok(FLAG_SPEC_ALLOW);
    }
    let mut all = 0;
    for name in &profile.flags {
        all |= match name.as_str() {
            "SECCOMP_FILTER_FLAG_LOG" => FLAG_LOG,
            "SECCOMP_FILTER_FLAG_SPEC_ALLOW" => FLAG_SPEC_ALLOW,
            // There is one thread at that time, and with a listener the kernel refuses the two
            // together, so it is taken for granted.
            "SECCOMP_FILTER_FLAG_TSYNC" if uses_listener(profile) => 0,
            "SECCOMP_FILTER_FLAG_TSYNC" => FLAG_TSYNC,
            "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" if uses_listener(profile) => {
                FLAG_WAIT_KILLABLE_RECV
            }
            "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" => 0,
            _ => {
                return Err(Error::Profile {
                    what: format!("unknown flag {name:?}"),
                });
            }
        };
    }
    Ok(all)
}

fn uses_listener(profile: &Seccomp) -> bool {
    use hull_oci::runtime_spec::Action;
    profile
        .syscalls
        .iter()
        .any(|rule| rule.action == Action::Notify)
}
