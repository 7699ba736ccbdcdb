//! Limits: `--cpus`, `--ulimit`, `--blkio-weight-device`, `--device-read-bps` and its siblings.
//!
//! Leaves to the engine what this host can enforce. Invariant: `soft <= hard`, where -1 is above
//! everything.

use super::number;
use crate::container::resources::{DeviceValue, Ulimit};
use crate::error::Error;
use crate::size;

/// The resource limits Linux has, by their name without `RLIMIT_`.
pub const ULIMIT_NAMES: &[&str] = &[
    "core",
    "cpu",
    "data",
    "fsize",
    "locks",
    "memlock",
    "msgqueue",
    "nice",
    "nofile",
    "nproc",
    "rss",
    "rtprio",
    "rttime",
    "sigpending",
    "stack",
];

/// CPUs in billionths: `0.5`, `2`, `1/3`.
pub fn cpus(word: &str) -> Result<i64, Error> {
    let bad = || Error::Cpus(word.to_owned());
    if let Some((top, bottom)) = word.split_once('/') {
        let top: i128 = top.parse().map_err(|_| bad())?;
        let bottom: i128 = bottom.parse().ok().filter(|b| *b > 0).ok_or_else(bad)?;
        let nano = top.checked_mul(1_000_000_000).ok_or_else(bad)?;
        if nano % bottom != 0 {
            return Err(Error::CpusTooPrecise);
        }
        return i64::try_from(nano / bottom).map_err(|_| bad());
    }
    let (negative, digits) = match word.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, word.strip_prefix('+').unwrap_or(word)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    if all.is_empty() || !all.bytes().all(|b| b.is_ascii_digit()) {
        return Err(bad());
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > 9 {
        return Err(Error::CpusTooPrecise);
    }
    let nano: i64 = format!("{whole}{fraction:0<9}")
        .parse()
        .map_err(|_| bad())?;
    Ok(if negative { -nano } else { nano })
}

/// `name=soft[:hard]`.
pub fn ulimit(word: &str) -> Result<Ulimit, Error> {
    let (name, values) = word
        .split_once('=')
        .ok_or_else(|| Error::Ulimit(word.to_owned()))?;
    if !ULIMIT_NAMES.contains(&name) {
        return Err(Error::UlimitName(name.to_owned()));
    }
    let mut parts = values.split(':');
    let soft = number::signed(parts.next().unwrap_or_default())?;
    let hard = parts.next().map_or(Ok(soft), number::signed)?;
    if parts.next().is_some() {
        return Err(Error::UlimitValues(values.to_owned()));
    }
    if hard != -1 && soft == -1 {
        return Err(Error::UlimitOrder(format!(
            "soft: -1 (unlimited), hard: {hard}"
        )));
    }
    if hard != -1 && soft > hard {
        return Err(Error::UlimitOrder(format!("{soft} > {hard}")));
    }
    Ok(Ulimit {
        name: name.to_owned(),
        soft,
        hard,
    })
}

/// `device:weight`, 10 to 1000, or 0 for none.
pub fn device_weight(word: &str) -> Result<DeviceValue, Error> {
    let (path, value) = device_and_value(word)?;
    let weight = number::unsigned(value, 16)
        .ok()
        .filter(|w| *w == 0 || (10..=1000).contains(w))
        .ok_or_else(|| Error::DeviceWeight(word.to_owned()))?;
    Ok(DeviceValue {
        path: path.to_owned(),
        value: weight,
    })
}

/// `device:rate`, in bytes per second with an optional unit.
pub fn device_bps(word: &str) -> Result<DeviceValue, Error> {
    let (path, value) = device_and_value(word)?;
    let value = size::parse_bytes(value).map_err(|_| Error::DeviceRate {
        word: word.to_owned(),
        format: "<device-path>:<number>[<unit>]. Number must be a positive integer. Unit is \
                 optional and can be kb, mb, or gb",
    })?;
    Ok(DeviceValue {
        path: path.to_owned(),
        value,
    })
}

/// `device:rate`, in operations per second.
pub fn device_iops(word: &str) -> Result<DeviceValue, Error> {
    let (path, value) = device_and_value(word)?;
    let value = number::unsigned(value, 64).map_err(|_| Error::DeviceRate {
        word: word.to_owned(),
        format: "<device-path>:<number>. Number must be a positive integer",
    })?;
    Ok(DeviceValue {
        path: path.to_owned(),
        value,
    })
}

fn device_and_value(word: &str) -> Result<(&str, &str), Error> {
    let (path, value) = word
        .split_once(':')
        .filter(|(path, value)| !path.is_empty() && !value.is_empty())
        .ok_or_else(|| Error::DeviceValue(word.to_owned()))?;
    if !path.starts_with("/dev/") {
        return Err(Error::DeviceValuePath(word.to_owned()));
    }
    Ok((path, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpus_are_read() {
        let check = |word: &str, expected: Result<i64, &str>| {
            assert_eq!(
                cpus(word).map_err(|e| e.to_string()),
                expected.map_err(str::to_owned)
            );
        };
        check("1", Ok(1_000_000_000));
        check("0.5", Ok(500_000_000));
        check(".25", Ok(250_000_000));
        check("1/4", Ok(250_000_000));
        check("1.500000000000", Ok(1_500_000_000));
        check("0.0000000001", Err("value is too precise"));
        check("1/3", Err("value is too precise"));
        check("x", Err("failed to parse x as a rational number"));
        check("", Err("failed to parse  as a rational number"));
        check("1/0", Err("failed to parse 1/0 as a rational number"));
    }

    #[test]
    fn ulimits_are_read() {
        let check = |word: &str, expected: Result<(i64, i64), &str>| {
            let got = ulimit(word)
                .map(|u| (u.soft, u.hard))
                .map_err(|e| e.to_string());
            assert_eq!(got, expected.map_err(str::to_owned), "{word}");
        };
        check("nofile=1024", Ok((1024, 1024)));
        check("nofile=1024:2048", Ok((1024, 2048)));
        check("core=-1", Ok((-1, -1)));
        check("core=5:-1", Ok((5, -1)));
        check("x", Err("invalid ulimit argument: x"));
        check("bogus=5:2", Err("invalid ulimit type: bogus"));
        check(
            "nofile=5:2",
            Err("ulimit soft limit must be less than or equal to hard limit: 5 > 2"),
        );
        check(
            "core=-1:5",
            Err(
                "ulimit soft limit must be less than or equal to hard limit: \
                 soft: -1 (unlimited), hard: 5",
            ),
        );
        check(
            "nofile=1:2:3",
            Err("too many limit value arguments - 1:2:3, can only have up to two, `soft[:hard]`"),
        );
        check(
            "nofile=x",
            Err("strconv.ParseInt: parsing \"x\": invalid syntax"),
        );
    }

    #[test]
    fn device_values_are_read() {
        assert_eq!(device_bps("/dev/sda:1mb").map(|v| v.value), Ok(1 << 20));
        assert_eq!(device_iops("/dev/sda:100").map(|v| v.value), Ok(100));
        assert_eq!(device_weight("/dev/sda:500").map(|v| v.value), Ok(500));
        let text = |e: Result<DeviceValue, Error>| e.map_err(|e| e.to_string()).unwrap_err();
        assert_eq!(text(device_bps("x")), "bad format: x");
        assert_eq!(text(device_bps("/x:1")), "bad format for device path: /x:1");
        assert_eq!(
            text(device_weight("/dev/sda:5")),
            "invalid weight for device: /dev/sda:5"
        );
        assert!(text(device_bps("/dev/sda:x")).starts_with("invalid rate for device: /dev/sda:x."));
        assert!(text(device_iops("/dev/a:1mb")).ends_with("Number must be a positive integer"));
    }
}
