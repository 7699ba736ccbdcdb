//! `-v [source:]target[:mode]` and `--tmpfs target[:options]`.
//!
//! Leaves making `./x` absolute to the caller, who knows the current directory. Invariant: a source
//! that starts with `/` is a host path, any other is the name of a volume.

use crate::container::mount::{Mount, MountKind};
use crate::error::Error;
use crate::size;

/// A mount with nothing said but kind and target.
pub(super) fn plain(kind: MountKind, target: &str) -> Mount {
    Mount {
        kind,
        source: String::new(),
        target: target.to_owned(),
        read_only: false,
        recursive_read_only: None,
        non_recursive: false,
        propagation: None,
        create_source: false,
        options: Vec::new(),
        tmpfs_size: None,
        tmpfs_mode: None,
        short_syntax: true,
    }
}

/// `-v`.
pub fn volume(word: &str) -> Result<Mount, Error> {
    let parts: Vec<&str> = word.split(':').collect();
    let bad = || Error::Volume(word.to_owned());
    let (source, target, mode) = match parts.as_slice() {
        [target] => ("", *target, ""),
        [_, second] if is_mode_word(second) => return Err(bad()),
        [source, target] => (*source, *target, ""),
        [source, target, mode] => (*source, *target, *mode),
        _ => return Err(bad()),
    };
    if target.is_empty() || (parts.len() > 1 && source.is_empty()) {
        return Err(bad());
    }
    let kind = if source.starts_with('/') {
        MountKind::Bind
    } else {
        MountKind::Volume
    };
    if kind == MountKind::Volume && !source.is_empty() && !is_volume_name(source) {
        return Err(Error::VolumeName(source.to_owned()));
    }
    let mut mount = plain(kind, &checked_target(target, word)?);
    source.clone_into(&mut mount.source);
    mount.create_source = kind == MountKind::Bind;
    if !mode.is_empty() {
        apply_mode(&mut mount, mode)?;
    }
    Ok(mount)
}

fn is_mode_word(word: &str) -> bool {
    matches!(word, "ro" | "rw" | "z" | "Z" | "nocopy")
}

/// A target must be absolute and must not be the root.
pub(super) fn checked_target(target: &str, word: &str) -> Result<String, Error> {
    if !target.starts_with('/') {
        return Err(Error::MountPath(target.to_owned()));
    }
    let trimmed = target.trim_end_matches('/');
    if trimmed.is_empty() {
        return Err(Error::MountField(format!(
            "invalid volume specification: '{word}': invalid mount config for type \"bind\": \
             invalid specification: destination can't be '/'"
        )));
    }
    Ok(trimmed.to_owned())
}

/// A name a volume may have: `[a-zA-Z0-9][a-zA-Z0-9_.-]+`.
pub fn is_volume_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphanumeric())
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
        && name.len() >= 2
}

fn apply_mode(mount: &mut Mount, mode: &str) -> Result<(), Error> {
    let bad = || Error::VolumeMode(mode.to_owned());
    let (mut access, mut label, mut copy, mut consistency) = (0, 0, 0, 0);
    for word in mode.split(',') {
        match word {
            "rw" | "ro" => {
                access += 1;
                mount.read_only = word == "ro";
            }
            "z" | "Z" => {
                label += 1;
                mount.options.push(word.to_owned());
            }
            "nocopy" if mount.kind == MountKind::Volume => {
                copy += 1;
                mount.options.push(word.to_owned());
            }
            "consistent" | "cached" | "delegated" => consistency += 1,
            "rprivate" | "private" | "rshared" | "shared" | "rslave" | "slave"
                if mount.kind == MountKind::Bind && mount.propagation.is_none() =>
            {
                mount.propagation = Some(word.to_owned());
            }
            _ => return Err(bad()),
        }
    }
    if [access, label, copy, consistency].iter().any(|n| *n > 1) {
        return Err(bad());
    }
    Ok(())
}

