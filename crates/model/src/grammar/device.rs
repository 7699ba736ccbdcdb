//! `--device`, `--device-cgroup-rule`, `--gpus`.
//!
//! Leaves to the engine whether the device exists. Invariant: permissions are a subset of `rwm`.

use crate::container::device::{CdiDevice, Device};
use crate::error::Error;

/// What a `--device` word names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceWord {
    /// A path on the host.
    Path(Device),
    /// A CDI name.
    Cdi(CdiDevice),
}

/// `host[:container][:rwm]`, or a CDI name `vendor/class=name`.
pub fn device(word: &str) -> Result<DeviceWord, Error> {
    if is_cdi_name(word) {
        return Ok(DeviceWord::Cdi(CdiDevice {
            name: word.to_owned(),
        }));
    }
    let bad = || Error::DevicePath(word.to_owned());
    let parts: Vec<&str> = word.split(':').collect();
    let (host, container, permissions) = match parts.as_slice() {
        [host] => (*host, *host, "rwm"),
        [host, second] if is_permissions(second) => (*host, *host, *second),
        [host, container] => (*host, *container, "rwm"),
        [host, container, permissions] if is_permissions(permissions) => {
            (*host, *container, *permissions)
        }
        _ => return Err(bad()),
    };
    if !host.starts_with('/') || !container.starts_with('/') {
        return Err(bad());
    }
    Ok(DeviceWord::Path(Device {
        host: host.to_owned(),
        container: container.to_owned(),
        permissions: permissions.to_owned(),
    }))
}

fn is_permissions(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= 3
        && word.bytes().all(|b| matches!(b, b'r' | b'w' | b'm'))
        && word
            .bytes()
            .enumerate()
            .all(|(i, b)| !word.bytes().skip(i + 1).any(|c| c == b))
}

/// `vendor/class=name`, where the vendor looks like a host name.
fn is_cdi_name(word: &str) -> bool {
    let Some((kind, name)) = word.split_once('=') else {
        return false;
    };
    let Some((vendor, class)) = kind.split_once('/') else {
        return false;
    };
    let plain = |text: &str, extra: &[char]| {
        text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || extra.contains(&c))
    };
    let named = name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.:".contains(c));
    plain(vendor, &['.', '-', '_']) && plain(class, &['-', '_', '.']) && named
}

/// `a|b|c major:minor rwm`, where a number may be `*`.
pub fn device_rule(word: &str) -> Result<String, Error> {
    let bad = || Error::DeviceRule(word.to_owned());
    let mut parts = word.split(' ');
    let (Some(kind), Some(numbers), Some(access), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(bad());
    };
    let number =
        |text: &str| text == "*" || (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()));
    let (major, minor) = numbers.split_once(':').ok_or_else(bad)?;
    let good = matches!(kind, "a" | "b" | "c")
        && number(major)
        && number(minor)
        && (1..=3).contains(&access.len())
        && access.bytes().all(|b| matches!(b, b'r' | b'w' | b'm'));
    if good {
        Ok(word.to_owned())
    } else {
        Err(bad())
    }
}

