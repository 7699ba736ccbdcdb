//! Where a container's group is: the meaning of `linux.cgroupsPath`.
//!
//! Pure text; making groups is left to the others. Invariant: a location never points above or at
//! the root of a hierarchy, and never depends on the group hull itself runs in.

use super::error::Error;

/// The place of a container's group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// Below the root of every hierarchy; begins with `/`, has no empty or dotted component.
    Path(String),
    /// A scope, or a slice, that systemd makes.
    Unit {
        /// The slice it lies in, `system.slice`.
        slice: String,
        /// Full name of the unit, `hull-ID.scope`.
        unit: String,
    },
}

/// Where containers go that do not say.
const DEFAULT_PARENT: &str = "/hull";

impl Location {
    /// The location `cgroups_path` of a bundle names for container `id`.
    ///
    /// For the cgroupfs driver a relative path counts from the root of each hierarchy, as an
    /// absolute one does: the group hull is started in differs from hierarchy to hierarchy and may
    /// be a limited one. For systemd it is `slice:prefix:name`, as for runc.
    pub fn of(cgroups_path: &str, id: &str, systemd: bool) -> Result<Self, Error> {
        let refuse = |why| Error::Path {
            path: cgroups_path.to_owned(),
            why,
        };
        if cgroups_path.contains('\0') {
            return Err(refuse("it contains a zero byte"));
        }
        if systemd {
            return Self::unit(cgroups_path, id);
        }
        if cgroups_path.is_empty() {
            return Ok(Self::Path(format!("{DEFAULT_PARENT}/{id}")));
        }
        let mut parts: Vec<&str> = Vec::new();
        for part in cgroups_path.split('/') {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()),
                name => parts.push(name),
            }
        }
        if parts.is_empty() {
            return Err(refuse("it is the root of the hierarchies"));
        }
        Ok(Self::Path(format!("/{}", parts.join("/"))))
    }

    fn unit(text: &str, id: &str) -> Result<Self, Error> {
        let refuse = |why| Error::Path {
            path: text.to_owned(),
            why,
        };
        let (slice, prefix, name) = match text {
            "" => ("", "hull", id),
            _ => {
                let mut parts = text.split(':');
                match (parts.next(), parts.next(), parts.next(), parts.next()) {
                    (Some(slice), Some(prefix), Some(name), None) => (slice, prefix, name),
                    _ => return Err(refuse("systemd needs the form slice:prefix:name")),
                }
            }
        };
        let slice = if slice.is_empty() {
            "system.slice"
        } else {
            slice
        };
        if slice != "-.slice" && expand_slice(slice).is_none() {
            return Err(refuse("its first part is no name of a slice"));
        }
        if name.is_empty() || name.contains('/') || prefix.contains('/') {
            return Err(refuse("its last part is no name of a unit"));
        }
        let unit = match (name.ends_with(".slice"), prefix) {
            (true, _) => name.to_owned(),
            (false, "") => format!("{name}.scope"),
            (false, prefix) => format!("{prefix}-{name}.scope"),
        };
        Ok(Self::Unit {
            slice: slice.to_owned(),
            unit,
        })
    }

    /// The group's path below the root of each hierarchy.
    pub fn path(&self) -> String {
        match self {
            Self::Path(path) => path.clone(),
            Self::Unit { slice, unit } => {
                format!("{}/{unit}", expand_slice(slice).unwrap_or_default())
            }
        }
    }
}

/// The path of a slice: `a-b.slice` lies in `a.slice`. `None` when it is no slice's name.
pub fn expand_slice(slice: &str) -> Option<String> {
    let stem = slice.strip_suffix(".slice")?;
    if stem == "-" {
        return Some(String::new());
    }
    if stem.is_empty() || stem.contains('/') {
        return None;
    }
    let mut path = String::new();
    let mut name = String::new();
    for part in stem.split('-') {
        if part.is_empty() {
            return None;
        }
        name.push_str(part);
        path.push_str(&format!("/{name}.slice"));
        name.push('-');
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let check = |given: &str, expected: &str| {
            assert_eq!(Location::of(given, "web", false).unwrap().path(), expected);
        };
        check("", "/hull/web");
        check("/docker/abc", "/docker/abc");
        check("relative/abc", "/relative/abc");
        check("//a/./b//", "/a/b");
        check("/a/../../b", "/b");
        check("../../../etc", "/etc");
        for bad in ["/", ".", "a/..", "a\0b"] {
            assert!(Location::of(bad, "web", false).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn units() {
        let check = |given: &str, slice: &str, unit: &str, path: &str| {
            let got = Location::of(given, "web", true).unwrap();
            let expected = Location::Unit {
                slice: slice.to_owned(),
                unit: unit.to_owned(),
            };
            assert_eq!(got, expected);
            assert_eq!(got.path(), path);
        };
        check(
            "",
            "system.slice",
            "hull-web.scope",
            "/system.slice/hull-web.scope",
        );
        check(
            ":docker:abc",
            "system.slice",
            "docker-abc.scope",
            "/system.slice/docker-abc.scope",
        );
        check(
            "a-b.slice:p:n",
            "a-b.slice",
            "p-n.scope",
            "/a.slice/a-b.slice/p-n.scope",
        );
        check("-.slice::n", "-.slice", "n.scope", "/n.scope");
        check(
            "a.slice:p:a-x.slice",
            "a.slice",
            "a-x.slice",
            "/a.slice/a-x.slice",
        );
        for bad in [
            "/abc",
            "a:b",
            "a:b:c",
            "a--b.slice:p:n",
            "a.slice:p:",
            "a.slice:p:x/y",
            "::::",
        ] {
            assert!(Location::of(bad, "web", true).is_err(), "{bad:?}");
        }
    }
}
