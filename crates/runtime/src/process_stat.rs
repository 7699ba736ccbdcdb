//! What /proc tells about a process by its number.
//!
//! Invariant: a number is only trusted together with the start time that was noted with it.

use std::fs;

/// Field 22 of `/proc/<pid>/stat`: when the process started, in clock ticks since boot.
pub fn start_time(pid: i32) -> Option<u64> {
    field(pid, 22)?.parse().ok()
}

/// The state letter: `R`, `S`, `Z` and so on.
pub fn state(pid: i32) -> Option<char> {
    field(pid, 3)?.chars().next()
}

/// A numbered field of `/proc/<pid>/stat`, from the third on; the second may contain anything.
fn field(pid: i32, number: usize) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(") ")?;
    let field = rest.split(' ').nth(number.checked_sub(3)?)?;
    Some(field.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_a_start() {
        let pid = hull_sys::process::id();
        assert!(start_time(pid).unwrap() > 0);
        // The test runs on a thread of its own; the first one may run or wait for it.
        assert!(matches!(state(pid), Some('R' | 'S')));
        assert_eq!(start_time(0), None);
    }
}
