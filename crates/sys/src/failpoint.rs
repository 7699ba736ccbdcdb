//! Named places where a test may kill this very process, as `kill -9` would.
//!
//! Always compiled in, one atomic load when not armed. Leaves reading the environment to `cli`,
//! which arms once at start. Invariant: a name is spelled once, at its place, and never reused.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The environment variable `cli` reads and passes on to every hull process it starts:
/// `name`, `name:3` to die at the third time the place is reached, or `name:3:/file` to make that
/// file before dying, so that a test can tell that it happened.
pub const VARIABLE: &str = "HULL_FAILPOINT";

static ARMED: OnceLock<String> = OnceLock::new();
static REACHED: AtomicU32 = AtomicU32::new(0);

/// Arms one failpoint for the rest of this process; later calls change nothing.
pub fn arm(wish: String) {
    ARMED.get_or_init(|| wish);
}

/// The wish given to [`arm`], to hand on to a process that is started.
pub fn armed() -> Option<&'static str> {
    ARMED.get().map(String::as_str)
}

/// Dies here if this place is armed.
#[inline]
pub fn failpoint(name: &str) {
    if let Some(wish) = ARMED.get() {
        reach(wish, name);
    }
}

#[cold]
fn reach(wish: &str, name: &str) {
    let mut parts = wish.splitn(3, ':');
    let (wanted, time, mark) = (parts.next(), parts.next(), parts.next());
    let time = time.and_then(|time| time.parse().ok()).unwrap_or(1);
    if wanted != Some(name) || REACHED.fetch_add(1, Ordering::Relaxed) + 1 != time {
        return;
    }
    if let Some(path) = mark {
        // A mark that cannot be made fails the test that looks for it, nothing else.
        std::fs::write(path, name).ok();
    }
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).ok();
}
