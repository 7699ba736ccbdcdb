//! Which namespaces are made, which are joined, and what is set up in them before any file is.

use std::ffi::CString;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};

use hull_oci::runtime_spec::{IdMapping, Linux, NamespaceType, Spec};
use hull_sys::namespace;

use super::{has, invalid, makes, text};
use crate::{Error, Result};

/// An existing namespace to enter.
#[derive(Debug)]
pub(crate) struct Enter {
    pub(crate) path: CString,
    pub(crate) kind: u64,
    pub(crate) namespace: OwnedFd,
}

/// The namespaces of a container.
#[derive(Debug, Default)]
pub(crate) struct Namespaces {
    /// Those made, as flags of clone; the cgroup namespace apart.
    pub(crate) made: u64,
    /// Whether a cgroup namespace is made, once the groups were joined.
    pub(crate) cgroup: bool,
    /// Entered by the parent for its child: pid and time.
    pub(crate) outer: Vec<Enter>,
    /// The user namespace entered before all others.
    pub(crate) user: Option<Enter>,
    /// Entered by the child, the mount namespace last.
    pub(crate) inner: Vec<Enter>,
    /// Offsets of a new time namespace, as the kernel reads them.
    pub(crate) clocks: Option<String>,
    /// Maps of a new user namespace.
    pub(crate) maps: Option<Maps>,
    /// Whether the child waits until its parent has moved it into its cgroups.
    pub(crate) waits: bool,
    /// Whether the loopback interface is brought up.
    pub(crate) loopback: bool,
    pub(crate) host_name: Vec<u8>,
    pub(crate) domain_name: Vec<u8>,
    /// Paths and values of kernel parameters.
    pub(crate) parameters: Vec<(CString, CString)>,
}

/// Id maps of a user namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Maps {
    pub(crate) uids: Vec<IdMapping>,
    pub(crate) gids: Vec<IdMapping>,
}

/// Flag of a kind.
pub(crate) fn flag(kind: NamespaceType) -> u64 {
    match kind {
        NamespaceType::Pid => namespace::PID,
        NamespaceType::Network => namespace::NETWORK,
        NamespaceType::Mount => namespace::MOUNT,
        NamespaceType::Ipc => namespace::IPC,
        NamespaceType::Uts => namespace::UTS,
        NamespaceType::User => namespace::USER,
        NamespaceType::Cgroup => namespace::CGROUP,
        NamespaceType::Time => namespace::TIME,
    }
}

impl Namespaces {
    /// Sorts the namespaces of `spec` and opens those to be joined.
    pub(crate) fn plan(spec: &Spec, linux: &Linux) -> Result<Self> {
        let mut plan = Self {
            loopback: makes(linux, NamespaceType::Network),
            host_name: spec.hostname.clone().into_bytes(),
            domain_name: spec.domainname.clone().into_bytes(),
            ..Self::default()
        };
        for one in &linux.namespaces {
            let kind = flag(one.kind);
            if !one.path.is_empty() {
                plan.add(open(&one.path, one.kind)?, one.kind);
            } else if one.kind == NamespaceType::Cgroup {
                plan.cgroup = true;
            } else {
                plan.made |= kind;
            }
        }
        plan.inner.sort_by_key(|one| one.kind == namespace::MOUNT);
        if plan.made & namespace::USER != 0 {
            plan.maps = Some(Maps {
                uids: linux.uid_mappings.clone(),
                gids: linux.gid_mappings.clone(),
            });
        }
        plan.clocks = clocks(linux)?;
        plan.parameters = parameters(linux)?;
        Ok(plan)
    }

    fn add(&mut self, enter: Enter, kind: NamespaceType) {
        match kind {
            NamespaceType::Pid | NamespaceType::Time => self.outer.push(enter),
            NamespaceType::User => self.user = Some(enter),
            _ => self.inner.push(enter),
        }
    }
}

fn open(path: &str, kind: NamespaceType) -> Result<Enter> {
    let wanted = flag(kind);
    let failed = |source| Error::OpenNamespace {
        path: path.into(),
        source,
    };
    let namespace: OwnedFd = File::open(path).map_err(failed)?.into();
    let found = namespace::kind(namespace.as_fd()).map_err(failed)?;
    if found != wanted {
        return Err(invalid(
            "linux.namespaces",
            format!("{path} is not a namespace of the stated type"),
        ));
    }
    Ok(Enter {
        path: text::of("linux.namespaces.path", path)?,
        kind: wanted,
        namespace,
    })
}

