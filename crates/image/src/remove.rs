//! `rmi`: takes a name off an image, and the image out of the store with its last name.
//!
//! Leaves events to `engine`, which also says which containers run. Invariant: docker's order of
//! questions; a container's image is never deleted, and files go only after the rows.

use hull_oci::{Digest, Reference};
use hull_state::{ContainerRow, ImageRow};

use crate::chain::chain_ids;
use crate::error::{Error, Result};
use crate::layout;
use crate::list::config_of;
use crate::resolve::resolve_named;
use crate::store::Store;
use crate::sweep::sweep;

/// How to remove.
#[derive(Clone, Copy)]
pub struct RemoveOptions<'a> {
    /// Also when several names or stopped containers hold it.
    pub force: bool,
    /// Whether a container runs.
    pub running: &'a dyn Fn(&ContainerRow) -> bool,
}

/// What went, in docker's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removed {
    /// A name, familiar form.
    Untagged {
        /// The name.
        name: String,
        /// The image that had it.
        image: Digest,
    },
    /// An image, by id.
    Image(Digest),
    /// A layer, by chain id.
    Layer(Digest),
}

/// Removes the image or name `text`.
pub fn remove(store: &Store<'_>, text: &str, options: RemoveOptions<'_>) -> Result<Vec<Removed>> {
    let (image, name) = resolve_named(store, text)?;
    let mut removed = Vec::new();
    let quiet = match name {
        Some(name) => {
            untag_one(store, &image, &name, text, options, &mut removed)?;
            if !store.ledger.images().references_of(&image.id)?.is_empty() {
                layout::publish(store)?;
                return Ok(removed);
            }
            true
        }
        None => {
            untag_all(store, &image, options, &mut removed)?;
            false
        }
    };
    delete(store, &image, options, quiet, &mut removed)?;
    layout::publish(store)?;
    sweep(store)?;
    Ok(removed)
}

/// Removes one name, and with the last tag of a repository its digests.
fn untag_one(
    store: &Store<'_>,
    image: &ImageRow,
    name: &str,
    text: &str,
    options: RemoveOptions<'_>,
    removed: &mut Vec<Removed>,
) -> Result<()> {
    let names = store.ledger.images().references_of(&image.id)?;
    if single(names.iter().map(|r| r.name.as_str())) && !options.force {
        if let Some(user) = store.ledger.containers().of_image(&image.id)?.first() {
            return Err(Error::NameInUse {
                name: text.to_owned(),
                container: user.id.short().to_owned(),
                image: image.id.short().to_owned(),
            });
        }
    }
    untag(store, image, name, removed)?;
    let left = store.ledger.images().references_of(&image.id)?;
    let repository = repository_of(name);
    let mine = || left.iter().filter(|r| repository_of(&r.name) == repository);
    if mine().all(|r| is_digest(&r.name)) {
        for reference in mine() {
            untag(store, image, &reference.name, removed)?;
        }
    }
    Ok(())
}

/// An id removes all names when they are one tag's, or by force.
fn untag_all(
    store: &Store<'_>,
    image: &ImageRow,
    options: RemoveOptions<'_>,
    removed: &mut Vec<Removed>,
) -> Result<()> {
    let names = store.ledger.images().references_of(&image.id)?;
    let one = single(names.iter().map(|r| r.name.as_str()));
    if !one && !names.is_empty() && !options.force {
        let reason = "image is referenced in multiple repositories".to_owned();
        return Err(in_use(image, "must be forced", reason));
    }
    check_users(store, image, options)?;
    for reference in names {
        untag(store, image, &reference.name, removed)?;
    }
    Ok(())
}

fn untag(
    store: &Store<'_>,
    image: &ImageRow,
    name: &str,
    removed: &mut Vec<Removed>,
) -> Result<()> {
    if store.ledger.images().untag(name)? {
        let shown = Reference::parse(name).map(|r| r.familiar());
        let name = shown.unwrap_or_else(|_| name.to_owned());
        removed.push(Removed::Untagged {
            name,
            image: image.id.clone(),
        });
    }
    Ok(())
}

/// Running containers forbid it, stopped ones unless forced.
fn check_users(store: &Store<'_>, image: &ImageRow, options: RemoveOptions<'_>) -> Result<()> {
    let users = store.ledger.containers().of_image(&image.id)?;
    if let Some(user) = users.iter().find(|user| (options.running)(user)) {
        let reason = format!(
            "image is being used by running container {}",
            user.id.short()
        );
        return Err(in_use(image, "cannot be forced", reason));
    }
    match users.first() {
        Some(user) if !options.force => {
            let reason = format!(
                "image is being used by stopped container {}",
                user.id.short()
            );
            Err(in_use(image, "must be forced", reason))
        }
        _ => Ok(()),
    }
}

fn in_use(image: &ImageRow, force: &'static str, reason: String) -> Error {
    Error::ImageInUse {
        image: image.id.short().to_owned(),
        force,
        reason,
    }
}

/// Deletes an image without names; one that a container still uses stays, nameless.
fn delete(
    store: &Store<'_>,
    image: &ImageRow,
    options: RemoveOptions<'_>,
    quiet: bool,
    removed: &mut Vec<Removed>,
) -> Result<()> {
    if !quiet {
        check_users(store, image, options)?;
    }
    let Some(layers) = store.ledger.images().remove(&image.id)? else {
        return Ok(());
    };
    removed.push(Removed::Image(image.id.clone()));
    let diff_ids = config_of(image)
        .map(|config| config.rootfs.diff_ids)
        .unwrap_or_default();
    let chain = chain_ids(&diff_ids);
    for (diff_id, chain_id) in diff_ids.iter().zip(chain).rev() {
        if layers.iter().any(|layer| layer.diff_id == *diff_id) {
            removed.push(Removed::Layer(chain_id));
        }
    }
    Ok(())
}

/// At most one tag, and all names in one repository.
fn single<'a>(names: impl Iterator<Item = &'a str>) -> bool {
    let names: Vec<&str> = names.collect();
    let tags = names.iter().filter(|name| !is_digest(name)).count();
    let first = names.first().map(|name| repository_of(name));
    tags <= 1 && names.iter().all(|name| Some(repository_of(name)) == first)
}

fn is_digest(name: &str) -> bool {
    name.contains('@')
}

fn repository_of(name: &str) -> String {
    Reference::parse(name)
        .map(|r| r.repository())
        .unwrap_or_default()
}
