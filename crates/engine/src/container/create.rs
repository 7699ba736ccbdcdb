//! `create`: a wish becomes a row and a writable layer; nothing runs yet.

use hull_model::container::config::ContainerConfig;
use hull_model::id::{ContainerId, ContainerName};

use crate::context::Context;
use crate::error::Error;

/// Whether an image is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PullPolicy {
    /// Always ask the registry.
    Always,
    /// Only when it is not in the store.
    #[default]
    Missing,
    /// Never.
    Never,
}

/// What `create` and `run` are asked.
#[derive(Debug, Clone, Default)]
pub struct CreateRequest {
    /// The wish.
    pub config: ContainerConfig,
    /// The name; `None` makes one up.
    pub name: Option<String>,
    /// Whether the image is fetched.
    pub pull: PullPolicy,
}

/// A container that now exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// Its id.
    pub id: ContainerId,
    /// Its name, given or made up.
    pub name: ContainerName,
    /// What the user should know, one line each, in docker's words where docker says it.
    pub warnings: Vec<String>,
}

pub(crate) fn create(_context: &Context, _request: CreateRequest) -> Result<Created, Error> {
    Err(Error::NotYet {
        wish: "create a container",
        hint: "",
    })
}
