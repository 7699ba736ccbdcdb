//! Which cgroup hierarchies this host has and where they are mounted.
//!
//! Found once at start and passed down. Invariant: nothing else looks at the mount table, and the
//! usual places cost a dozen cheap calls instead of reading it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use hull_sys::cgroupfs::{FsKind, kind};

use super::error::Error;

/// Where cgroups are mounted by convention.
const BASE: &str = "/sys/fs/cgroup";

/// The host's cgroup set-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CgroupMode {
    /// Only version 1 hierarchies (or, with none at all, no cgroups).
    V1 {
        /// One per mount.
        hierarchies: Vec<Hierarchy>,
    },
    /// Version 1 for the limits and a version 2 tree beside it.
    Hybrid {
        /// One per mount.
        hierarchies: Vec<Hierarchy>,
        /// Mount point of version 2.
        unified: PathBuf,
    },
    /// Version 2 alone.
    V2 {
        /// Mount point.
        unified: PathBuf,
    },
}

/// A mounted version 1 hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hierarchy {
    /// Its controllers, or `name=…` of one without.
    pub controllers: Vec<String>,
    /// Mount point.
    pub mount: PathBuf,
}

impl Hierarchy {
    /// Whether `controller` is part of this hierarchy.
    pub fn has(&self, controller: &str) -> bool {
        self.controllers.iter().any(|own| own == controller)
    }
}

impl CgroupMode {
    /// Looks at the usual places, and at the mount table when they do not hold what
    /// `/proc/self/cgroup` announces.
    pub fn detect() -> Result<Self, Error> {
        if matches!(kind(Path::new(BASE)), Ok(FsKind::CgroupV2)) {
            return Ok(Self::V2 {
                unified: PathBuf::from(BASE),
            });
        }
        let announced = fs::read_to_string("/proc/self/cgroup").map_err(Error::Mounts)?;
        if let Some(mode) = usual(&announced, Path::new(BASE)) {
            return Ok(mode);
        }
        let table = fs::read_to_string("/proc/self/mountinfo").map_err(Error::Mounts)?;
        Ok(from_table(&table))
    }

    /// The version 1 hierarchies.
    pub fn hierarchies(&self) -> &[Hierarchy] {
        match self {
            Self::V1 { hierarchies } | Self::Hybrid { hierarchies, .. } => hierarchies,
            Self::V2 { .. } => &[],
        }
    }

    /// Mount point of the version 2 tree.
    pub fn unified(&self) -> Option<&Path> {
        match self {
            Self::V1 { .. } => None,
            Self::Hybrid { unified, .. } | Self::V2 { unified } => Some(unified),
        }
    }

    /// Whether limits are set through version 2.
    pub fn is_v2(&self) -> bool {
        matches!(self, Self::V2 { .. })
    }

    /// The version 1 hierarchy of `controller`.
    pub fn hierarchy_of(&self, controller: &str) -> Option<&Hierarchy> {
        self.hierarchies().iter().find(|one| one.has(controller))
    }

    fn from_parts(hierarchies: Vec<Hierarchy>, unified: Option<PathBuf>) -> Self {
        match unified {
            None => Self::V1 { hierarchies },
            Some(unified) if hierarchies.is_empty() => Self::V2 { unified },
            Some(unified) => Self::Hybrid {
                hierarchies,
                unified,
            },
        }
    }
}

/// The mode, if every hierarchy `announced` in the form of `/proc/self/cgroup` that could be
/// mounted below `base` is there; `None` sends the caller to the mount table.
fn usual(announced: &str, base: &Path) -> Option<CgroupMode> {
    let mut hierarchies = Vec::new();
    let mut unified = None;
    for line in announced.lines() {
        let controllers = line.split(':').nth(1)?;
        if controllers.is_empty() {
            let mount = base.join("unified");
            match kind(&mount) {
                Ok(FsKind::CgroupV2) => unified = Some(mount),
                // A pure version 1 host never mounts it, though the kernel announces it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                _ => return None,
            }
            continue;
        }
        let mount = base.join(controllers.strip_prefix("name=").unwrap_or(controllers));
        if !matches!(kind(&mount), Ok(FsKind::CgroupV1)) {
            return None;
        }
        let controllers = controllers.split(',').map(str::to_owned).collect();
        hierarchies.push(Hierarchy { controllers, mount });
    }
    (!hierarchies.is_empty()).then(|| CgroupMode::from_parts(hierarchies, unified))
}

