//! Points in time as nanoseconds since 1970 (UTC), and how docker writes them.
//!
//! Leaves to others: reading a clock (`engine::host`), local time zones and the grammar of `--since`
//! (`cli`). Invariant: pure arithmetic, the same text on every machine.

use serde::{Deserialize, Serialize};

const NANOS: i64 = 1_000_000_000;
const DAY: i64 = 86_400;

/// Nanoseconds since 1970-01-01T00:00:00Z.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Go's zero time, which docker prints for "never": `0001-01-01T00:00:00Z`.
    pub const NEVER: &'static str = "0001-01-01T00:00:00Z";

    /// Whole seconds.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(NANOS)
    }

    /// Nanoseconds within the second.
    pub fn subsec_nanos(self) -> i64 {
        self.0.rem_euclid(NANOS)
    }

    /// As Go's `time.RFC3339Nano` in UTC: no trailing zeros in the fraction.
    pub fn rfc3339(self) -> String {
        let (year, month, day) = civil(self.seconds().div_euclid(DAY));
        let second = self.seconds().rem_euclid(DAY);
        let (hour, minute) = (second / 3600, second / 60 % 60);
        let mut text = format!(
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}",
            second % 60
        );
        if self.subsec_nanos() != 0 {
            let fraction = format!(".{:09}", self.subsec_nanos());
            text.push_str(fraction.trim_end_matches('0'));
        }
        text.push('Z');
        text
    }

    /// Reads RFC 3339 with `Z` or an offset, with or without a fraction.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let (date, rest) = text.split_once(['T', 't', ' '])?;
        let mut parts = date.splitn(3, '-').map(digits);
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        let zone = rest.find(['Z', 'z', '+', '-'])?;
        let (clock, zone) = rest.split_at_checked(zone)?;
        let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
        let mut parts = clock.splitn(3, ':').map(digits);
        let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
        let valid = (1..=12).contains(&month) && (1..=31).contains(&day);
        if !valid || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let seconds = days(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
        let seconds = seconds.checked_sub(offset(zone)?)?;
        Some(Self(
            seconds.checked_mul(NANOS)?.checked_add(nanos(fraction)?)?,
        ))
    }
}

fn digits(text: &str) -> Option<i64> {
    let plain = !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

fn nanos(fraction: &str) -> Option<i64> {
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut padded: String = fraction.chars().take(9).collect();
    while padded.len() < 9 {
        padded.push('0');
    }
    padded.parse().ok()
}

fn offset(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    Some(sign * (digits(hours)? * 3600 + digits(minutes)? * 60))
}

/// Year, month and day of a day number (1970-01-01 is 0), in the proleptic Gregorian calendar.
fn civil(day: i64) -> (i64, i64, i64) {
    // Count from 0000-03-01, so that a leap day is the last day of its year.
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let month = if march < 10 { march + 3 } else { march - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month, of_year - (153 * march + 2) / 5 + 1)
}

/// The inverse of [`civil`].
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let march = (month + 9) % 12;
    let of_year = (153 * march + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_and_reads_rfc3339_as_go_does() {
        let lines = [
            (0, "1970-01-01T00:00:00Z"),
            (1_700_000_000_123_000_000, "2023-11-14T22:13:20.123Z"),
            (1_709_164_800_000_000_001, "2024-02-29T00:00:00.000000001Z"),
            (4_102_444_799_000_000_000, "2099-12-31T23:59:59Z"),
            (-1_000_000_000, "1969-12-31T23:59:59Z"),
        ];
        for (nanos, text) in lines {
            assert_eq!(Timestamp(nanos).rfc3339(), text);
            assert_eq!(
                Timestamp::parse_rfc3339(text),
                Some(Timestamp(nanos)),
                "{text}"
            );
        }
        let east = Timestamp::parse_rfc3339("2023-11-15T00:13:20+02:00");
        assert_eq!(east, Some(Timestamp(1_700_000_000_000_000_000)));
        for bad in [
            "",
            "2023",
            "2023-13-01T00:00:00Z",
            "2023-01-01T00:00:00",
            "x-y-zT::Z",
        ] {
            assert_eq!(Timestamp::parse_rfc3339(bad), None, "{bad}");
        }
    }
}
