//! Takes a bundle and makes a container: create, start, run, exec, kill, pause, delete.
//!
//! Leaves to others: images, the meaning of networks, the ledger, and who watches the container
//! (`monitor`). Invariant: every process here is made by one path, `init`, whose order of steps is
//! the security argument; and whoever calls [`run`], [`create`] or [`exec`] has one thread.
#![forbid(unsafe_code)]
#![expect(
    clippy::result_large_err,
    reason = "a failure between clone and exec can't be boxed: nothing allocates there"
)]

mod agent;
mod bundle;
pub mod cgroup;
mod create;
mod dialogue;
mod ending;
mod error;
mod exec;
mod failure;
mod home;
mod hooks;
mod host;
mod init;
pub mod lifecycle;
mod link;
mod outer;
mod plan;
mod process_stat;
mod rootfs;
pub mod seal;
pub mod security;
mod stdio;
mod streams;
mod usermap;
mod validate;
mod wish;

pub use bundle::Bundle;
pub use create::{create, run};
pub use error::Error;
pub use exec::{Exec, exec};
pub use host::{Host, MountAbilities};
pub use plan::options::known as known_mount_options;
pub use process_stat::{start_time, state as process_state};
pub use stdio::Stdio;
pub use wish::{Create, Running};

/// What the runtime's functions give.
pub type Result<T> = std::result::Result<T, Error>;
