//! Waiting for a fact with a deadline.

use std::time::{Duration, Instant};

/// Asks until `probe` answers, for at most 20 seconds; then the test fails and names `what`.
#[track_caller]
pub fn wait_until<T>(what: &str, probe: impl FnMut() -> Option<T>) -> T {
    within(Duration::from_secs(20), probe)
        .unwrap_or_else(|| panic!("waited 20 seconds in vain until {what}"))
}

/// Asks until `probe` answers or `patience` has passed.
pub fn within<T>(patience: Duration, mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        if let Some(answer) = probe() {
            return Some(answer);
        }
        if start.elapsed() > patience {
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
