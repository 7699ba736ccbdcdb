//! `inspect`: everything about a container, in docker 28's shape and key order.
//!
//! One file per part of the document. Invariant: names, order, and which fields are left out when
//! empty are docker's; tools parse this as an API.

mod config;
mod host_config;
mod mounts;
mod network;
mod subject;
mod verb;

pub(crate) use verb::inspect;
