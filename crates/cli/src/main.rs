//! hull: the door. Words in, words out, exit codes.
#![forbid(unsafe_code)]
fn main() {}
