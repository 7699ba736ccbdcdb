//! What the journal says about a container: docker's attributes.

use std::collections::BTreeMap;

use hull_model::event::EventType;
use hull_state::ContainerRow;

use crate::context::Context;
use crate::journal::Happening;

/// Writes that `action` happened to `row`'s container, with `more` attributes.
pub fn note(context: &Context, row: &ContainerRow, action: &str, more: &[(&str, String)]) {
    let labels = row
        .config
        .get()
        .map(|config| config.labels.clone())
        .unwrap_or_default();
    let mut attributes: BTreeMap<String, String> = labels;
    attributes.insert("image".into(), row.image_name.clone());
    attributes.insert("name".into(), row.name.to_string());
    for (key, value) in more {
        attributes.insert((*key).to_owned(), value.clone());
    }
    let happening = Happening {
        kind: EventType::Container,
        action: action.to_owned(),
        id: row.id.to_string(),
        attributes,
    };
    context.journal.write(context.now(), happening);
}
