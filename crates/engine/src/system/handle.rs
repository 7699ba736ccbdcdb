//! [`System`]: the verbs on the whole under one handle; each lives in its own file.

use crate::context::Context;
use crate::error::Error;
use crate::system::events::{self, Events, EventsRequest};
use crate::system::reconcile::{self, Reconciled};
use crate::system::{note, reap};

/// Verbs on the whole.
#[derive(Clone, Copy)]
pub struct System<'a> {
    context: &'a Context,
}

impl<'a> System<'a> {
    pub(crate) fn new(context: &'a Context) -> Self {
        Self { context }
    }

    /// Reads and follows the journal.
    pub fn events(&self, request: EventsRequest) -> Result<Events<'a>, Error> {
        events::events(self.context, request)
    }

    /// A monitor says that container `id` has ended for good.
    pub fn reap(&self, id: &str) -> Result<(), Error> {
        reap::reap(self.context, id)
    }

    /// A monitor says that something happened to container `id`.
    pub fn note(&self, id: &str, what: &str, detail: Option<&str>) -> Result<(), Error> {
        note::note(self.context, id, what, detail)
    }

    /// Ends what was cut short by a crash, and sweeps what belongs to nobody.
    pub fn reconcile(&self) -> Result<Reconciled, Error> {
        reconcile::reconcile(self.context)
    }
}
