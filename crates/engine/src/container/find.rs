//! Which container a user means, with docker's words when there is none.

use hull_oci::image_config::ImageConfig;
use hull_state::{ContainerRow, Error as Ledger};

use crate::context::Context;
use crate::error::{ContainerError, Error};

/// The container of that name, id or beginning of an id.
pub fn find(context: &Context, reference: &str) -> Result<ContainerRow, Error> {
    context
        .ledger
        .containers()
        .find(reference)
        .map_err(|error| match error {
            Ledger::NotFound { .. } => ContainerError::NotFound {
                reference: reference.to_owned(),
            }
            .into(),
            Ledger::Ambiguous { prefix, .. } => ContainerError::Ambiguous { prefix }.into(),
            other => other.into(),
        })
}

/// The row as it is now, after its lock was taken.
pub fn again(context: &Context, row: &ContainerRow) -> Result<ContainerRow, Error> {
    let found = context.ledger.containers().get(&row.id)?;
    let reference = row.name.to_string();
    found.ok_or_else(|| ContainerError::NotFound { reference }.into())
}

/// The image of a container.
pub(crate) fn image_of(context: &Context, row: &ContainerRow) -> Result<ImageConfig, Error> {
    let id = row.image_id.as_ref();
    let found = id
        .map(|id| context.ledger.images().get(id))
        .transpose()?
        .flatten();
    let image = found.ok_or_else(|| Error::NoImage {
        image: row.image_name.clone(),
    })?;
    Ok(hull_image::list::config_of(&image)?)
}
