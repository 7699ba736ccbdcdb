//! Resource limits: names, and whether this process may set what is asked.
//!
//! The child applies the numbers. Invariant: an explicit limit is set exactly or refused before
//! anything was started; only defaults are clamped in silence.

use super::error::Error;

/// Every limit by name; the index is its number on all architectures hull builds for.
const NAMES: [&str; 16] = [
    "cpu",
    "fsize",
    "data",
    "stack",
    "core",
    "rss",
    "nproc",
    "nofile",
    "memlock",
    "as",
    "locks",
    "sigpending",
    "msgqueue",
    "nice",
    "rtprio",
    "rttime",
];

/// CAP_SYS_RESOURCE.
const RESOURCE: u64 = 1 << 24;

/// A limit ready for the child to set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// `RLIMIT_*`.
    pub number: u32,
    /// Soft limit; `u64::MAX` is unlimited.
    pub soft: u64,
    /// Hard limit; `u64::MAX` is unlimited.
    pub hard: u64,
}

/// The number of a limit named as in OCI documents (`RLIMIT_NOFILE`) or by people (`nofile`).
pub fn number(name: &str) -> Option<u32> {
    let lower = name.to_ascii_lowercase();
    let bare = lower.strip_prefix("rlimit_").unwrap_or(&lower);
    let index = NAMES.iter().position(|known| *known == bare)?;
    u32::try_from(index).ok()
}

/// The name people use for a limit.
pub fn name(number: u32) -> &'static str {
    usize::try_from(number)
        .ok()
        .and_then(|index| NAMES.get(index))
        .copied()
        .unwrap_or("unknown")
}

/// Checks an explicit limit against the hard limit in force, `now`.
pub fn explicit(asked: Limit, now: u64, capabilities: u64) -> Result<Limit, Error> {
    if asked.soft > asked.hard {
        let (soft, hard) = (asked.soft, asked.hard);
        return Err(Error::LimitOrder {
            name: name(asked.number),
            soft,
            hard,
        });
    }
    if asked.hard > now && capabilities & RESOURCE == 0 {
        return Err(Error::LimitTooHigh {
            name: name(asked.number),
            asked: asked.hard,
            now,
        });
    }
    Ok(asked)
}

/// A default limit as near to `wished` as this process may set it.
pub fn clamped(wished: Limit, now: u64, capabilities: u64) -> Limit {
    if capabilities & RESOURCE != 0 {
        return wished;
    }
    let hard = wished.hard.min(now);
    Limit {
        number: wished.number,
        soft: wished.soft.min(hard),
        hard,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOFILE: u32 = 7;

    #[test]
    fn names_are_numbers() {
        assert_eq!(number("RLIMIT_NOFILE"), Some(NOFILE));
        assert_eq!(number("nofile"), Some(NOFILE));
        assert_eq!(number("rttime"), Some(15));
        assert_eq!(number("frob"), None);
        assert_eq!(name(NOFILE), "nofile");
        assert_eq!(name(99), "unknown");
    }

    #[test]
    fn explicit_limits_are_exact_or_refused() {
        let asked = Limit {
            number: NOFILE,
            soft: 10,
            hard: 30_000,
        };
        assert_eq!(explicit(asked, 30_000, 0).unwrap(), asked);
        assert_eq!(explicit(asked, 20_000, RESOURCE).unwrap(), asked);
        let error = explicit(asked, 20_000, 0).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot set ulimit nofile to 30000: above the hard limit 20000 of this process"
        );
        let crossed = Limit {
            number: NOFILE,
            soft: 11,
            hard: 10,
        };
        assert!(explicit(crossed, 100, 0).is_err());
    }

    #[test]
    fn defaults_are_clamped() {
        let wished = Limit {
            number: NOFILE,
            soft: 1_048_576,
            hard: 1_048_576,
        };
        let got = clamped(wished, 20_000, 0);
        assert_eq!(
            got,
            Limit {
                number: NOFILE,
                soft: 20_000,
                hard: 20_000
            }
        );
        assert_eq!(clamped(wished, 20_000, RESOURCE), wished);
    }
}
