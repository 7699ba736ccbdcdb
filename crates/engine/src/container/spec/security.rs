//! `--security-opt`: seccomp, AppArmor, labels, no-new-privileges, masks.
//!
//! Leaves the default seccomp profile's table to `runtime::security`. Invariant: an option nobody
//! knows, or that this host cannot honour, is an error and never ignored.

use hull_model::container::config::ContainerConfig;
use hull_oci::runtime_spec::Seccomp;
use hull_runtime::security::profile::{Context, default_profile};

use crate::container::spec::input::HostFacts;
use crate::error::SpecError;

/// Which system call filter.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum SeccompWish {
    /// Docker's default profile.
    #[default]
    Default,
    /// None.
    Unconfined,
    /// The user's, as JSON.
    Profile(String),
}

/// What `--security-opt` said.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Security {
    /// System call filter.
    pub seccomp: SeccompWish,
    /// AppArmor profile, `unconfined`, or nothing said.
    pub apparmor: Option<String>,
    /// SELinux label parts; without SELinux they have no effect.
    pub labels: Vec<String>,
    /// The program may not gain rights by execve.
    pub no_new_privileges: bool,
    /// /proc and /sys without masks.
    pub unmasked: bool,
    /// /sys/fs/cgroup may be written.
    pub writable_cgroups: bool,
}

/// Reads the options.
pub fn parse(config: &ContainerConfig) -> Result<Security, SpecError> {
    let mut security = Security::default();
    for option in &config.security_opt {
        let unknown = || SpecError::SecurityOption {
            option: option.clone(),
        };
        let (key, value) = split(option).unwrap_or((option, ""));
        match (key, value) {
            ("no-new-privileges", "" | "true") => security.no_new_privileges = true,
            ("no-new-privileges", "false") => security.no_new_privileges = false,
            ("writable-cgroups", "" | "true") => security.writable_cgroups = true,
            ("writable-cgroups", "false") => security.writable_cgroups = false,
            ("systempaths", "unconfined") => security.unmasked = true,
            ("label", value) if !value.is_empty() => security.labels.push(value.to_owned()),
            ("apparmor", value) if !value.is_empty() => {
                security.apparmor = Some(value.to_owned());
            }
            ("seccomp", "unconfined") => security.seccomp = SeccompWish::Unconfined,
            ("seccomp", "builtin" | "default") => security.seccomp = SeccompWish::Default,
            ("seccomp", value) if value.trim_start().starts_with('{') => {
                security.seccomp = SeccompWish::Profile(value.to_owned());
            }
            _ => return Err(unknown()),
        }
    }
    if config.privileged
        && config
            .security_opt
            .iter()
            .all(|o| !o.starts_with("seccomp"))
    {
        security.seccomp = SeccompWish::Unconfined;
    }
    Ok(security)
}

/// `key=value`, or the old `key:value`.
fn split(option: &str) -> Option<(&str, &str)> {
    option.split_once('=').or_else(|| option.split_once(':'))
}

/// The filter as a runtime spec has it, for a container with the bounding set `capabilities`.
pub fn seccomp(wish: &SeccompWish, capabilities: u64) -> Result<Option<Seccomp>, SpecError> {
    let context = Context::native(capabilities);
    match wish {
        SeccompWish::Unconfined => Ok(None),
        SeccompWish::Default => Ok(Some(default_profile(&context))),
        SeccompWish::Profile(json) => {
            let context = Context::host(capabilities);
            hull_runtime::security::seccomp::parse(json.as_bytes(), &context)
                .map_err(|source| SpecError::SeccompProfile { source })
        }
    }
}

/// The AppArmor profile: the default one where the host has it, none for privileged containers.
pub fn apparmor(
    security: &Security,
    privileged: bool,
    host: &HostFacts,
) -> Result<String, SpecError> {
    match (security.apparmor.as_deref(), &host.apparmor) {
        (Some("unconfined"), None) => Ok(String::new()),
        (Some(_), None) => Err(SpecError::Unsupported {
            wish: "apply an AppArmor profile",
            lack: "this kernel has no AppArmor",
        }),
        (Some(profile), Some(_)) => Ok(profile.to_owned()),
        (None, None) => Ok(String::new()),
        (None, Some(_)) if privileged => Ok("unconfined".into()),
        (None, Some(default)) => Ok(default.clone()),
    }
}
