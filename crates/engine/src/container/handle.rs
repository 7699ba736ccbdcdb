//! [`Containers`]: the verbs on containers under one handle; each lives in its own file.

use crate::container::create::{self, CreateRequest, Created};
use hull_model::id::ContainerId;
use hull_monitor::client::Session;

use crate::container::remove::{self, RemoveRequest};
use crate::container::start::{self, StartRequest, Started};
use crate::container::stop::{self, StopRequest};
use crate::container::{run, settle};
use crate::context::Context;
use crate::error::Error;

/// Verbs on containers; `name` is a name, an id or the beginning of an id.
#[derive(Clone, Copy)]
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

    /// Creates and starts a container. `created` hears of it before it starts.
    pub fn run(
        &self,
        request: CreateRequest,
        connect: StartRequest,
        created: &mut dyn FnMut(&Created),
    ) -> Result<Started, Error> {
        run::run(self.context, request, connect, created)
    }

    /// To be called after the exit was received on the session of an attached run or start: does what
    /// follows from it (`--rm`, journal), so that it has happened when the caller returns.
    pub fn finish(&self, id: &ContainerId, session: Session) -> Result<(), Error> {
        settle::finish(self.context, id, session)
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
