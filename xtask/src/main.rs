//! Developer tasks: check, test, compat, bench, vm.
fn main() {}
