//! Spans of time as users type and read them.
//!
//! Leaves points in time to `time` and the clock to others. Invariant: what is typed follows the
//! grammar `1h2m3.5s`, and ages are told in docker's words.

use crate::error::Error;

/// Nanoseconds in a second.
pub const SECOND: i64 = 1_000_000_000;

/// Nanoseconds of `word`, such as `300ms`, `1.5h` or `2h45m`, with an optional sign.
pub fn parse_duration(word: &str) -> Result<i64, Error> {
    let fail = |why: &str| Error::Duration {
        why: why.to_owned(),
        word: word.to_owned(),
    };
    let (negative, mut rest) = match word.as_bytes().first() {
        Some(b'-') => (true, word.get(1..).unwrap_or_default()),
        Some(b'+') => (false, word.get(1..).unwrap_or_default()),
        _ => (false, word),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(fail("invalid duration"));
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, tail) = rest.split_at(end);
        let end = tail
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        if !number.bytes().any(|b| b.is_ascii_digit()) || number.matches('.').count() > 1 {
            return Err(fail("invalid duration"));
        }
        if unit.is_empty() {
            return Err(fail("missing unit in duration"));
        }
        let scale = unit_nanoseconds(unit)
            .ok_or_else(|| fail(&format!("unknown unit {unit:?} in duration")))?;
        total = scaled(number, scale)
            .and_then(|part| total.checked_add(part))
            .ok_or_else(|| fail("invalid duration"))?;
        rest = tail;
    }
    let total = if negative { -total } else { total };
    i64::try_from(total).map_err(|_| fail("invalid duration"))
}

fn unit_nanoseconds(unit: &str) -> Option<i128> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// `number`, digits with at most one point, times `scale`, without going through a float.
fn scaled(number: &str, scale: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole: i128 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    // 15 digits are finer than a nanosecond of an hour.
    let digits: String = fraction.chars().take(15).collect();
    let mut value = whole.checked_mul(scale)?;
    if !digits.is_empty() {
        let power = 10_i128.checked_pow(u32::try_from(digits.len()).ok()?)?;
        value = value.checked_add(digits.parse::<i128>().ok()?.checked_mul(scale)? / power)?;
    }
    Some(value)
}

/// `nanoseconds` as `2h45m0s`, `1.5s` or `300ms`.
pub fn show_duration(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let n = nanoseconds.unsigned_abs();
    if n == 0 {
        return "0s".into();
    }
    if n < 1_000_000_000 {
        let (unit, size) = match n {
            0..1_000 => ("ns", 1),
            1_000..1_000_000 => ("µs", 1_000),
            _ => ("ms", 1_000_000),
        };
        return format!("{sign}{}{unit}", decimal(n, size));
    }
    let (hours, minutes) = (n / 3_600_000_000_000, n / 60_000_000_000 % 60);
    let seconds = decimal(n % 60_000_000_000, 1_000_000_000);
    match (hours, minutes) {
        (0, 0) => format!("{sign}{seconds}s"),
        (0, _) => format!("{sign}{minutes}m{seconds}s"),
        _ => format!("{sign}{hours}h{minutes}m{seconds}s"),
    }
}

fn decimal(value: u64, size: u64) -> String {
    if value.is_multiple_of(size) {
        return (value / size).to_string();
    }
    let digits = size.ilog10() as usize;
    let fraction = format!("{:0digits$}", value % size);
    format!("{}.{}", value / size, fraction.trim_end_matches('0'))
}

/// A span in words, `About a minute`, `3 hours`, `2 weeks`; `seconds` below zero count as none.
pub fn human_duration(seconds: i64) -> String {
    let s = seconds.max(0);
    let (minutes, hours) = (s / 60, (s + 1800) / 3600);
    match () {
        () if s < 1 => "Less than a second".into(),
        () if s == 1 => "1 second".into(),
        () if s < 60 => format!("{s} seconds"),
        () if minutes == 1 => "About a minute".into(),
        () if minutes < 60 => format!("{minutes} minutes"),
        () if hours == 1 => "About an hour".into(),
        () if hours < 48 => format!("{hours} hours"),
        () if hours < 24 * 7 * 2 => format!("{} days", hours / 24),
        () if hours < 24 * 30 * 2 => format!("{} weeks", hours / 24 / 7),
        () if hours < 24 * 365 * 2 => format!("{} months", hours / 24 / 30),
        () => format!("{} years", s / 3600 / 24 / 365),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        let check = |word: &str, expected: Result<i64, &str>| {
            let got = parse_duration(word).map_err(|e| e.to_string());
            assert_eq!(got, expected.map_err(str::to_owned), "{word}");
        };
        check("0", Ok(0));
        check("5s", Ok(5 * SECOND));
        check("1.5s", Ok(1_500_000_000));
        check(".5s", Ok(500_000_000));
        check("300ms", Ok(300_000_000));
        check("1h2m3s", Ok(3723 * SECOND));
        check("-1m", Ok(-60 * SECOND));
        check("7us", Ok(7_000));
        check("x", Err("time: invalid duration \"x\""));
        check("", Err("time: invalid duration \"\""));
        check("5", Err("time: missing unit in duration \"5\""));
        check("5d", Err("time: unknown unit \"d\" in duration \"5d\""));
        check("9999999999h", Err("time: invalid duration \"9999999999h\""));
        let most = format!("{}ns", i128::MAX).repeat(2);
        check(&most, Err(&format!("time: invalid duration {most:?}")));
        check("1.1.1s", Err("time: invalid duration \"1.1.1s\""));
    }

    #[test]
    fn durations_are_shown() {
        for (nanoseconds, expected) in [
            (0, "0s"),
            (7, "7ns"),
            (1_500, "1.5µs"),
            (300_000_000, "300ms"),
            (1_500_000_000, "1.5s"),
            (90 * SECOND, "1m30s"),
            (3600 * SECOND, "1h0m0s"),
            (-60 * SECOND, "-1m0s"),
        ] {
            assert_eq!(show_duration(nanoseconds), expected);
        }
    }

    #[test]
    fn ages_are_told_in_dockers_words() {
        for (seconds, expected) in [
            (-5, "Less than a second"),
            (0, "Less than a second"),
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "About a minute"),
            (119, "About a minute"),
            (120, "2 minutes"),
            (3599, "59 minutes"),
            (3600, "About an hour"),
            (5399, "About an hour"),
            (5400, "2 hours"),
            (7200, "2 hours"),
            (47 * 3600, "47 hours"),
            (48 * 3600, "2 days"),
            (14 * 86400, "2 weeks"),
            (61 * 86400, "2 months"),
            (730 * 86400, "2 years"),
            (800 * 86400, "2 years"),
        ] {
            assert_eq!(human_duration(seconds), expected, "{seconds}");
        }
    }
}
