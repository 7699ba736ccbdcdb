//! Signals by name or number.
//!
//! Invariant: names with and without `SIG`, any case, and the numbers 1 to 64 mean what
//! signal(7) says for Linux on x86-64 and arm64.

use crate::error::Error;

/// Name without `SIG`, and number.
pub const SIGNALS: &[(&str, i32)] = &[
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("ILL", 4),
    ("TRAP", 5),
    ("ABRT", 6),
    ("IOT", 6),
    ("BUS", 7),
    ("FPE", 8),
    ("KILL", 9),
    ("USR1", 10),
    ("SEGV", 11),
    ("USR2", 12),
    ("PIPE", 13),
    ("ALRM", 14),
    ("TERM", 15),
    ("STKFLT", 16),
    ("CHLD", 17),
    ("CLD", 17),
    ("CONT", 18),
    ("STOP", 19),
    ("TSTP", 20),
    ("TTIN", 21),
    ("TTOU", 22),
    ("URG", 23),
    ("XCPU", 24),
    ("XFSZ", 25),
    ("VTALRM", 26),
    ("PROF", 27),
    ("WINCH", 28),
    ("IO", 29),
    ("POLL", 29),
    ("PWR", 30),
    ("SYS", 31),
    ("RTMIN", 34),
    ("RTMAX", 64),
];

/// The number of the signal `word` names.
pub fn signal(word: &str) -> Result<i32, Error> {
    let bad = || Error::Signal(word.to_owned());
    if let Ok(number) = word.parse::<i32>() {
        return if (1..=64).contains(&number) {
            Ok(number)
        } else {
            Err(bad())
        };
    }
    let upper = word.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let relative = |base: i32, rest: &str, sign: i32| {
        rest.parse::<i32>()
            .ok()
            .map(|n| base + sign * n)
            .filter(|n| (34..=64).contains(n))
    };
    if let Some(rest) = name.strip_prefix("RTMIN+") {
        return relative(34, rest, 1).ok_or_else(bad);
    }
    if let Some(rest) = name.strip_prefix("RTMAX-") {
        return relative(64, rest, -1).ok_or_else(bad);
    }
    SIGNALS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, number)| *number)
        .ok_or_else(bad)
}

/// The name of signal `number`, with `SIG`.
pub fn signal_name(number: i32) -> Option<String> {
    let (name, _) = SIGNALS.iter().find(|(_, known)| *known == number)?;
    Some(format!("SIG{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_read() {
        for (word, expected) in [
            ("KILL", 9),
            ("SIGKILL", 9),
            ("sigterm", 15),
            ("9", 9),
            ("RTMIN+3", 37),
            ("SIGRTMAX-1", 63),
            ("SIGRTMIN", 34),
        ] {
            assert_eq!(signal(word), Ok(expected), "{word}");
        }
        for word in ["", "0", "65", "-1", "BOGUS", "RTMIN+99", "SIG"] {
            let text = signal(word).unwrap_err().to_string();
            assert_eq!(text, format!("invalid signal: {word}"));
        }
        assert_eq!(signal_name(15).as_deref(), Some("SIGTERM"));
        assert_eq!(signal_name(6).as_deref(), Some("SIGABRT"));
    }
}
