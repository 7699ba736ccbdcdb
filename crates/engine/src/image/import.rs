//! `import`: a root file system's tar becomes an image of one layer.
//!
//! Leaves making the image to `hull_image::import`. Invariant: the new image is in the journal.

use std::fs::File;

use hull_image::import::{ImportOptions, Imported, import as import_tar};
use hull_oci::platform::Platform;

use crate::context::Context;
use crate::error::Error;
use crate::image::record;

/// What `import` is asked.
#[derive(Clone, Copy)]
pub struct ImportRequest<'a> {
    /// Name of the new image; `None` leaves it without one.
    pub name: Option<&'a str>,
    /// Dockerfile instructions applied to its configuration.
    pub changes: &'a [String],
    /// Remark in its history.
    pub message: Option<&'a str>,
    /// What it runs on; `None` is this machine.
    pub platform: Option<&'a str>,
    /// Hears of bytes as they are read.
    pub progress: &'a (dyn Fn(u64) + Sync),
}

pub(crate) fn import(
    context: &Context,
    source: File,
    what: &str,
    request: ImportRequest<'_>,
) -> Result<Imported, Error> {
    let platform = request
        .platform
        .map(Platform::parse)
        .transpose()
        .map_err(Error::Word)?;
    let options = ImportOptions {
        name: request.name,
        changes: request.changes,
        message: request.message,
        platform: platform.as_ref(),
        now: context.now().0,
        progress: request.progress,
    };
    let imported = import_tar(&context.store(), source, what, options)?;
    let id = imported.id.as_str();
    record::note(
        context,
        "import",
        id,
        imported.name.as_deref().unwrap_or(id),
    );
    Ok(imported)
}
