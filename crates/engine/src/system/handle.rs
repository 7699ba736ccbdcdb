//! [`System`]: the verbs on the whole under one handle; each lives in its own file.

use crate::context::Context;

/// Verbs on the whole.
#[derive(Clone, Copy)]
pub struct System<'a> {
    #[expect(dead_code, reason = "used by the verbs that land with the store")]
    context: &'a Context,
}

impl<'a> System<'a> {
    pub(crate) fn new(context: &'a Context) -> Self {
        Self { context }
    }
}
