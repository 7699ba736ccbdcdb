//! What is said to a monitor and what it says: hull's only long-lived ABI, drawn in
//! `docs/monitor-protocol.md` and held to the drawing by a test.
//!
//! Holds plain data and its bytes; leaves sockets to [`crate::client`] and files to
//! [`crate::launch`], [`crate::facts`] and [`crate::exit`]. Invariant: a running monitor may be years
//! older or newer than its reader, so a field is only ever added, with a default, and a kind of frame
//! or request that is not known is answered with an error, never with silence.

pub mod frame;
pub mod launch;
pub mod record;
pub mod request;

#[cfg(test)]
mod tests;

pub use frame::{Frame, Stream};
pub use launch::{
    ContainerTask, ExecTask, Hull, Launch, LogPlan, RestartPlan, RestartPolicy, Size, Task,
};
pub use record::{ExitRecord, Failure, FailureKind, Phase, Started, StateRecord, Status};
pub use request::{Reply, Request};

/// Version of the documents and frames of this build.
pub const VERSION: u32 = 1;
