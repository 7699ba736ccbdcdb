//! As much of D-Bus as it takes to ask systemd for a unit.
//!
//! `wire` is the form of messages, `connection` sends and waits. Invariant: nothing here knows what
//! a unit is, and a peer that sends nonsense gets an error, never a wait without end.

mod connection;
mod wire;

pub(super) use connection::{Answer, Connection};
pub(super) use wire::{Call, Reader, Value};