/// `all`, a count, or `device=0,1` / `count=2` with `driver`, `capabilities` and `options`: the CDI
/// devices of the driver (`nvidia.com/gpu` by default).
pub fn gpus(word: &str) -> Result<Vec<CdiDevice>, Error> {
    let mut vendor = "nvidia.com".to_owned();
    let mut names: Vec<String> = Vec::new();
    let mut count = None;
    for (index, field) in csv(word).iter().enumerate() {
        match field.split_once('=') {
            None if index == 0 => count = Some(gpu_count(field)?),
            None => return Err(Error::Gpus(format!("unexpected key '{field}' in '{word}'"))),
            Some(("count", value)) => count = Some(gpu_count(value)?),
            Some(("device", value)) => names.extend(value.split(',').map(str::to_owned)),
            Some(("driver", value)) => {
                vendor = if value.contains('.') {
                    value.into()
                } else {
                    format!("{value}.com")
                };
            }
            Some(("capabilities" | "options", _)) => {}
            Some((key, _)) => {
                return Err(Error::Gpus(format!("unexpected key '{key}' in '{field}'")));
            }
        }
    }
    match (count, names.is_empty()) {
        (Some(_), false) => {
            return Err(Error::Gpus(
                "cannot set both Count and DeviceIDs on device request".into(),
            ));
        }
        (Some(-1), true) => names.push("all".into()),
        (Some(n), true) => names.extend((0..n).map(|i| i.to_string())),
        (None, true) => names.push("0".into()),
        (None, false) => {}
    }
    Ok(names
        .into_iter()
        .map(|n| CdiDevice {
            name: format!("{vendor}/gpu={n}"),
        })
        .collect())
}

fn gpu_count(word: &str) -> Result<i64, Error> {
    if word == "all" {
        return Ok(-1);
    }
    word.parse()
        .ok()
        .filter(|n: &i64| (0..1024).contains(n))
        .ok_or_else(|| {
            Error::Gpus(format!(
                "invalid count ({word}): value must be either \"all\" or an integer: invalid syntax"
            ))
        })
}

/// Fields separated by commas; a field in double quotes may hold commas.
pub(crate) fn csv(word: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut letters = word.chars().peekable();
    while let Some(letter) = letters.next() {
        let Some(field) = fields.last_mut() else {
            break;
        };
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            other => field.push(other),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_read() {
        let check = |word: &str, expected: Option<(&str, &str, &str)>| {
            let got = match device(word) {
                Ok(DeviceWord::Path(d)) => Some((d.host, d.container, d.permissions)),
                _ => None,
            };
            let expected = expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()));
            assert_eq!(got, expected, "{word}");
        };
        check("/dev/null", Some(("/dev/null", "/dev/null", "rwm")));
        check("/dev/null:/dev/n", Some(("/dev/null", "/dev/n", "rwm")));
        check("/dev/null:r", Some(("/dev/null", "/dev/null", "r")));
        check("/dev/null:/dev/n:rw", Some(("/dev/null", "/dev/n", "rw")));
        check("/dev/null:/dev/n:rr", None);
        check("a:b:c:d", None);
        check("", None);
        assert_eq!(
            device("vendor.com/class=all"),
            Ok(DeviceWord::Cdi(CdiDevice {
                name: "vendor.com/class=all".into()
            }))
        );
    }

    #[test]
    fn device_rules_are_read() {
        for word in ["c 1:3 rwm", "b *:* r", "a *:* rwm"] {
            assert_eq!(device_rule(word).as_deref(), Ok(word));
        }
        for word in [
            "x",
            "c 1 rwm",
            "d 1:3 rwm",
            "c 1:3 x",
            "c 1:3",
            "c 1:3 rwm x",
            "c :3 r",
        ] {
            let text = device_rule(word).unwrap_err().to_string();
            assert_eq!(text, format!("invalid device cgroup format '{word}'"));
        }
    }

    #[test]
    fn gpu_requests_become_cdi_names() {
        let check = |word: &str, expected: &[&str]| {
            let names: Vec<String> = gpus(word).unwrap().into_iter().map(|d| d.name).collect();
            assert_eq!(names, expected, "{word}");
        };
        check("all", &["nvidia.com/gpu=all"]);
        check("2", &["nvidia.com/gpu=0", "nvidia.com/gpu=1"]);
        check("\"device=1,3\"", &["nvidia.com/gpu=1", "nvidia.com/gpu=3"]);
        check("driver=amd,count=1", &["amd.com/gpu=0"]);
        assert!(
            gpus("x")
                .unwrap_err()
                .to_string()
                .starts_with("invalid count (x)")
        );
        assert!(gpus("bogus=1").is_err());
        assert!(gpus("count=1,device=2").is_err());
    }
}
