//! Which namespaces are made, and which are joined.

use hull_model::container::config::ContainerConfig;
use hull_model::container::namespace::{CgroupnsMode, IpcMode, NetworkMode, PidMode, UtsMode};
use hull_oci::runtime_spec::{Namespace, NamespaceType};

use crate::container::spec::input::{HostFacts, Input};

/// The namespaces of a container; one that is left out is the host's.
pub fn namespaces(input: &Input<'_>) -> Vec<Namespace> {
    let config = input.config;
    let joins = &input.joins;
    let mut list = vec![own(NamespaceType::Mount)];
    match &config.network {
        NetworkMode::Host => {}
        NetworkMode::Container(_) => list.extend(join(NamespaceType::Network, &joins.network)),
        _ => list.push(own(NamespaceType::Network)),
    }
    if config.uts == UtsMode::Private {
        list.push(own(NamespaceType::Uts));
    }
    match &config.pid {
        PidMode::Private => list.push(own(NamespaceType::Pid)),
        PidMode::Host => {}
        PidMode::Container(_) => list.extend(join(NamespaceType::Pid, &joins.pid)),
    }
    match &config.ipc {
        IpcMode::Host => {}
        IpcMode::Container(_) => list.extend(join(NamespaceType::Ipc, &joins.ipc)),
        _ => list.push(own(NamespaceType::Ipc)),
    }
    if private_cgroup(config, input.host) {
        list.push(own(NamespaceType::Cgroup));
    }
    list
}

/// Docker's default: private on v2, except for privileged containers; the host's on v1.
pub fn private_cgroup(config: &ContainerConfig, host: &HostFacts) -> bool {
    match config.cgroupns {
        CgroupnsMode::Private => true,
        CgroupnsMode::Host => false,
        CgroupnsMode::Default => host.cgroup_v2 && !config.privileged,
    }
}

fn own(kind: NamespaceType) -> Namespace {
    Namespace {
        kind,
        path: String::new(),
    }
}

fn join(kind: NamespaceType, path: &Option<String>) -> Option<Namespace> {
    path.clone().map(|path| Namespace { kind, path })
}
