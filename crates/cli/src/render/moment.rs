//! Points in time: as typed for `--since` and `--until`, and as shown to people in local time.
//!
//! Leaves spans to `model::duration`. Invariant: a bare date or time is local, a span counts back
//! from now.

use hull_model::duration::{human_duration, parse_duration};
use hull_model::time::Timestamp;
use jiff::tz::TimeZone;

use crate::error::Error;

/// The moment `word` says, for `flag`: seconds since 1970, RFC 3339, a local date, or a span ago.
pub(crate) fn moment(flag: &'static str, word: &str, now: Timestamp) -> Result<Timestamp, Error> {
    read(word, now).ok_or_else(|| Error::Moment {
        flag,
        word: word.to_owned(),
    })
}

fn read(word: &str, now: Timestamp) -> Option<Timestamp> {
    if let Ok(span) = parse_duration(word) {
        // A lone 0 is a span of nothing to Go too.
        return now.0.checked_sub(span).map(Timestamp);
    }
    if let Some(time) = seconds(word) {
        return Some(time);
    }
    if let Ok(time) = word.parse::<jiff::Timestamp>() {
        return from_jiff(time);
    }
    let padded = match word.len() {
        13 if word.contains('T') => format!("{word}:00:00"),
        16 if word.contains('T') => format!("{word}:00"),
        10 => format!("{word}T00:00:00"),
        _ => word.to_owned(),
    };
    let time: jiff::civil::DateTime = padded.strip_suffix('Z').unwrap_or(&padded).parse().ok()?;
    let zone = if padded.ends_with('Z') {
        TimeZone::UTC
    } else {
        TimeZone::system()
    };
    from_jiff(time.to_zoned(zone).ok()?.timestamp())
}

/// `1700000000` or `1700000000.123456789`.
fn seconds(word: &str) -> Option<Timestamp> {
    let (whole, fraction) = word.split_once('.').unwrap_or((word, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let nanoseconds: i64 = format!("{fraction:0<9}").parse().ok()?;
    let whole: i64 = whole.parse().ok()?;
    whole
        .checked_mul(1_000_000_000)?
        .checked_add(nanoseconds)
        .map(Timestamp)
}

fn from_jiff(time: jiff::Timestamp) -> Option<Timestamp> {
    i64::try_from(time.as_nanosecond()).ok().map(Timestamp)
}

/// `2026-01-02 03:04:05 +0000 UTC`, in local time.
pub(crate) fn local(time: Timestamp) -> String {
    let Ok(stamp) = jiff::Timestamp::from_second(time.seconds()) else {
        return String::new();
    };
    stamp
        .to_zoned(TimeZone::system())
        .strftime("%Y-%m-%d %H:%M:%S %z %Z")
        .to_string()
}

/// `2026-01-02T03:04:05Z`, or with the local offset.
pub(crate) fn rfc3339_local(time: Timestamp) -> String {
    let Ok(stamp) = jiff::Timestamp::from_second(time.seconds()) else {
        return String::new();
    };
    let zoned = stamp.to_zoned(TimeZone::system());
    match zoned.offset().is_zero() {
        true => zoned.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        false => zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
    }
}

/// `2026-01-02T03:04:05.123456789Z`, always nine digits, with the local offset.
pub(crate) fn nanoseconds_local(time: Timestamp) -> String {
    let Ok(stamp) = jiff::Timestamp::from_nanosecond(i128::from(time.0)) else {
        return String::new();
    };
    let zoned = stamp.to_zoned(TimeZone::system());
    match zoned.offset().is_zero() {
        true => zoned.strftime("%Y-%m-%dT%H:%M:%S.%9fZ").to_string(),
        false => zoned.strftime("%Y-%m-%dT%H:%M:%S.%9f%:z").to_string(),
    }
}

/// The same in UTC, as logs carry it.
pub(crate) fn nanoseconds(time: Timestamp) -> String {
    let Ok(stamp) = jiff::Timestamp::from_nanosecond(i128::from(time.0)) else {
        return String::new();
    };
    stamp.strftime("%Y-%m-%dT%H:%M:%S.%9fZ").to_string()
}

/// `3 hours ago`.
pub(crate) fn ago(time: Timestamp, now: Timestamp) -> String {
    format!(
        "{} ago",
        human_duration((now.0.saturating_sub(time.0)) / 1_000_000_000)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read() {
        let now = Timestamp(1_767_323_045_000_000_000);
        let check = |word: &str, expected: Option<i64>| {
            assert_eq!(read(word, now).map(|t| t.0), expected, "{word}");
        };
        check("10m", Some(now.0 - 600_000_000_000));
        check("1700000000", Some(1_700_000_000_000_000_000));
        check("1700000000.5", Some(1_700_000_000_500_000_000));
        check("2026-01-02T03:04:05Z", Some(now.0));
        check("2026-01-02T03:04:05.5Z", Some(now.0 + 500_000_000));
        check("2026-01-02T04:04:05+01:00", Some(now.0));
        check("xx", None);
        check("", None);
        check("2026-13-01", None);
        assert!(read("2026-01-02", now).is_some());
        assert!(read("2026-01-02T03:04", now).is_some());
    }
}
