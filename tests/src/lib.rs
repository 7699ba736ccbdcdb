//! Support for hull's integration tests.
