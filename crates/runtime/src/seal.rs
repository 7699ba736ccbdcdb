//! Our own program, out of reach of the containers it makes (CVE-2019-5736).
//!
//! Between clone and exec a child in the container still runs this program, and its
//! `/proc/<pid>/exe` leads to the file on the host; so does an entry point of `/proc/self/exe`.
//! A program started from a read-only mount of that file, attached nowhere, or from a sealed copy in
//! memory, can't be opened for writing through either. Invariant: callers seal before they read
//! anything of a container.

use std::ffi::{CString, OsString};
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use hull_sys::mount::{self, Change, attribute};
use hull_sys::{fd, process};

use crate::{Error, Result};

/// Goes on in a sealed copy of this program, with the same arguments; returns in one.
pub fn ensure() -> Result<()> {
    if process::is_sealed().map_err(Error::Seal)? {
        return Ok(());
    }
    let program = program()?;
    let bytes = |text: OsString| text.into_vec();
    let strings = |list| process::Strings::new(list).map_err(|error| Error::Seal(error.into()));
    let arguments = strings(std::env::args_os().map(bytes).collect::<Vec<_>>())?;
    let environment = std::env::vars_os().map(|(name, value)| {
        let mut pair = name.into_vec();
        pair.push(b'=');
        pair.extend(value.into_vec());
        pair
    });
    let environment = strings(environment.collect())?;
    Err(Error::Seal(process::execute_fd(
        program.as_fd(),
        &arguments,
        &environment,
    )))
}

/// This program as a descriptor that can be executed and not be written through.
pub fn program() -> Result<OwnedFd> {
    program_at(Path::new("/proc/self/exe"))
}

/// The same of the program at `path`: for whoever starts another hull.
pub fn program_at(path: &Path) -> Result<OwnedFd> {
    let place = CString::new(path.as_os_str().as_bytes()).map_err(|e| Error::Seal(e.into()))?;
    if let Ok(tree) = mount::copy(&place, false) {
        let change = Change {
            set: attribute::READ_ONLY,
            ..Change::default()
        };
        if mount::change(tree.as_fd(), &change, false).is_ok() {
            return Ok(tree);
        }
    }
    let own = File::open(path).map_err(Error::Seal)?;
    fd::sealed_copy(c"hull", own.as_fd()).map_err(Error::Seal)
}