/// Options of a cgroup mount that are not names of controllers.
const NOT_CONTROLLERS: [&str; 7] = [
    "rw",
    "ro",
    "xattr",
    "noprefix",
    "clone_children",
    "release_agent",
    "cpuset_v2_mode",
];

/// The mode as a mount table in the form of `/proc/self/mountinfo` tells it; of several mounts of
/// one hierarchy the first that shows its root counts.
fn from_table(table: &str) -> CgroupMode {
    let mut hierarchies: Vec<Hierarchy> = Vec::new();
    let mut unified = None;
    for line in table.lines() {
        let Some((left, right)) = line.split_once(" - ") else {
            continue;
        };
        let mount = left.split(' ').nth(4).map(unescape);
        let mut right = right.split(' ');
        let (Some(mount), Some(fs_type)) = (mount, right.next()) else {
            continue;
        };
        if fs_type == "cgroup2" && unified.is_none() {
            unified = Some(mount);
        } else if fs_type == "cgroup" {
            let options = right.nth(1).unwrap_or_default();
            let is_controller =
                |name: &&str| !NOT_CONTROLLERS.contains(&name.split('=').next().unwrap_or(name));
            let controllers: Vec<String> = options
                .split(',')
                .filter(is_controller)
                .map(str::to_owned)
                .collect();
            if !hierarchies
                .iter()
                .any(|known| known.controllers == controllers)
            {
                hierarchies.push(Hierarchy { controllers, mount });
            }
        }
    }
    CgroupMode::from_parts(hierarchies, unified)
}

/// A path of the mount table with its `\040` and the like undone.
fn unescape(field: &str) -> PathBuf {
    let mut out = String::new();
    let mut rest = field;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        match after
            .get(..3)
            .and_then(|octal| u8::from_str_radix(octal, 8).ok())
        {
            Some(byte) => {
                out.push(char::from(byte));
                rest = after.get(3..).unwrap_or_default();
            }
            None => {
                out.push('\\');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    PathBuf::from(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
30 23 0:26 / /sys/fs/cgroup ro,nosuid shared:9 - tmpfs tmpfs ro,mode=755
31 30 0:27 / /sys/fs/cgroup/unified rw shared:10 - cgroup2 cgroup2 rw,nsdelegate
32 30 0:28 / /sys/fs/cgroup/systemd rw shared:11 - cgroup cgroup rw,xattr,name=systemd
36 30 0:32 / /sys/fs/cgroup/cpu,cpuacct rw shared:16 - cgroup cgroup rw,cpu,cpuacct
37 30 0:33 / /mnt/a\\040b rw shared:17 - cgroup cgroup rw,pids
38 30 0:33 / /mnt/again rw shared:17 - cgroup cgroup rw,pids
";

    #[test]
    fn a_hybrid_mount_table() {
        let mode = from_table(TABLE);
        assert_eq!(mode.unified(), Some(Path::new("/sys/fs/cgroup/unified")));
        assert!(!mode.is_v2());
        assert_eq!(mode.hierarchies().len(), 3);
        let cpu = mode.hierarchy_of("cpuacct").unwrap();
        assert_eq!(cpu.mount, Path::new("/sys/fs/cgroup/cpu,cpuacct"));
        assert_eq!(
            mode.hierarchy_of("pids").unwrap().mount,
            Path::new("/mnt/a b")
        );
        assert!(mode.hierarchy_of("name=systemd").is_some());
    }

    #[test]
    fn pure_tables() {
        let only = |pick: &str| {
            let lines: Vec<&str> = TABLE.lines().filter(|l| l.contains(pick)).collect();
            from_table(&lines.join("\n"))
        };
        assert!(matches!(only("cgroup2"), CgroupMode::V2 { .. }));
        assert!(matches!(only(",pids"), CgroupMode::V1 { .. }));
        assert_eq!(
            only("no such line"),
            CgroupMode::V1 {
                hierarchies: Vec::new()
            }
        );
    }

    #[test]
    fn unusual_places_send_to_the_table() {
        assert_eq!(usual("3:cpu:/\n0::/\n", Path::new("/nonexistent")), None);
        assert_eq!(usual("", Path::new(BASE)), None);
        assert_eq!(usual("garbage", Path::new(BASE)), None);
    }

    #[test]
    fn this_host_has_a_mode_and_both_ways_agree() {
        let fast = CgroupMode::detect().unwrap();
        let slow = from_table(&fs::read_to_string("/proc/self/mountinfo").unwrap());
        assert_eq!(fast.unified(), slow.unified());
        for one in fast.hierarchies() {
            assert!(slow.hierarchies().contains(one), "{one:?} not in {slow:?}");
        }
    }
}
