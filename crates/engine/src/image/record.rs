//! What the journal says about an image.

use hull_model::event::EventType;

use crate::context::Context;
use crate::journal::Happening;

/// Writes that `action` happened to the image `id` under `name`.
pub(crate) fn note(context: &Context, action: &str, id: &str, name: &str) {
    let happening = Happening {
        kind: EventType::Image,
        action: action.to_owned(),
        id: id.to_owned(),
        attributes: [("name".to_owned(), name.to_owned())].into(),
    };
    context.journal.write(context.now(), happening);
}