/// Lines for `/proc/self/timens_offsets`.
fn clocks(linux: &Linux) -> Result<Option<String>> {
    if linux.time_offsets.is_empty() {
        return Ok(None);
    }
    if !makes(linux, NamespaceType::Time) {
        return Err(invalid(
            "linux.timeOffsets",
            "offsets need a new time namespace",
        ));
    }
    let mut lines = String::new();
    for (clock, offset) in &linux.time_offsets {
        if !matches!(clock.as_str(), "monotonic" | "boottime") {
            return Err(invalid(
                "linux.timeOffsets",
                format!("no such clock: {clock}"),
            ));
        }
        lines.push_str(&format!("{clock} {} {}\n", offset.secs, offset.nanosecs));
    }
    Ok(Some(lines))
}

/// Kernel parameters: only those that belong to a namespace the container has to itself.
fn parameters(linux: &Linux) -> Result<Vec<(CString, CString)>> {
    let mut list = Vec::new();
    for (name, value) in &linux.sysctl {
        let dotted = name.replace('/', ".");
        if dotted.contains("..") || dotted.starts_with('.') {
            return Err(invalid(
                "linux.sysctl",
                format!("no such parameter: {name}"),
            ));
        }
        let (needs, what) = if dotted.starts_with("net.") {
            (NamespaceType::Network, "network")
        } else if is_ipc(&dotted) {
            (NamespaceType::Ipc, "ipc")
        } else if matches!(dotted.as_str(), "kernel.domainname" | "kernel.hostname") {
            (NamespaceType::Uts, "uts")
        } else {
            return Err(invalid(
                "linux.sysctl",
                format!("{name} is not a parameter of a namespace"),
            ));
        };
        if !has(linux, needs) {
            return Err(invalid(
                "linux.sysctl",
                format!("{name} needs a {what} namespace of the container's own"),
            ));
        }
        // A name may be given with dots or slashes; with slashes, dots belong to the name (an
        // interface `eth0.1`), as in sysctl(8).
        let slashes = name.find('/').is_some_and(|at| !name[..at].contains('.'));
        let path = if slashes {
            name.clone()
        } else {
            name.chars().map(swap).collect()
        };
        list.push((
            text::of("linux.sysctl", format!("/proc/sys/{path}"))?,
            text::of("linux.sysctl", value.as_str())?,
        ));
    }
    Ok(list)
}

fn swap(letter: char) -> char {
    match letter {
        '.' => '/',
        '/' => '.',
        other => other,
    }
}

fn is_ipc(name: &str) -> bool {
    const IPC: &[&str] = &[
        "kernel.msgmax",
        "kernel.msgmnb",
        "kernel.msgmni",
        "kernel.sem",
        "kernel.shmall",
        "kernel.shmmax",
        "kernel.shmmni",
        "kernel.shm_rmid_forced",
        "kernel.msg_next_id",
        "kernel.sem_next_id",
        "kernel.shm_next_id",
        "kernel.auto_msgmni",
    ];
    IPC.contains(&name) || name.starts_with("fs.mqueue.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use hull_oci::runtime_spec::Namespace;

    fn linux(kinds: &[NamespaceType], sysctl: &[(&str, &str)]) -> Linux {
        Linux {
            namespaces: kinds
                .iter()
                .map(|kind| Namespace {
                    kind: *kind,
                    path: String::new(),
                })
                .collect(),
            sysctl: sysctl
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..Linux::default()
        }
    }

    #[test]
    fn parameters_need_their_namespace() {
        let net = [NamespaceType::Network];
        let check = |kinds: &[NamespaceType], name: &str| {
            parameters(&linux(kinds, &[(name, "1")]))
                .map(|list| list[0].0.to_str().unwrap().to_owned())
                .map_err(|error| error.to_string())
        };
        assert_eq!(
            check(&net, "net.ipv4.ip_forward").unwrap(),
            "/proc/sys/net/ipv4/ip_forward"
        );
        assert_eq!(
            check(&net, "net/ipv4/conf/eth0.1/forwarding").unwrap(),
            "/proc/sys/net/ipv4/conf/eth0.1/forwarding"
        );
        assert_eq!(
            check(&net, "net.ipv4.conf.eth0/1.forwarding").unwrap(),
            "/proc/sys/net/ipv4/conf/eth0.1/forwarding"
        );
        assert!(
            check(&[], "net.ipv4.ip_forward")
                .unwrap_err()
                .contains("network")
        );
        assert!(
            check(&net, "vm.swappiness")
                .unwrap_err()
                .contains("not a parameter")
        );
        assert!(check(&net, "net...etc").is_err());
        assert!(check(&[NamespaceType::Ipc], "fs.mqueue.msg_max").is_ok());
    }

    #[test]
    fn a_wrong_kind_of_file_is_refused() {
        let error = open("/proc/self/ns/uts", NamespaceType::Ipc).unwrap_err();
        assert!(error.to_string().contains("/proc/self/ns/uts"), "{error}");
        assert!(open("/etc/passwd", NamespaceType::Ipc).is_err());
        assert!(open("/nonexistent", NamespaceType::Ipc).is_err());
    }
}
