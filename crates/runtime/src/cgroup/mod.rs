//! A container's cgroups: limits, and reaching all of its processes at once.
//!
//! `mode` is the host's set-up, `location` the place of a container, `container` the verbs. What
//! limits mean in files is `settings`, `v1`, `v2`, `devices`; `systemd` asks for units over the bus.

mod bus;
pub mod container;
mod device_program;
mod devices;
pub mod error;
mod freeze;
mod group;
mod kill;
pub mod location;
pub mod mode;
pub mod oom;
mod remove;
mod settings;
pub mod stats;
mod systemd;
mod v1;
mod v2;

pub use container::{Cgroup, Join};
pub use error::Error;
pub use location::Location;
pub use mode::{CgroupMode, Hierarchy};
pub use oom::OomEvents;
pub use stats::Stats;
