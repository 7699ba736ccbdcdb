//! The arguments of instructions: JSON lists, shell forms, words and pairs.
//!
//! Invariant: pure; an error says which rule is broken in docker's words where it has some.

use std::collections::BTreeMap;

use hull_model::duration::parse_duration;
use hull_oci::image_config::Healthcheck;

type Words<T> = Result<T, String>;

/// A JSON list of strings, when it is one.
fn json_list(text: &str) -> Option<Vec<String>> {
    text.starts_with('[')
        .then(|| serde_json::from_str(text).ok())?
}

/// The exec form, or the shell form run by the default shell.
pub(super) fn command(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    let shell = || vec!["/bin/sh".to_owned(), "-c".to_owned(), text.to_owned()];
    json_list(text).unwrap_or_else(shell)
}

/// Splits at blanks outside quotes; quotes and backslashes are taken away.
pub(super) fn words(text: &str) -> Words<Vec<String>> {
    let mut words = Vec::new();
    let (mut word, mut any, mut quote) = (String::new(), false, None);
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                any = true;
            }
            (None | Some('"'), '\\') => {
                word.extend(rest.next());
                any = true;
            }
            (None, c) if c.is_whitespace() => {
                if any || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                any = false;
            }
            (_, c) => word.push(c),
        }
    }
    if let Some(open) = quote {
        return Err(format!(
            "unexpected end of statement while looking for matching {open}"
        ));
    }
    if any || !word.is_empty() {
        words.push(word);
    }
    Ok(words)
}

/// `a=b c=d`, or the old `a rest of the line`.
pub(super) fn pairs(text: &str) -> Words<Vec<(String, String)>> {
    let words = words(text)?;
    let first = words.first().map(String::as_str).unwrap_or_default();
    if !first.contains('=') {
        let (name, value) = text
            .split_once(char::is_whitespace)
            .ok_or_else(|| "ENV must have two arguments".to_owned())?;
        return Ok(vec![(name.to_owned(), value.trim().to_owned())]);
    }
    words
        .iter()
        .map(|word| match word.split_once('=') {
            Some(("", _)) => Err("names can not be blank".to_owned()),
            Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
            None => Err(format!(
                "syntax error - can't find = in {word:?}. Must be of the form: name=value"
            )),
        })
        .collect()
}

/// As [`pairs`].
pub(super) fn labels(text: &str) -> Words<BTreeMap<String, String>> {
    Ok(pairs(text)?.into_iter().collect())
}

/// `80`, `80/udp`, `8000-8005/tcp`.
pub(super) fn ports(text: &str) -> Words<Vec<String>> {
    let mut ports = Vec::new();
    for word in words(text)? {
        let (range, protocol) = word.split_once('/').unwrap_or((&word, "tcp"));
        let protocol = protocol.to_ascii_lowercase();
        if !matches!(protocol.as_str(), "tcp" | "udp" | "sctp") {
            return Err(format!("invalid proto: {protocol}"));
        }
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let number = |text: &str| {
            text.parse::<u16>()
                .map_err(|_| format!("invalid containerPort: {word}"))
        };
        let (first, last) = (number(first)?, number(last)?);
        if last < first {
            return Err(format!("invalid range specified for port: {word}"));
        }
        ports.extend((first..=last).map(|port| format!("{port}/{protocol}")));
    }
    Ok(ports)
}

/// A JSON list or words.
pub(super) fn volumes(text: &str) -> Words<Vec<String>> {
    let volumes = match json_list(text) {
        Some(list) => list,
        None => words(text)?,
    };
    match volumes.iter().any(|volume| volume.trim().is_empty()) {
        true => Err("VOLUME specified can not be an empty string".to_owned()),
        false => Ok(volumes),
    }
}

/// Exactly one word.
pub(super) fn single(instruction: &str, text: &str) -> Words<String> {
    let mut words = words(text)?;
    match (words.pop(), words.is_empty()) {
        (Some(word), true) => Ok(word),
        _ => Err(format!("{instruction} requires exactly one argument")),
    }
}

/// Absolute, or below the one before.
pub(super) fn working_dir(before: &str, text: &str) -> String {
    let whole = if text.starts_with('/') {
        text.to_owned()
    } else {
        format!("{before}/{text}")
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// `NONE`, or options and `CMD …`.
pub(super) fn healthcheck(text: &str) -> Words<Healthcheck> {
    let mut check = Healthcheck::default();
    let mut rest = text;
    while let Some(option) = rest.strip_prefix("--") {
        let (option, after) = option
            .split_once(char::is_whitespace)
            .unwrap_or((option, ""));
        rest = after.trim_start();
        let (name, value) = option
            .split_once('=')
            .ok_or_else(|| format!("--{option} needs a value"))?;
        let span = || parse_duration(value).map_err(|e| e.to_string());
        match name {
            "interval" => check.interval = span()?,
            "timeout" => check.timeout = span()?,
            "start-period" => check.start_period = span()?,
            "start-interval" => check.start_interval = span()?,
            "retries" => {
                check.retries = value
                    .parse()
                    .map_err(|_| format!("bad number of retries {value:?}"))?;
            }
            _ => return Err(format!("unknown flag: {name}")),
        }
    }
    let (kind, command) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let command = command.trim();
    check.test = match (kind.to_ascii_uppercase().as_str(), command) {
        ("NONE", "") => vec!["NONE".into()],
        ("NONE", _) => return Err("HEALTHCHECK NONE takes no arguments".into()),
        ("CMD", "") => return Err("missing command after HEALTHCHECK CMD".into()),
        ("CMD", command) => match json_list(command) {
            Some(list) => std::iter::once("CMD".to_owned()).chain(list).collect(),
            None => vec!["CMD-SHELL".into(), command.to_owned()],
        },
        (other, _) => return Err(format!("unknown type {other:?} in HEALTHCHECK (try CMD)")),
    };
    Ok(check)
}
