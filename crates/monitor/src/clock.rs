//! The monitor's wall clock and RFC 3339 as docker's logs write it.
//!
//! Leaves local time and durations to `cli`. Invariant: a point in time is nanoseconds since 1970 in
//! UTC, and text is made and read without allocation on the way of a log line.

use std::time::{SystemTime, UNIX_EPOCH};

const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 86_400;

/// Now, in nanoseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the monitor's one clock")]
pub fn now() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// Appends `time` as `2006-01-02T15:04:05.999999999Z`, the zeroes at the fraction's end left out, as
/// Go's RFC3339Nano does.
pub fn write_rfc3339(out: &mut Vec<u8>, time: u64) {
    let (seconds, nanos) = (time / SECOND, time % SECOND);
    let (days, second) = (seconds / DAY, seconds % DAY);
    let (year, month, day) = civil(days);
    digits(out, year, 4);
    out.push(b'-');
    digits(out, month, 2);
    out.push(b'-');
    digits(out, day, 2);
    out.push(b'T');
    digits(out, second / 3600, 2);
    out.push(b':');
    digits(out, second / 60 % 60, 2);
    out.push(b':');
    digits(out, second % 60, 2);
    if nanos > 0 {
        out.push(b'.');
        digits(out, nanos, 9);
        while out.last() == Some(&b'0') {
            out.pop();
        }
    }
    out.push(b'Z');
}

/// As [`write_rfc3339`], in a string.
pub fn rfc3339(time: u64) -> String {
    let mut out = Vec::with_capacity(30);
    write_rfc3339(&mut out, time);
    String::from_utf8_lossy(&out).into_owned()
}

fn digits(out: &mut Vec<u8>, number: u64, width: u32) {
    for place in (0..width).rev() {
        let digit = number / 10_u64.pow(place) % 10;
        out.push(b'0' + u8::try_from(digit).unwrap_or_default());
    }
}

/// Year, month and day of a day counted from 1970-01-01 (proleptic Gregorian; eras of 400 years that
/// begin on the first of March, so that the leap day is the last of its year).
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

/// Reads RFC 3339 with `Z` or an offset; `None` when it is none or lies before 1970.
pub fn parse_rfc3339(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    let separators = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if separators
        .iter()
        .any(|&(at, byte)| bytes.get(at) != Some(&byte))
    {
        return None;
    }
    let (year, month, day) = (
        number(bytes, 0, 4)?,
        number(bytes, 5, 2)?,
        number(bytes, 8, 2)?,
    );
    let seconds = number(bytes, 11, 2)? * 3600 + number(bytes, 14, 2)? * 60 + number(bytes, 17, 2)?;
    let (nanos, zone) = fraction(bytes.get(19..)?)?;
    let local = days_from_civil(year, month, day)?
        .checked_mul(DAY)?
        .checked_add(seconds)?;
    let utc = local.checked_add_signed(-offset(zone)?)?;
    utc.checked_mul(SECOND)?.checked_add(nanos)
}

fn number(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    let part = bytes.get(at..at + width)?;
    if !part.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(part).ok()?.parse().ok()
}

fn fraction(rest: &[u8]) -> Option<(u64, &[u8])> {
    let Some(rest) = rest.strip_prefix(b".") else {
        return Some((0, rest));
    };
    let width = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let kept = width.min(9);
    let scale = 10_u64.pow(u32::try_from(9 - kept).ok()?);
    Some((
        number(rest, 0, kept).filter(|_| kept > 0)? * scale,
        rest.get(width..)?,
    ))
}

fn offset(zone: &[u8]) -> Option<i64> {
    if zone == b"Z" {
        return Some(0);
    }
    let sign = match zone.first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    if zone.len() != 6 || zone.get(3) != Some(&b':') {
        return None;
    }
    let seconds = number(zone, 1, 2)? * 3600 + number(zone, 4, 2)? * 60;
    Some(sign * i64::try_from(seconds).ok()?)
}

fn days_from_civil(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month <= 2 {
        year.checked_sub(1)?
    } else {
        year
    };
    let (era, year_of_era) = (year / 400, year % 400);
    let march_month = (month + 9) % 12;
    let day_of_year = (153 * march_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era).checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_and_read_as_go_writes_them() {
        let lines = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400 * SECOND + 5, "2000-02-29T00:00:00.000000005Z"),
            (
                1_763_728_496 * SECOND + 120_000_000,
                "2025-11-21T12:34:56.12Z",
            ),
            (
                4_102_444_799 * SECOND + 999_999_999,
                "2099-12-31T23:59:59.999999999Z",
            ),
        ];
        for (time, text) in lines {
            assert_eq!(rfc3339(time), text);
            assert_eq!(parse_rfc3339(text), Some(time), "{text}");
        }
        assert_eq!(
            parse_rfc3339("2025-11-21T13:34:56.12+01:00"),
            Some(1_763_728_496_120_000_000)
        );
        for bad in [
            "",
            "2025-11-21",
            "2025-11-21T12:34:56",
            "2025-13-21T12:34:56Z",
            "x",
            "2025-11-21T12:34:56.Z",
        ] {
            assert_eq!(parse_rfc3339(bad), None, "{bad}");
        }
    }
}
