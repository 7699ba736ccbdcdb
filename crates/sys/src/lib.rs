//! The kernel calls of hull, safe to call; the only room with unsafe code.
#![allow(unsafe_code, reason = "the one room for it")]

pub mod bpf;
pub mod capability;
pub mod cgroupfs;
pub mod daemon;
pub mod failpoint;
pub mod fifo;
pub mod inotify;
pub mod lock;
pub mod pidfd;
pub mod poll;
pub mod seccomp;
pub mod seqpacket;
pub mod signal;
