//! [`Containers`]: the verbs on containers under one handle; each lives in its own file.

use crate::container::create::{self, CreateRequest, Created};
use crate::container::remove::{self, RemoveRequest};
use crate::container::start::{self, StartRequest, Started};
use crate::container::stop::{self, StopRequest};
use crate::context::Context;
use crate::error::Error;

/// Verbs on containers; `name` is a name, an id or the beginning of an id.
#[derive(Debug, Clone, Copy)]
pub struct Containers<'a> {
    context: &'a Context,
}

impl<'a> Containers<'a> {
    pub(crate) fn new(context: &'a Context) -> Self {
        Self { context }
    }

    /// Makes a container; nothing runs yet.
    pub fn create(&self, request: CreateRequest) -> Result<Created, Error> {
        create::create(self.context, request)
    }

    /// Starts a container that was created or has ended.
    pub fn start(&self, name: &str, request: StartRequest) -> Result<Started, Error> {
        start::start(self.context, name, request)
    }

    /// Ends a running container: stop signal, grace period, SIGKILL.
    pub fn stop(&self, name: &str, request: &StopRequest) -> Result<(), Error> {
        stop::stop(self.context, name, request)
    }

    /// Removes a container.
    pub fn remove(&self, name: &str, request: RemoveRequest) -> Result<(), Error> {
        remove::remove(self.context, name, request)
    }
}
