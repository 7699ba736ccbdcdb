//! `key=value` words: variables, labels, annotations, sysctls, log and storage options.
//!
//! Leaves `NAME` without a value to a lookup the caller gives, since the environment is not ours to
//! read. Invariant: only the first `=` separates.

use crate::error::Error;

/// `NAME=value`; a bare `NAME` is looked up, and dropped when unknown.
pub fn variable(
    word: &str,
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<Option<String>, Error> {
    match word.split_once('=') {
        Some(("", _)) => Err(Error::Env(word.to_owned())),
        Some(_) => Ok(Some(word.to_owned())),
        None if word.is_empty() => Err(Error::Env(word.to_owned())),
        None => Ok(lookup(word).map(|value| format!("{word}={value}"))),
    }
}

/// `key[=value]`; the value is empty when missing.
pub fn label(word: &str) -> Result<(String, String), Error> {
    let (key, value) = word.split_once('=').unwrap_or((word, ""));
    if key.is_empty() {
        return Err(Error::Label(word.to_owned()));
    }
    Ok((key.to_owned(), value.to_owned()))
}

/// `key=value` of `what`.
pub fn key_value(what: &'static str, word: &str) -> Result<(String, String), Error> {
    match word.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err(Error::KeyValue {
            what,
            word: word.to_owned(),
        }),
    }
}

/// Kernel parameters that belong to the IPC namespace.
const IPC_SYSCTLS: &[&str] = &[
    "kernel.msgmax",
    "kernel.msgmnb",
    "kernel.msgmni",
    "kernel.sem",
    "kernel.shmall",
    "kernel.shmmax",
    "kernel.shmmni",
    "kernel.shm_rmid_forced",
];

/// `key=value` of a kernel parameter that belongs to a namespace of the container.
pub fn sysctl(word: &str) -> Result<(String, String), Error> {
    let refused = || Error::Sysctl(word.to_owned());
    let (key, value) = word.split_once('=').ok_or_else(refused)?;
    let namespaced = IPC_SYSCTLS.contains(&key)
        || key.starts_with("net.")
        || key.starts_with("fs.mqueue.")
        || matches!(key, "kernel.domainname");
    if !namespaced {
        return Err(refused());
    }
    Ok((key.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read() {
        let home = |name: &str| (name == "HOME").then(|| "/root".to_owned());
        assert_eq!(variable("A=b=c", home), Ok(Some("A=b=c".into())));
        assert_eq!(variable("A=", home), Ok(Some("A=".into())));
        assert_eq!(variable("HOME", home), Ok(Some("HOME=/root".into())));
        assert_eq!(variable("NONE", home), Ok(None));
        assert_eq!(
            variable("=x", home).unwrap_err().to_string(),
            "invalid environment variable: =x"
        );
        assert_eq!(label("a"), Ok(("a".into(), String::new())));
        assert_eq!(label("a=b=c"), Ok(("a".into(), "b=c".into())));
        assert_eq!(
            label("=x").unwrap_err().to_string(),
            "invalid label '=x': empty name"
        );
        assert_eq!(key_value("log-opt", "a=b"), Ok(("a".into(), "b".into())));
        assert!(key_value("log-opt", "a").is_err());
        assert_eq!(
            sysctl("net.core.somaxconn=1"),
            Ok(("net.core.somaxconn".into(), "1".into()))
        );
        assert_eq!(
            sysctl("x").unwrap_err().to_string(),
            "sysctl 'x' is not allowed"
        );
        assert!(sysctl("kernel.panic=1").is_err());
    }
}
