//! A bar for long work on a terminal; nothing on a pipe.
//!
//! Leaves what is measured to the caller. Invariant: at most ten redraws a second, and the line is
//! gone when the work is done.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use hull_model::size::human;

/// A line that shows how far the work is.
pub(crate) struct Progress {
    label: &'static str,
    drawn: Option<Instant>,
    shown: bool,
    active: bool,
}

impl Progress {
    /// A bar labelled `label`; silent when standard error is no terminal, or `quiet`.
    pub(crate) fn new(label: &'static str, quiet: bool) -> Self {
        let active = !quiet && io::stderr().is_terminal();
        Self {
            label,
            drawn: None,
            shown: false,
            active,
        }
    }

    /// Shows `done` bytes of `total`, when that is known.
    pub(crate) fn show(&mut self, done: u64, total: Option<u64>) {
        let recent = self
            .drawn
            .is_some_and(|at| at.elapsed() < Duration::from_millis(100));
        if !self.active || recent {
            return;
        }
        self.drawn = Some(Instant::now());
        self.shown = true;
        let line = line(self.label, done, total);
        write!(io::stderr(), "\r\x1b[K{line}").ok();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            write!(io::stderr(), "\r\x1b[K").ok();
        }
    }
}

fn line(label: &str, done: u64, total: Option<u64>) -> String {
    const WIDTH: u64 = 50;
    match total.filter(|total| *total > 0) {
        None => format!("{label}  {}", human(done)),
        Some(total) => {
            let filled = u128::from(done.min(total)) * u128::from(WIDTH) / u128::from(total);
            let filled = usize::try_from(filled).unwrap_or(0);
            let bar = format!("{}>", "=".repeat(filled));
            format!("{label}  [{bar:<51}]  {}/{}", human(done), human(total))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_tell_how_far() {
        assert_eq!(line("Loading", 1500, None), "Loading  1.5kB");
        let half = line("Loading", 500, Some(1000));
        assert!(half.starts_with("Loading  [=========================>"));
        assert!(half.ends_with(" ]  500B/1kB"));
    }
}