/// `--tmpfs`.
pub fn tmpfs(word: &str) -> Result<Mount, Error> {
    let (target, options) = word.split_once(':').unwrap_or((word, ""));
    let mut mount = plain(MountKind::Tmpfs, &checked_target(target, word)?);
    for option in options.split(',').filter(|o| !o.is_empty()) {
        let (key, value) = option.split_once('=').unwrap_or((option, ""));
        match key {
            "ro" => mount.read_only = true,
            "rw" => mount.read_only = false,
            "size" if value.ends_with('%') => mount.options.push(option.to_owned()),
            "size" => mount.tmpfs_size = Some(size::parse_bytes(value)?),
            "mode" => mount.tmpfs_mode = Some(octal(option, value)?),
            _ if is_tmpfs_option(key) => mount.options.push(option.to_owned()),
            _ => {
                return Err(Error::MountField(format!(
                    "invalid tmpfs option [{option:?}]"
                )));
            }
        }
    }
    Ok(mount)
}

/// A mode in octal digits.
pub(super) fn octal(field: &str, value: &str) -> Result<u32, Error> {
    u32::from_str_radix(value, 8)
        .ok()
        .filter(|mode| *mode <= 0o7777)
        .ok_or_else(|| Error::MountField(format!("invalid value for {field}: expected octal mode")))
}

const TMPFS_OPTIONS: &[&str] = &[
    "async",
    "atime",
    "defaults",
    "dev",
    "diratime",
    "dirsync",
    "exec",
    "gid",
    "huge",
    "iversion",
    "mand",
    "noatime",
    "nodev",
    "nodiratime",
    "noexec",
    "nomand",
    "norelatime",
    "nostrictatime",
    "nosuid",
    "nr_blocks",
    "nr_inodes",
    "private",
    "relatime",
    "remount",
    "rprivate",
    "rshared",
    "rslave",
    "runbindable",
    "shared",
    "slave",
    "strictatime",
    "suid",
    "sync",
    "uid",
    "unbindable",
];

fn is_tmpfs_option(key: &str) -> bool {
    TMPFS_OPTIONS.contains(&key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_are_read() {
        let m = volume("/a:/b").unwrap();
        assert_eq!(
            (m.kind, m.source.as_str(), m.target.as_str()),
            (MountKind::Bind, "/a", "/b")
        );
        assert!(m.create_source && !m.read_only && m.short_syntax);
        let m = volume("/a:/b/:ro,z,rshared").unwrap();
        assert!(m.read_only);
        assert_eq!(m.target, "/b");
        assert_eq!(m.propagation.as_deref(), Some("rshared"));
        assert_eq!(m.options, ["z"]);
        let m = volume("data:/b:nocopy").unwrap();
        assert_eq!((m.kind, m.source.as_str()), (MountKind::Volume, "data"));
        let m = volume("/data").unwrap();
        assert_eq!(
            (m.kind, m.source.as_str(), m.target.as_str()),
            (MountKind::Volume, "", "/data")
        );
        let check = |word: &str, expected: &str| {
            assert_eq!(volume(word).unwrap_err().to_string(), expected, "{word}");
        };
        check("/a:/b:c:d", "invalid volume specification: '/a:/b:c:d'");
        check("/a:ro", "invalid volume specification: '/a:ro'");
        check(":/b", "invalid volume specification: ':/b'");
        check("/a:", "invalid volume specification: '/a:'");
        check(
            "data:b",
            "invalid mount path: 'b' mount path must be absolute",
        );
        check("/a:/b:x", "invalid mode: x");
        check("/a:/b:ro,rw", "invalid mode: ro,rw");
        check("data:/b:rshared", "invalid mode: rshared");
        assert!(
            volume("../a:/b")
                .unwrap_err()
                .to_string()
                .contains("invalid characters")
        );
        assert!(
            volume("/a:/")
                .unwrap_err()
                .to_string()
                .contains("destination can't be '/'")
        );
    }

    #[test]
    fn tmpfs_are_read() {
        let m = tmpfs("/run").unwrap();
        assert_eq!(
            (m.kind, m.target.as_str(), m.options.len()),
            (MountKind::Tmpfs, "/run", 0)
        );
        let m = tmpfs("/run:rw,exec,size=64m,mode=1777,uid=5").unwrap();
        assert_eq!(m.tmpfs_size, Some(64 << 20));
        assert_eq!(m.tmpfs_mode, Some(0o1777));
        assert_eq!(m.options, ["exec", "uid=5"]);
        assert!(tmpfs("/run:ro").unwrap().read_only);
        for word in ["run", "/run:bogus", "/run:mode=9", "/run:size=x", "/"] {
            assert!(tmpfs(word).is_err(), "{word}");
        }
    }
}
