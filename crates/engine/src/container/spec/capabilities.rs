//! Which capabilities a container gets: docker's fourteen, more, fewer, or all that are held.
//!
//! Leaves the table of names to `runtime::security`. Invariant: nothing is granted that this process
//! does not hold itself, except by an explicit name, which then fails clearly.

use hull_model::container::config::ContainerConfig;
use hull_oci::runtime_spec::Capabilities;
use hull_runtime::security::capabilities as table;

use crate::container::spec::input::HostFacts;
use crate::error::SpecError;

/// The mask of a container's capabilities.
pub fn mask(config: &ContainerConfig, host: &HostFacts) -> Result<u64, SpecError> {
    let capability = |source| SpecError::Capability { source };
    if config.privileged {
        return Ok(table::ALL & host.capabilities);
    }
    let mask = table::adjust_default(&config.cap_add, &config.cap_drop).map_err(capability)?;
    for name in &config.cap_add {
        let missing = table::parse(name).is_some_and(|one| one & host.capabilities == 0);
        if missing {
            let name = name.to_ascii_uppercase();
            return Err(SpecError::invalid(format!(
                "cannot add capability {name}: hull does not hold it on this host"
            )));
        }
    }
    Ok(mask & host.capabilities)
}

/// The five sets: a program that is not root's gets only the bounding set, as after execve.
pub fn sets(mask: u64, uid: u32) -> Capabilities {
    let names: Vec<String> = table::names(mask).into_iter().map(Into::into).collect();
    let root = uid == 0;
    let own = if root { names.clone() } else { Vec::new() };
    Capabilities {
        bounding: names,
        effective: own.clone(),
        permitted: own,
        inheritable: Vec::new(),
        ambient: Vec::new(),
    }
}
