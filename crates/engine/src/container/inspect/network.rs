//! `NetworkSettings`: until bridges exist, a container has no address.

use hull_model::container::namespace::NetworkMode;
use serde_json::{Map, Value, json};

use crate::container::inspect::subject::Subject;
use crate::container::view::network_name;
use crate::error::Error;

/// Docker's `NetworkSettings`.
pub(super) fn network(subject: &Subject<'_>) -> Result<Value, Error> {
    let config = subject.row.config.get()?;
    let mut networks = Map::new();
    if !matches!(config.network, NetworkMode::Container(_)) {
        networks.insert(network_name(&config.network), endpoint());
    }
    Ok(json!({
        "Bridge": "",
        "SandboxID": "",
        "SandboxKey": "",
        "Ports": {},
        "HairpinMode": false,
        "LinkLocalIPv6Address": "",
        "LinkLocalIPv6PrefixLen": 0,
        "SecondaryIPAddresses": null,
        "SecondaryIPv6Addresses": null,
        "EndpointID": "",
        "Gateway": "",
        "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0,
        "IPAddress": "",
        "IPPrefixLen": 0,
        "IPv6Gateway": "",
        "MacAddress": "",
        "Networks": networks,
    }))
}

fn endpoint() -> Value {
    json!({
        "IPAMConfig": null,
        "Links": null,
        "Aliases": null,
        "MacAddress": "",
        "DriverOpts": null,
        "GwPriority": 0,
        "NetworkID": "",
        "EndpointID": "",
        "Gateway": "",
        "IPAddress": "",
        "IPPrefixLen": 0,
        "IPv6Gateway": "",
        "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0,
        "DNSNames": null,
    })
}
