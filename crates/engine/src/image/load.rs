//! `load`: images out of an archive or layout into the store.
//!
//! Leaves reading archives to `hull_image::load`. Invariant: every name an archive gave is in the
//! journal.

use hull_image::load::{LoadOptions, LoadSource, Loaded, Progress, load as load_images};
use hull_oci::platform::Platform;
use hull_sys::failpoint::failpoint;

use crate::context::Context;
use crate::error::Error;
use crate::image::record;

pub(crate) fn load(
    context: &Context,
    source: LoadSource<'_>,
    platform: Option<&str>,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Vec<Loaded>, Error> {
    let platform = platform
        .map(Platform::parse)
        .transpose()
        .map_err(Error::Word)?;
    let watched = |step: Progress| {
        failpoint("load-at-progress");
        progress(step);
    };
    let options = LoadOptions {
        platform: platform.as_ref(),
        now: context.now().0,
        progress: &watched,
    };
    failpoint("load-before-store");
    let loaded = load_images(&context.store(), source, options)?;
    failpoint("load-after-store");
    for image in &loaded {
        let id = image.id.as_str();
        record::note(
            context,
            "load",
            id,
            image.names.first().map_or(id, String::as_str),
        );
    }
    Ok(loaded)
}

/// Loads an image that travels in the binary.
pub(crate) fn embedded(context: &Context, archive: &'static [u8]) -> Result<(), Error> {
    load(context, LoadSource::Bytes(archive), None, &|_| {})?;
    Ok(())
}
