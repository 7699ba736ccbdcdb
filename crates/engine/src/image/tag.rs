//! `tag`: one more name for an image.

use crate::context::Context;
use crate::error::Error;
use crate::image::record;

pub(crate) fn tag(context: &Context, source: &str, target: &str) -> Result<(), Error> {
    let tagged = hull_image::tag::tag(&context.store(), source, target, context.now().0)?;
    record::note(context, "tag", tagged.image.as_str(), &tagged.name);
    Ok(())
}
