//! The kernel calls of hull, safe to call; the only room with unsafe code.
#![allow(unsafe_code, reason = "the one room for it")]

pub mod bpf;
pub mod capability;
pub mod cgroupfs;
pub mod failpoint;
pub mod lock;
pub mod seccomp;
pub mod seqpacket;
