//! `save`: images out of the store into one archive.
//!
//! Leaves writing archives to `hull_image::save`. Invariant: every name asked for is in the journal
//! once the archive is whole.

use std::fs::File;

use hull_oci::platform::Platform;

use crate::context::Context;
use crate::error::Error;
use crate::image::record;

pub(crate) fn save(
    context: &Context,
    names: &[String],
    platform: Option<&str>,
    out: &File,
) -> Result<(), Error> {
    let platform = platform
        .map(Platform::parse)
        .transpose()
        .map_err(Error::Word)?;
    let wanted: Vec<&str> = names.iter().map(String::as_str).collect();
    let store = context.store();
    hull_image::save::save(&store, &wanted, platform.as_ref(), out)?;
    for name in names {
        let image = hull_image::resolve::resolve(&store, name)?;
        record::note(context, "save", image.id.as_str(), name);
    }
    Ok(())
}
