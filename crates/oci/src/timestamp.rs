//! RFC 3339 times as nanoseconds since 1970, in and out, as Go writes them.
//!
//! Leaves clocks and time zones of people to others. Invariant: what [`format`] writes,
//! [`parse`] reads back unchanged.

use crate::error::{Error, Result};

const NANOS: i64 = 1_000_000_000;

/// Nanoseconds since 1970 of an RFC 3339 time; times outside 1678-2261 are refused.
pub fn parse(text: &str) -> Result<i64> {
    read(text).ok_or_else(|| Error::Time {
        text: text.chars().take(64).collect(),
    })
}

/// `2026-11-21T12:30:25.123456789Z`, trailing zeros of the fraction left out.
pub fn format(nanos: i64) -> String {
    let (seconds, fraction) = (nanos.div_euclid(NANOS), nanos.rem_euclid(NANOS));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = date_of(days);
    let clock = format!(
        "{:02}:{:02}:{:02}",
        second / 3600,
        second / 60 % 60,
        second % 60
    );
    let mut text = format!("{year:04}-{month:02}-{day:02}T{clock}");
    if fraction != 0 {
        let digits = format!("{fraction:09}");
        text.push('.');
        text.push_str(digits.trim_end_matches('0'));
    }
    text.push('Z');
    text
}

fn read(text: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        let part = text.get(range)?;
        part.bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| part.parse().ok())?
    };
    let mark = |at: usize, any: &[u8]| text.as_bytes().get(at).is_some_and(|b| any.contains(b));
    let marks =
        mark(4, b"-") && mark(7, b"-") && mark(10, b"Tt ") && mark(13, b":") && mark(16, b":");
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let sane = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24;
    if !marks || !sane || minute > 59 || second > 60 {
        return None;
    }
    let rest = text.get(19..)?;
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(rest) => {
            let end = rest.find(|c: char| !c.is_ascii_digit())?;
            let (digits, zone) = rest.split_at_checked(end)?;
            let nine = format!("{:0<9}", digits.get(..9.min(digits.len()))?);
            (nine.parse().ok().filter(|_| !digits.is_empty())?, zone)
        }
        None => (0, rest),
    };
    let days = days_of(year, month, day);
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset(zone)?;
    seconds.checked_mul(NANOS)?.checked_add(fraction)
}

fn offset(zone: &str) -> Option<i64> {
    let sign = match zone.as_bytes().first()? {
        b'Z' | b'z' => return (zone.len() == 1).then_some(0),
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let two = |t: &str| (t.len() == 2).then(|| t.parse::<u8>().ok())?.map(i64::from);
    Some(sign * (two(hours)? * 3600 + two(minutes)? * 60))
}

/// Days since 1970 in the proleptic Gregorian calendar, counting years from March.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march + 2) / 5 + 1;
    let month = if march < 10 { march + 3 } else { march - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_writes() {
        let check =
            |text: &str, expected: i64| assert_eq!(parse(text).unwrap(), expected, "{text}");
        check("1970-01-01T00:00:00Z", 0);
        check("2000-02-29T12:34:56.5Z", 951_827_696_500_000_000);
        check("2026-11-21T12:30:25.123456789Z", 1_795_264_225_123_456_789);
        check(
            "2026-11-21T13:30:25.123456789+01:00",
            1_795_264_225_123_456_789,
        );
        check("1969-12-31T23:59:59Z", -1_000_000_000);
        for text in [
            "",
            "0001-01-01T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-11-21",
            "2026-11-21T12:30:25",
            "2026-11-21T12:30:25.Z",
            "x026-11-21T12:30:25Z",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn round_trip() {
        for nanos in [
            0,
            1,
            -1,
            1_795_264_225_123_456_789,
            951_782_400_000_000_000,
            68_169_600_000_000_000,
        ] {
            assert_eq!(parse(&format(nanos)).unwrap(), nanos);
        }
        assert_eq!(format(1_795_264_225_120_000_000), "2026-11-21T12:30:25.12Z");
    }
}
