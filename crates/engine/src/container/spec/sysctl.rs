//! Kernel parameters: those of namespaces the container has of its own, and no others.

use std::collections::BTreeMap;

use hull_model::container::config::ContainerConfig;
use hull_model::container::namespace::{IpcMode, NetworkMode, UtsMode};

use crate::error::SpecError;

const IPC: &[&str] = &[
    "kernel.msgmax",
    "kernel.msgmnb",
    "kernel.msgmni",
    "kernel.sem",
    "kernel.shmall",
    "kernel.shmmax",
    "kernel.shmmni",
    "kernel.shm_rmid_forced",
];

/// The user's parameters, checked, and docker's own two: any program may ping, and may listen below
/// port 1024.
pub fn sysctls(config: &ContainerConfig) -> Result<BTreeMap<String, String>, SpecError> {
    let mut all = BTreeMap::new();
    if private_network(config) {
        all.insert(
            "net.ipv4.ip_unprivileged_port_start".to_owned(),
            "0".to_owned(),
        );
        all.insert(
            "net.ipv4.ping_group_range".to_owned(),
            "0 2147483647".to_owned(),
        );
    }
    for (name, value) in &config.sysctls {
        let name = normal(name);
        if let Some(why) = refused(&name, config) {
            return Err(SpecError::Sysctl { name, why });
        }
        all.insert(name, value.clone());
    }
    Ok(all)
}

fn private_network(config: &ContainerConfig) -> bool {
    !matches!(
        config.network,
        NetworkMode::Host | NetworkMode::Container(_)
    )
}

/// As sysctl(8): whichever of `.` and `/` comes first is the separator.
fn normal(name: &str) -> String {
    match name.find(['.', '/']) {
        Some(at) if name.get(at..=at) == Some("/") => name
            .chars()
            .map(|c| match c {
                '/' => '.',
                '.' => '/',
                other => other,
            })
            .collect(),
        _ => name.to_owned(),
    }
}

fn refused(name: &str, config: &ContainerConfig) -> Option<&'static str> {
    let own_ipc = !matches!(config.ipc, IpcMode::Host | IpcMode::Container(_));
    if IPC.contains(&name) || name.starts_with("fs.mqueue.") {
        return (!own_ipc).then_some(" in host ipc namespace");
    }
    if name.starts_with("net.") {
        return (!private_network(config)).then_some(" in host network namespace");
    }
    match name {
        "kernel.domainname" if config.uts == UtsMode::Private => None,
        "kernel.domainname" => Some(" in host uts namespace"),
        "kernel.hostname" => Some("; use --hostname"),
        _ => Some(": it is not in a separate kernel namespace"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, config: ContainerConfig, expected: Option<&str>) {
        let mut config = config;
        config.sysctls.insert(name.into(), "1".into());
        let error = sysctls(&config).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), expected, "{name}");
    }

    #[test]
    fn only_parameters_of_own_namespaces_are_set() {
        let plain = ContainerConfig::default;
        let host_net = || ContainerConfig {
            network: NetworkMode::Host,
            ..plain()
        };
        let host_ipc = || ContainerConfig {
            ipc: IpcMode::Host,
            ..plain()
        };
        check("net.core.somaxconn", plain(), None);
        check("net/ipv4/conf/eth0.1/forwarding", plain(), None);
        check("kernel.shmmax", plain(), None);
        check("fs.mqueue.msg_max", plain(), None);
        check(
            "net.core.somaxconn",
            host_net(),
            Some("sysctl \"net.core.somaxconn\" is not allowed in host network namespace"),
        );
        check(
            "kernel.shmmax",
            host_ipc(),
            Some("sysctl \"kernel.shmmax\" is not allowed in host ipc namespace"),
        );
        check(
            "vm.swappiness",
            plain(),
            Some(
                "sysctl \"vm.swappiness\" is not allowed: it is not in a separate kernel namespace",
            ),
        );
    }
}
