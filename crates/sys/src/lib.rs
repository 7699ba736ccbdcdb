//! The kernel's calls, safe to make; the only room with unsafe code.
//!
//! One file per kernel subject. Leaves to others: what a container is. Invariant: every function is
//! sound for every argument; functions that run between clone and exec allocate nothing.
#![allow(unsafe_code, reason = "the one room for it")]

pub mod bpf;
pub mod capability;
pub mod cgroupfs;
pub mod mount;
pub mod process;
pub mod seccomp;
