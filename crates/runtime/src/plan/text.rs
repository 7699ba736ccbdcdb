//! Texts in the form system calls take.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::invalid;
use crate::Result;

/// `text` of the configuration's `field`, which must not contain a zero byte.
pub(crate) fn of(field: &str, text: impl Into<Vec<u8>>) -> Result<CString> {
    CString::new(text).map_err(|_| invalid(field, "it contains a zero byte"))
}

/// A path of the configuration's `field`.
pub(crate) fn of_path(field: &str, path: &Path) -> Result<CString> {
    of(field, path.as_os_str().as_bytes())
}
