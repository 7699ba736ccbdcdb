//! A moment as the `until` filter takes it.

use hull_model::duration::parse_duration;
use hull_model::time::Timestamp;

use crate::error::Error;

/// RFC 3339, seconds since 1970, or how long ago; as nanoseconds since 1970.
pub(crate) fn moment(text: &str, now: Timestamp) -> Result<i64, Error> {
    if let Some(time) = Timestamp::parse_rfc3339(text) {
        return Ok(time.0);
    }
    if let Ok(seconds) = text.parse::<i64>() {
        return Ok(seconds.saturating_mul(1_000_000_000));
    }
    parse_duration(text)
        .map(|ago| now.0.saturating_sub(ago))
        .map_err(|_| Error::FilterValue {
            key: "until",
            value: text.to_owned(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read() {
        let now = Timestamp(1_000_000_000_000);
        assert_eq!(moment("10", now).unwrap(), 10_000_000_000);
        assert_eq!(moment("1m", now).unwrap(), 940_000_000_000);
        assert_eq!(moment("1970-01-01T00:00:01Z", now).unwrap(), 1_000_000_000);
        assert!(moment("soon", now).is_err());
    }
}
