//! Verbs on containers, one file each, and the nouns they share: status, bundle, spec.
//!
//! Leaves to `monitor` everything that happens while a container runs. Invariant: every verb takes
//! the container's lock before it looks, and looks at facts, never at a stored status.

mod handle;

pub mod attach;
pub mod binds;
pub mod bundle;
pub mod cdi;
pub mod create;
mod dismantle;
pub mod effective;
pub mod etc_files;
pub mod exec;
pub mod facts;
pub mod filter;
pub mod find;
pub mod foreign;
pub mod gather;
mod inspect;
pub mod joins;
mod kill;
pub mod list;
pub mod log_plan;
pub mod logs;
pub mod names;
mod pause;
pub mod prune;
pub mod record;
pub mod remove;
mod rename;
mod restart;
pub mod root_view;
mod run;
pub(crate) mod run_dir;
pub mod settle;
pub mod size;
pub mod spec;
pub mod start;
pub mod status;
pub mod stop;
pub mod top;
pub mod view;
pub mod volume;
pub mod wait;

pub use handle::Containers;
