//! What the parts of the document are made from.

use hull_state::ContainerRow;

use crate::container::effective::Effective;
use crate::container::facts::Observed;
use crate::context::Context;

/// One container, looked at once.
pub(super) struct Subject<'a> {
    pub(super) context: &'a Context,
    pub(super) row: &'a ContainerRow,
    pub(super) effective: &'a Effective,
    pub(super) observed: &'a Observed,
}
