//! [`Images`]: the verbs on images under one handle; each lives in its own file.

use crate::context::Context;

/// Verbs on images.
#[derive(Clone, Copy)]
pub struct Images<'a> {
    #[expect(dead_code, reason = "used by the verbs that land with the store")]
    context: &'a Context,
}

impl<'a> Images<'a> {
    pub(crate) fn new(context: &'a Context) -> Self {
        Self { context }
    }
}
