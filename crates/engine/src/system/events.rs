//! `events`: the journal, read and followed.

use hull_model::filter::Filters;
use hull_model::time::Timestamp;

/// Which events are read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventsRequest {
    /// From here on; `None` starts now.
    pub since: Option<Timestamp>,
    /// Up to here; `None` follows for ever.
    pub until: Option<Timestamp>,
    /// `container daemon event id image label network scope type volume`.
    pub filters: Filters,
}
