//! `--mount type=…,source=…,target=…`: fields as comma-separated values.
//!
//! Leaves to the engine whether the source exists. Invariant: a field that belongs to another type
//! of mount is refused, never ignored.

use super::device::csv;
use super::number;
use super::short_mount::{checked_target, is_volume_name, octal, plain};
use crate::container::mount::{Mount, MountKind};
use crate::error::Error;
use crate::size;

fn fail<T>(text: String) -> Result<T, Error> {
    Err(Error::MountField(text))
}

/// `--mount`.
pub fn mount(word: &str) -> Result<Mount, Error> {
    if word.is_empty() {
        return fail("value is empty".into());
    }
    let mut draft = Draft {
        mount: plain(MountKind::Volume, ""),
        kind: "volume".into(),
        seen: Vec::new(),
        recursive: None,
    };
    draft.mount.short_syntax = false;
    for field in csv(word) {
        draft.field(&field)?;
    }
    draft.finish(word)
}

struct Draft {
    mount: Mount,
    kind: String,
    /// Which families of options were used, with the field that did.
    seen: Vec<(MountKind, String)>,
    recursive: Option<String>,
}

impl Draft {
    fn field(&mut self, field: &str) -> Result<(), Error> {
        let (key, value) = match field.split_once('=') {
            Some((key, value)) => (key.to_ascii_lowercase(), Some(value)),
            None => (field.to_ascii_lowercase(), None),
        };
        if let (None, "readonly" | "ro" | "volume-nocopy" | "bind-nonrecursive") =
            (value, key.as_str())
        {
            return self.set(&key, "true", field);
        }
        match value {
            Some(value) => self.set(&key, value, field),
            None => fail(format!("invalid field '{field}' must be a key=value pair")),
        }
    }

    fn set(&mut self, key: &str, value: &str, field: &str) -> Result<(), Error> {
        match key {
            "type" => self.kind = value.to_ascii_lowercase(),
            "source" | "src" => value.clone_into(&mut self.mount.source),
            "target" | "dst" | "destination" => value.clone_into(&mut self.mount.target),
            "readonly" | "ro" => self.mount.read_only = flag(key, value)?,
            "consistency" => {}
            _ if key.starts_with("bind-") => {
                self.seen.push((MountKind::Bind, field.to_owned()));
                self.bind_option(key, value)?;
            }
            _ if key.starts_with("tmpfs-") => {
                self.seen.push((MountKind::Tmpfs, field.to_owned()));
                self.tmpfs_option(key, value)?;
            }
            _ if key.starts_with("volume-") => {
                self.seen.push((MountKind::Volume, field.to_owned()));
                self.volume_option(key, value)?;
            }
            _ => return fail(format!("unexpected key '{key}' in '{field}'")),
        }
        Ok(())
    }

    fn bind_option(&mut self, key: &str, value: &str) -> Result<(), Error> {
        match key {
            "bind-propagation" => match value.to_ascii_lowercase().as_str() {
                known @ ("rprivate" | "private" | "rshared" | "shared" | "rslave" | "slave") => {
                    self.mount.propagation = Some(known.to_owned());
                }
                _ => return fail(format!("invalid propagation value: {value}")),
            },
            "bind-nonrecursive" => self.mount.non_recursive = flag(key, value)?,
            "bind-recursive" => match value {
                "enabled" => {}
                "disabled" => self.mount.non_recursive = true,
                "writable" => {
                    self.mount.recursive_read_only = Some(false);
                    self.recursive = Some(value.to_owned());
                }
                "readonly" => {
                    self.mount.recursive_read_only = Some(true);
                    self.recursive = Some(value.to_owned());
                }
                _ => {
                    return fail(format!(
                        "invalid value for {key}: {value} (must be \"enabled\", \"disabled\", \
                         \"writable\", or \"readonly\")"
                    ));
                }
            },
            "bind-create-src" | "bind-create-host-path" => {
                self.mount.create_source = flag(key, value)?;
            }
            _ => return fail(format!("unexpected key '{key}' in '{key}={value}'")),
        }
        Ok(())
    }

    fn tmpfs_option(&mut self, key: &str, value: &str) -> Result<(), Error> {
        match key {
            "tmpfs-size" => {
                let size = size::parse_bytes(value)
                    .map_err(|_| Error::MountField(format!("invalid value for {key}: {value}")))?;
                self.mount.tmpfs_size = Some(size);
            }
            "tmpfs-mode" => self.mount.tmpfs_mode = Some(octal(key, value)?),
            "tmpfs-options" => {
                let words = value
                    .split(',')
                    .filter(|o| !o.is_empty())
                    .map(str::to_owned);
                self.mount.options.extend(words);
            }
            _ => return fail(format!("unexpected key '{key}' in '{key}={value}'")),
        }
        Ok(())
    }

    fn volume_option(&mut self, key: &str, value: &str) -> Result<(), Error> {
        match key {
            "volume-nocopy" => {
                if flag(key, value)? {
                    self.mount.options.push("nocopy".into());
                }
            }
            "volume-subpath" | "volume-label" | "volume-driver" | "volume-opt" => {
                return fail(format!("not supported yet: {key}: comes with volumes"));
            }
            _ => return fail(format!("unexpected key '{key}' in '{key}={value}'")),
        }
        Ok(())
    }

