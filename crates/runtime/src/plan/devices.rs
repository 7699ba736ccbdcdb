//! The steps that fill /dev.
//!
//! Invariant: every container has the six devices and the links the specification promises, whatever
//! the configuration adds.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::path::{Path, PathBuf};

use hull_oci::runtime_spec::{Device, Linux};
use hull_sys::beneath::Missing;
use hull_sys::device::{Kind, Node};
use hull_sys::mount;

use super::mounts::{From, Mount};
use super::options::Options;
use super::step::Step;
use super::{invalid, text};
use crate::{Error, Result};

/// Devices every container has.
const DEVICES: &[(&str, u32, u32)] = &[
    ("null", 1, 3),
    ("zero", 1, 5),
    ("full", 1, 7),
    ("random", 1, 8),
    ("urandom", 1, 9),
    ("tty", 5, 0),
];

/// Links every container has in /dev.
const LINKS: &[(&str, &str)] = &[
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("core", "/proc/kcore"),
    ("ptmx", "pts/ptmx"),
];

const FIELD: &str = "linux.devices";

/// Steps that fill /dev; with `foreign`, nodes can't be made and the host's are bound instead.
pub(super) fn fill(linux: &Linux, foreign: bool) -> Result<Vec<Step>> {
    let mut nodes: BTreeMap<PathBuf, Vec<(CString, Node)>> = BTreeMap::new();
    let mut bound = Vec::new();
    let defaults: Vec<Device> = DEVICES.iter().map(default_device).collect();
    let asked = |one: &&Device| !linux.devices.iter().any(|device| device.path == one.path);
    for device in defaults.iter().filter(asked).chain(&linux.devices) {
        let (dir, name, node) = node(device)?;
        if foreign && node.kind != Kind::Pipe {
            bound.push(bind(device)?);
        } else {
            nodes.entry(dir).or_default().push((name, node));
        }
    }
    nodes.entry(PathBuf::from("/dev")).or_default();
    let mut steps = bound;
    for (dir, nodes) in nodes {
        let links = if dir == Path::new("/dev") {
            links()?
        } else {
            Vec::new()
        };
        let dir = text::of_path(FIELD, &dir)?;
        steps.push(Step::Fill { dir, nodes, links });
    }
    Ok(steps)
}

fn links() -> Result<Vec<(CString, CString)>> {
    let one =
        |(name, target): &(&str, &str)| Ok((text::of(FIELD, *name)?, text::of(FIELD, *target)?));
    LINKS.iter().map(one).collect()
}

fn default_device((name, major, minor): &(&str, u32, u32)) -> Device {
    Device {
        kind: "c".to_owned(),
        path: format!("/dev/{name}"),
        major: i64::from(*major),
        minor: i64::from(*minor),
        ..Device::default()
    }
}

/// Directory, name and nature of a device.
fn node(device: &Device) -> Result<(PathBuf, CString, Node)> {
    let bad = |why: &str| invalid(FIELD, format!("{}: {why}", device.path));
    let path = Path::new(&device.path);
    let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(bad("it is no path of a file"));
    };
    if !path.is_absolute() {
        return Err(bad("it is not an absolute path"));
    }
    let kind = match device.kind.as_str() {
        "c" | "u" => Kind::Character,
        "b" => Kind::Block,
        "p" => Kind::Pipe,
        _ => return Err(bad("its type is none of c, b, u and p")),
    };
    let number = |value| u32::try_from(value).map_err(|_| bad("its number is out of range"));
    let (major, minor) = match kind {
        Kind::Pipe => (0, 0),
        _ => (number(device.major)?, number(device.minor)?),
    };
    let node = Node {
        kind,
        major,
        minor,
        mode: device.file_mode.unwrap_or(0o666),
        uid: device.uid.unwrap_or(0),
        gid: device.gid.unwrap_or(0),
    };
    Ok((dir.to_owned(), text::of_path(FIELD, Path::new(name))?, node))
}

/// The host's node of the same name, bound.
fn bind(device: &Device) -> Result<Step> {
    let path = text::of(FIELD, device.path.as_str())?;
    let tree = mount::copy(&path, false).map_err(|source| Error::OpenSource {
        path: PathBuf::from(&device.path),
        destination: device.path.clone(),
        source,
    })?;
    Ok(Step::Mount(Mount {
        place: path,
        from: From::Tree(tree),
        missing: Missing::File,
        options: Options::default(),
        flags: 0,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linux(kind: &str, path: &str, major: i64) -> Linux {
        Linux {
            devices: vec![Device {
                kind: kind.to_owned(),
                path: path.to_owned(),
                major,
                ..Device::default()
            }],
            ..Linux::default()
        }
    }

    #[test]
    fn the_default_devices_are_always_there() {
        let steps = fill(&linux("c", "/dev/null", 1), false).unwrap();
        let [Step::Fill { nodes, links, .. }] = &steps[..] else {
            panic!("{steps:?}")
        };
        assert_eq!((nodes.len(), links.len()), (6, 6));
        let steps = fill(&linux("b", "/mnt/x/disk", 8), false).unwrap();
        assert_eq!(steps.len(), 2);
    }

    #[test]
    fn bad_devices_are_named() {
        for (kind, path, major) in [
            ("x", "/dev/a", 1),
            ("c", "dev/a", 1),
            ("c", "/", 1),
            ("c", "/dev/a", -1),
        ] {
            let error = fill(&linux(kind, path, major), false)
                .unwrap_err()
                .to_string();
            assert!(error.contains("linux.devices"), "{error}");
        }
    }
}
