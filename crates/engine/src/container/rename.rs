//! `rename`: another name for a container, whatever it is doing.

use hull_model::id::ContainerName;

use crate::container::find::{again, find};
use crate::container::record;
use crate::context::Context;
use crate::error::{ContainerError, Error};

pub(crate) fn rename(context: &Context, name: &str, new: &str) -> Result<(), Error> {
    if name.is_empty() || new.is_empty() {
        return Err(ContainerError::EmptyName.into());
    }
    let row = find(context, name)?;
    let _lock = context.lock(&row.id)?;
    let mut row = again(context, &row)?;
    let new = ContainerName::parse(new).ok_or_else(|| ContainerError::InvalidName {
        name: new.to_owned(),
    })?;
    if new == row.name {
        return Err(ContainerError::SameName.into());
    }
    let renamed = context.ledger.containers().rename(&row.id, &new);
    renamed.map_err(|error| match error {
        hull_state::Error::NameTaken { name, holder } => {
            Error::from(ContainerError::NameTaken { name, holder })
        }
        other => other.into(),
    })?;
    let old = std::mem::replace(&mut row.name, new);
    record::note(context, &row, "rename", &[("oldName", format!("/{old}"))]);
    Ok(())
}