    fn finish(mut self, word: &str) -> Result<Mount, Error> {
        self.mount.kind = match self.kind.as_str() {
            "bind" => MountKind::Bind,
            "tmpfs" => MountKind::Tmpfs,
            "volume" => MountKind::Volume,
            "image" | "npipe" | "cluster" => {
                return fail(format!("not supported yet: mount type {}", self.kind));
            }
            "" => return fail("type is required".into()),
            other => return fail(format!("invalid mount type {other:?}")),
        };
        if self.mount.target.is_empty() {
            return fail("target is required".into());
        }
        if let Some((family, field)) = self.seen.iter().find(|(k, _)| *k != self.mount.kind) {
            let family = match family {
                MountKind::Bind => "bind",
                MountKind::Tmpfs => "tmpfs",
                MountKind::Volume => "volume",
            };
            return fail(format!(
                "cannot mix '{family}-*' options with mount type '{}': '{field}'",
                self.kind
            ));
        }
        if let Some(value) = self.recursive.filter(|_| !self.mount.read_only) {
            return fail(format!(
                "option 'bind-recursive={value}' requires 'readonly'"
            ));
        }
        check_source(&self.mount)?;
        self.mount.target = checked_target(&self.mount.target, word)?;
        Ok(self.mount)
    }
}

fn check_source(mount: &Mount) -> Result<(), Error> {
    let config = "invalid mount config for type";
    match mount.kind {
        MountKind::Bind if mount.source.is_empty() => {
            fail(format!("{config} \"bind\": field Source must not be empty"))
        }
        MountKind::Bind if !mount.source.starts_with('/') => fail(format!(
            "{config} \"bind\": invalid mount path: '{}' mount path must be absolute",
            mount.source
        )),
        MountKind::Tmpfs if !mount.source.is_empty() => fail(format!(
            "{config} \"tmpfs\": field Source must not be specified"
        )),
        MountKind::Volume if !mount.source.is_empty() && !is_volume_name(&mount.source) => {
            Err(Error::VolumeName(mount.source.clone()))
        }
        _ => Ok(()),
    }
}

fn flag(key: &str, value: &str) -> Result<bool, Error> {
    number::boolean(value)
        .map_err(|_| Error::MountField(format!("invalid value for {key}: {value}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_read() {
        let m = mount("type=bind,source=/a,target=/b,readonly").unwrap();
        assert_eq!(
            (m.kind, m.source.as_str(), m.target.as_str()),
            (MountKind::Bind, "/a", "/b")
        );
        assert!(m.read_only && !m.create_source && !m.short_syntax);
        let m = mount("type=bind,src=/a,dst=/b,ro,bind-recursive=readonly,bind-propagation=rslave");
        let m = m.unwrap();
        assert_eq!(m.recursive_read_only, Some(true));
        assert_eq!(m.propagation.as_deref(), Some("rslave"));
        let m = mount("type=tmpfs,destination=/t,tmpfs-size=1m,tmpfs-mode=700").unwrap();
        assert_eq!((m.tmpfs_size, m.tmpfs_mode), (Some(1 << 20), Some(0o700)));
        let m = mount("target=/v").unwrap();
        assert_eq!((m.kind, m.source.as_str()), (MountKind::Volume, ""));
        let m = mount("type=bind,\"src=/a,b\",dst=/b").unwrap();
        assert_eq!(m.source, "/a,b");
    }

    #[test]
    fn wrong_mounts_are_refused_in_dockers_words() {
        let check = |word: &str, expected: &str| {
            assert_eq!(mount(word).unwrap_err().to_string(), expected, "{word}");
        };
        check("x", "invalid field 'x' must be a key=value pair");
        check("", "value is empty");
        check("type=bind,src=x", "target is required");
        check("type=bogus,target=/x", "invalid mount type \"bogus\"");
        check(
            "type=bind,bogus=1,target=/x",
            "unexpected key 'bogus' in 'bogus=1'",
        );
        check(
            "type=bind,target=/x",
            "invalid mount config for type \"bind\": field Source must not be empty",
        );
        check(
            "type=bind,src=a,target=/x",
            "invalid mount config for type \"bind\": invalid mount path: 'a' mount path must be \
             absolute",
        );
        check(
            "type=tmpfs,src=/a,target=/x",
            "invalid mount config for type \"tmpfs\": field Source must not be specified",
        );
        check(
            "type=tmpfs,target=/x,bind-propagation=shared",
            "cannot mix 'bind-*' options with mount type 'tmpfs': 'bind-propagation=shared'",
        );
        check(
            "type=bind,src=/a,dst=/b,bind-recursive=readonly",
            "option 'bind-recursive=readonly' requires 'readonly'",
        );
        check(
            "type=bind,src=/a,dst=/b,ro=maybe",
            "invalid value for ro: maybe",
        );
        check(
            "type=bind,src=/a,dst=b",
            "invalid mount path: 'b' mount path must be absolute",
        );
        check(
            "type=tmpfs,dst=/b,tmpfs-size=x",
            "invalid value for tmpfs-size: x",
        );
    }
}
