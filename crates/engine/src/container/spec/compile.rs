//! The whole runtime spec, put together from its parts.

use hull_model::container::config::ContainerConfig;
use hull_model::container::namespace::UtsMode;
use hull_model::id::ContainerId;
use hull_oci::runtime_spec::{Hooks, Linux, Root, RootfsPropagation, Spec, VERSION};

use crate::container::spec::input::Input;
use crate::container::spec::security::Security;
use crate::container::spec::{
    capabilities, devices, masks, mounts, namespaces, process, resources, security, sysctl,
};
use crate::error::SpecError;

/// Computes the runtime spec.
pub fn compile(input: &Input<'_>) -> Result<Spec, SpecError> {
    let config = input.config;
    let security = security::parse(config)?;
    let mask = capabilities::mask(config, input.host)?;
    let private_uts = config.uts == UtsMode::Private;
    Ok(Spec {
        // Runtimes of the host may be older than what we write; all know this version.
        oci_version: config.runtime.as_ref().map_or(VERSION, |_| "1.0.2").into(),
        process: Some(process::process(input, &security, mask)?),
        root: Some(Root {
            path: input.rootfs.to_string_lossy().into_owned(),
            readonly: config.read_only,
        }),
        hostname: if private_uts {
            input.hostname.clone()
        } else {
            String::new()
        },
        domainname: config
            .domainname
            .clone()
            .filter(|_| private_uts)
            .unwrap_or_default(),
        mounts: mounts::mounts(input, &security),
        hooks: Some(input.cdi.hooks.clone()).filter(|hooks| *hooks != Hooks::default()),
        annotations: config.annotations.clone(),
        linux: Some(linux(input, &security, mask)?),
    })
}

fn linux(input: &Input<'_>, security: &Security, mask: u64) -> Result<Linux, SpecError> {
    let config = input.config;
    let open = config.privileged || security.unmasked;
    let masked = || {
        masks::MASKED
            .iter()
            .map(ToString::to_string)
            .chain(input.host.masks.clone())
    };
    let read_only = || masks::READ_ONLY.iter().map(ToString::to_string);
    let rules = devices::rules(input)?;
    Ok(Linux {
        sysctl: sysctl::sysctls(config)?,
        resources: Some(resources::resources(
            &config.resources,
            rules,
            &input.block_numbers,
        )?),
        cgroups_path: cgroup_path(config, input.id),
        namespaces: namespaces::namespaces(input),
        devices: devices::nodes(input),
        seccomp: security::seccomp(&security.seccomp, mask)?,
        masked_paths: if open { Vec::new() } else { masked().collect() },
        readonly_paths: if open {
            Vec::new()
        } else {
            read_only().collect()
        },
        rootfs_propagation: propagation(input),
        ..Linux::default()
    })
}

/// Where a container's groups are: below docker's parent if asked for, else below `/hull`.
pub fn cgroup_path(config: &ContainerConfig, id: &ContainerId) -> String {
    let parent = config.cgroup_parent.as_deref().unwrap_or("/hull");
    let parent = parent.trim_matches('/');
    format!("/{parent}/{id}")
}

/// A bind that propagates needs a root that lets it.
fn propagation(input: &Input<'_>) -> Option<RootfsPropagation> {
    let has = |words: [&str; 2]| {
        input
            .binds
            .iter()
            .any(|b| b.options.iter().any(|o| words.contains(&o.as_str())))
    };
    match () {
        () if has(["shared", "rshared"]) => Some(RootfsPropagation::Shared),
        () if has(["slave", "rslave"]) => Some(RootfsPropagation::RecursiveSlave),
        () => None,
    }
}
