//! Sizes in bytes: as typed (`512m`, powers of 1024) and as shown (`7.8MB`, powers of 1000).
//!
//! Leaves to others what a size limits. Invariant: what is shown has docker's digits, since scripts
//! compare the columns.

use crate::error::Error;

const UNITS: &[(u8, u32)] = &[(b'k', 1), (b'm', 2), (b'g', 3), (b't', 4), (b'p', 5)];

/// Bytes of `word`, a number with an optional unit `b k m g t p` (also `kb`, `kib`), base 1024.
pub fn parse_bytes(word: &str) -> Result<u64, Error> {
    let end = word
        .rfind(|c: char| c.is_ascii_digit() || c == '.' || c == ' ')
        .ok_or_else(|| Error::Size(word.to_owned()))?;
    let (number, rest) = word.split_at(end + 1);
    let number: f64 = number
        .strip_suffix(' ')
        .unwrap_or(number)
        .parse()
        .map_err(|_| Error::Size(word.into()))?;
    if !number.is_finite() || number < 0.0 {
        return Err(Error::Size(word.to_owned()));
    }
    let bytes = number * multiplier(rest)?;
    whole(bytes).ok_or_else(|| Error::Size(word.to_owned()))
}

/// As [`parse_bytes`], with `-1` for "no limit".
pub fn parse_bytes_or_unlimited(word: &str) -> Result<i64, Error> {
    if word == "-1" {
        return Ok(-1);
    }
    i64::try_from(parse_bytes(word)?).map_err(|_| Error::Size(word.to_owned()))
}

fn multiplier(suffix: &str) -> Result<f64, Error> {
    let lower = suffix.to_ascii_lowercase();
    let bad = || Error::SizeSuffix(lower.clone());
    let mut letters = lower.bytes();
    let Some(first) = letters.next() else {
        return Ok(1.0);
    };
    let tail = lower.get(1..).unwrap_or_default();
    if first == b'b' {
        return if tail.is_empty() { Ok(1.0) } else { Err(bad()) };
    }
    let (_, power) = UNITS
        .iter()
        .find(|(letter, _)| *letter == first)
        .ok_or_else(bad)?;
    if !matches!(tail, "" | "b" | "ib") {
        return Err(bad());
    }
    Ok(f64::from(1024_u32).powi(i32::try_from(*power).unwrap_or(0)))
}

/// The integral part of `value`, when a u64 holds it and it fits a signed size.
fn whole(value: f64) -> Option<u64> {
    // 2^63: the kernel's sizes are signed.
    if value >= 9_223_372_036_854_775_808.0 {
        return None;
    }
    format!("{:.0}", value.trunc()).parse().ok()
}

/// `bytes` with four significant digits and a decimal unit, `1.234MB`.
pub fn human(bytes: u64) -> String {
    human_with(bytes, 4)
}

/// `bytes` with `digits` significant digits and a decimal unit.
pub fn human_with(bytes: u64, digits: usize) -> String {
    scaled(
        bytes,
        digits,
        1000.0,
        &["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"],
    )
}

/// `bytes` with four significant digits and a binary unit, `1.5MiB`.
pub fn human_binary(bytes: u64) -> String {
    scaled(
        bytes,
        4,
        1024.0,
        &["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"],
    )
}

fn scaled(bytes: u64, digits: usize, base: f64, units: &[&str]) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with four digits")]
    let mut size = bytes as f64;
    let mut unit = 0;
    while size >= base && unit + 1 < units.len() {
        size /= base;
        unit += 1;
    }
    format!(
        "{}{}",
        significant(size, digits),
        units.get(unit).copied().unwrap_or_default()
    )
}

/// `value` rounded to `digits` significant digits without trailing zeros, C's `%.4g`.
pub fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let exponential = format!("{:.*e}", digits.saturating_sub(1), value);
    let (mantissa, exponent) = exponential.split_once('e').unwrap_or((&exponential, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let limit = i32::try_from(digits).unwrap_or(i32::MAX);
    if exponent < -4 || exponent >= limit {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", trim_zeros(mantissa), exponent.abs());
    }
    let decimals = usize::try_from(limit - 1 - exponent).unwrap_or(0);
    trim_zeros(&format!("{value:.decimals$}")).to_owned()
}

fn trim_zeros(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_docker_reads_them() {
        let check = |word: &str, expected: Result<u64, &str>| {
            let got = parse_bytes(word).map_err(|e| e.to_string());
            assert_eq!(got, expected.map_err(str::to_owned), "{word}");
        };
        check("0", Ok(0));
        check("1", Ok(1));
        check("1b", Ok(1));
        check("4k", Ok(4096));
        check("4K", Ok(4096));
        check("4kb", Ok(4096));
        check("4KiB", Ok(4096));
        check("512m", Ok(512 << 20));
        check("1.5g", Ok(3 << 29));
        check("1 g", Ok(1 << 30));
        check("2t", Ok(2 << 40));
        check("1p", Ok(1 << 50));
        check("", Err("invalid size: ''"));
        check("xx", Err("invalid size: 'xx'"));
        check("-1", Err("invalid size: '-1'"));
        check("1x", Err("invalid suffix: 'x'"));
        check("1bb", Err("invalid suffix: 'bb'"));
        check("1kx", Err("invalid suffix: 'kx'"));
        check("1kibb", Err("invalid suffix: 'kibb'"));
        check("99999999999g", Err("invalid size: '99999999999g'"));
        check("1.2.3m", Err("invalid size: '1.2.3m'"));
        assert_eq!(parse_bytes_or_unlimited("-1"), Ok(-1));
    }

    #[test]
    fn sizes_are_shown_with_dockers_digits() {
        for (bytes, expected) in [
            (0, "0B"),
            (999, "999B"),
            (1000, "1kB"),
            (1024, "1.024kB"),
            (4_261_502, "4.262MB"),
            (77_900_000, "77.9MB"),
            (1_000_000_000, "1GB"),
            (999_999, "1000kB"),
            (1_234_567_890_123, "1.235TB"),
        ] {
            assert_eq!(human(bytes), expected, "{bytes}");
        }
        assert_eq!(human_with(4_261_502, 3), "4.26MB");
        assert_eq!(human_binary(1536 << 10), "1.5MiB");
    }
}
