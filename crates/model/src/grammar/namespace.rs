//! `--network`, `--pid`, `--ipc`, `--uts`, `--userns`, `--cgroupns`.
//!
//! Leaves to the engine whether the container named exists and may be joined. Invariant: the empty
//! word is the default.

use crate::container::namespace::{
    CgroupnsMode, IpcMode, NetworkMode, PidMode, UsernsMode, UtsMode,
};
use crate::error::Error;

fn joined(word: &str) -> Option<&str> {
    word.strip_prefix("container:")
}

fn bad(text: &str) -> Error {
    Error::Mode(text.to_owned())
}

/// `--network`.
pub fn network(word: &str) -> Result<NetworkMode, Error> {
    if let Some(name) = joined(word) {
        return match name {
            "" => Err(bad("invalid container format container:<name|id>")),
            name => Ok(NetworkMode::Container(name.to_owned())),
        };
    }
    Ok(match word {
        "" | "default" => NetworkMode::Default,
        "none" => NetworkMode::None,
        "host" => NetworkMode::Host,
        name => NetworkMode::Named(name.to_owned()),
    })
}

/// `--pid`.
pub fn pid(word: &str) -> Result<PidMode, Error> {
    match (word, joined(word)) {
        ("" | "private", _) => Ok(PidMode::Private),
        ("host", _) => Ok(PidMode::Host),
        (_, Some(name)) if !name.is_empty() => Ok(PidMode::Container(name.to_owned())),
        _ => Err(bad("--pid: invalid PID mode")),
    }
}

/// `--ipc`.
pub fn ipc(word: &str) -> Result<IpcMode, Error> {
    match (word, joined(word)) {
        ("" | "private", _) => Ok(IpcMode::Private),
        ("shareable", _) => Ok(IpcMode::Shareable),
        ("none", _) => Ok(IpcMode::None),
        ("host", _) => Ok(IpcMode::Host),
        (_, Some(name)) if !name.is_empty() => Ok(IpcMode::Container(name.to_owned())),
        _ => Err(bad(&format!("invalid IPC mode: {word}"))),
    }
}

/// `--uts`.
pub fn uts(word: &str) -> Result<UtsMode, Error> {
    match word {
        "" | "private" => Ok(UtsMode::Private),
        "host" => Ok(UtsMode::Host),
        _ => Err(bad("--uts: invalid UTS mode")),
    }
}

/// `--userns`.
pub fn userns(word: &str) -> Result<UsernsMode, Error> {
    match word {
        "" => Ok(UsernsMode::Default),
        "host" => Ok(UsernsMode::Host),
        _ => Err(bad("--userns: invalid USER mode")),
    }
}

/// `--cgroupns`.
pub fn cgroupns(word: &str) -> Result<CgroupnsMode, Error> {
    match word {
        "" => Ok(CgroupnsMode::Default),
        "private" => Ok(CgroupnsMode::Private),
        "host" => Ok(CgroupnsMode::Host),
        _ => Err(bad("--cgroupns: invalid CGROUP mode")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read() {
        assert_eq!(network(""), Ok(NetworkMode::Default));
        assert_eq!(network("none"), Ok(NetworkMode::None));
        assert_eq!(network("host"), Ok(NetworkMode::Host));
        assert_eq!(
            network("container:web"),
            Ok(NetworkMode::Container("web".into()))
        );
        assert_eq!(network("web"), Ok(NetworkMode::Named("web".into())));
        assert!(network("container:").is_err());
        assert_eq!(pid("host"), Ok(PidMode::Host));
        assert_eq!(pid("container:a"), Ok(PidMode::Container("a".into())));
        assert_eq!(pid("x").unwrap_err().to_string(), "--pid: invalid PID mode");
        assert_eq!(ipc("shareable"), Ok(IpcMode::Shareable));
        assert_eq!(ipc("x").unwrap_err().to_string(), "invalid IPC mode: x");
        assert!(ipc("container:").is_err());
        assert_eq!(uts("host"), Ok(UtsMode::Host));
        assert!(uts("x").is_err());
        assert_eq!(userns("host"), Ok(UsernsMode::Host));
        assert!(userns("x").is_err());
        assert_eq!(cgroupns("private"), Ok(CgroupnsMode::Private));
        assert!(cgroupns("x").is_err());
    }
}
