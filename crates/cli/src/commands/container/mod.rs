//! Commands on containers, a file each, and what several of them share: flags, streams, the wish.
//!
//! Invariant: a command that takes several containers goes on after one that fails, and exits with 1.

mod limits;
mod options;
mod session;
mod streams;
mod wish;

pub(crate) mod attach;
pub(crate) mod create;
pub(crate) mod exec;
pub(crate) mod inspect;
pub(crate) mod kill;
pub(crate) mod logs;
pub(crate) mod pause;
pub(crate) mod prune;
pub(crate) mod ps;
pub(crate) mod rename;
pub(crate) mod restart;
pub(crate) mod rm;
pub(crate) mod run;
pub(crate) mod start;
pub(crate) mod stop;
pub(crate) mod top;
pub(crate) mod unpause;
pub(crate) mod wait;
