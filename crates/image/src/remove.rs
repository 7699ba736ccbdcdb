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
    let mut removal = Removal {
        store,
        image,
        options,
        removed: Vec::new(),
    };
    match name {
        Some(name) => {
            removal.untag_one(&name, text)?;
            if removal.names()?.is_empty() {
                removal.delete()?;
            }
        }
        None => {
            removal.untag_all()?;
            removal.check_users()?;
            removal.delete()?;
        }
    }
    layout::publish(store)?;
    sweep(store)?;
    Ok(removal.removed)
}

/// A removal under way.
struct Removal<'a> {
    store: &'a Store<'a>,
    image: ImageRow,
    options: RemoveOptions<'a>,
    removed: Vec<Removed>,
}

impl Removal<'_> {
    /// The names the image has now.
    fn names(&self) -> Result<Vec<String>> {
        let names = self.store.ledger.images().references_of(&self.image.id)?;
        Ok(names.into_iter().map(|reference| reference.name).collect())
    }

    fn users(&self) -> Result<Vec<ContainerRow>> {
        Ok(self.store.ledger.containers().of_image(&self.image.id)?)
    }

    /// Removes one name, and with the last tag of a repository its digests.
    fn untag_one(&mut self, name: &str, text: &str) -> Result<()> {
        let last = single(&self.names()?) && !self.options.force;
        if let Some(user) = self.users()?.first().filter(|_| last) {
            return Err(Error::NameInUse {
                name: text.to_owned(),
                container: user.id.short().to_owned(),
                container_name: user.name.to_string(),
                image: self.image.id.short().to_owned(),
            });
        }
        self.untag(name)?;
        let repository = repository_of(name);
        let mut left = self.names()?;
        left.retain(|name| repository_of(name) == repository);
        if left.iter().all(|name| is_digest(name)) {
            for name in left {
                self.untag(&name)?;
            }
        }
        Ok(())
    }

    /// An id removes all names when they are one tag's, or by force.
    fn untag_all(&mut self) -> Result<()> {
        let names = self.names()?;
        if !single(&names) && !names.is_empty() && !self.options.force {
            let reason = "image is referenced in multiple repositories".to_owned();
            return Err(self.in_use("must be forced", reason, None));
        }
        self.check_users()?;
        names.iter().try_for_each(|name| self.untag(name))
    }

    fn untag(&mut self, name: &str) -> Result<()> {
        if self.store.ledger.images().untag(name)? {
            let shown = Reference::parse(name).map(|r| r.familiar());
            let name = shown.unwrap_or_else(|_| name.to_owned());
            self.removed.push(Removed::Untagged {
                name,
                image: self.image.id.clone(),
            });
        }
        Ok(())
    }

    /// Running containers forbid it, stopped ones unless forced.
    fn check_users(&self) -> Result<()> {
        let users = self.users()?;
        if let Some(user) = users.iter().find(|user| (self.options.running)(user)) {
            let reason = format!(
                "image is being used by running container {}",
                user.id.short()
            );
            return Err(self.in_use("cannot be forced", reason, Some(user)));
        }
        match users.first() {
            Some(user) if !self.options.force => {
                let short = user.id.short();
                let reason = format!("image is being used by stopped container {short}");
                Err(self.in_use("must be forced", reason, Some(user)))
            }
            _ => Ok(()),
        }
    }

    fn in_use(&self, force: &'static str, reason: String, user: Option<&ContainerRow>) -> Error {
        let image = self.image.id.short().to_owned();
        let container_name = user.map(|user| user.name.to_string());
        Error::ImageInUse {
            image,
            force,
            reason,
            container_name,
        }
    }

    /// Deletes an image without names; one that a container still uses stays, nameless.
    fn delete(&mut self) -> Result<()> {
        let id = self.image.id.clone();
        let Some(layers) = self.store.ledger.images().remove(&id)? else {
            return Ok(());
        };
        self.removed.push(Removed::Image(id));
        let config = config_of(&self.image);
        let diff_ids = config
            .map(|config| config.rootfs.diff_ids)
            .unwrap_or_default();
        let chain = chain_ids(&diff_ids);
        for (diff_id, chain_id) in diff_ids.iter().zip(chain).rev() {
            if layers.iter().any(|layer| layer.diff_id == *diff_id) {
                self.removed.push(Removed::Layer(chain_id));
            }
        }
        Ok(())
    }
}

/// At most one tag, and all names in one repository.
fn single(names: &[String]) -> bool {
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
