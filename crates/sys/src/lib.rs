//! The kernel's calls, safe to make; the only room with unsafe code.
//!
//! One file per kernel subject. Leaves to others: what a container is. Invariant: every function is
//! sound for every argument; functions that run between clone and exec allocate nothing.
#![allow(unsafe_code, reason = "the one room for it")]

pub mod beneath;
pub mod bpf;
pub mod capability;
pub mod cgroupfs;
pub mod clone;
pub mod daemon;
pub mod device;
pub mod failpoint;
pub mod fd;
pub mod fifo;
pub mod files;
pub mod inotify;
pub mod lock;
pub mod memory;
pub mod mount;
pub mod namespace;
pub mod pidfd;
pub mod poll;
pub mod process;
pub mod pty;
pub mod seccomp;
pub mod seqpacket;
pub mod signal;
pub mod signal_mask;
