//! Profiles as users write them: Docker's JSON, of which the OCI form is a part.
//!
//! Pure. Invariant: what comes out is plain OCI, with every condition on capabilities, kernel and
//! architecture already decided; what a writer got wrong is refused with its place.

use hull_oci::runtime_spec::{Action, Arg, Seccomp, SyscallRule};
use serde::Deserialize;

use super::arch::Arch;
use crate::security::error::Error;
use crate::security::profile::Context;

/// A profile in Docker's form.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DockerProfile {
    default_action: Option<Action>,
    default_errno_ret: Option<u32>,
    architectures: Option<Vec<String>>,
    arch_map: Option<Vec<ArchMap>>,
    flags: Option<Vec<String>>,
    listener_path: Option<String>,
    listener_metadata: Option<String>,
    syscalls: Option<Vec<Call>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ArchMap {
    architecture: String,
    sub_architectures: Option<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Call {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    names: Option<Vec<String>>,
    action: Action,
    #[serde(default)]
    errno_ret: Option<u32>,
    #[serde(default)]
    args: Option<Vec<Arg>>,
    #[serde(default)]
    includes: Option<Filter>,
    #[serde(default)]
    excludes: Option<Filter>,
}

/// Conditions on the container.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Filter {
    caps: Option<Vec<String>>,
    arches: Option<Vec<String>>,
    min_kernel: Option<String>,
}

/// Reads a profile and decides its conditions for a container of `context`. `None` when it says
/// nothing at all, which Docker takes for no filter.
pub fn parse(json: &[u8], context: &Context) -> Result<Option<Seccomp>, Error> {
    let profile: DockerProfile = serde_json::from_slice(json).map_err(Error::ProfileSyntax)?;
    profile.resolve(context)
}

impl DockerProfile {
    /// The OCI profile this is for a container of `context`.
    pub fn resolve(self, context: &Context) -> Result<Option<Seccomp>, Error> {
        let calls = self.syscalls.unwrap_or_default();
        let Some(default_action) = self.default_action else {
            if calls.is_empty() {
                return Ok(None);
            }
            return Err(fault("it has rules and no defaultAction"));
        };
        let mut architectures = self.architectures.unwrap_or_default();
        let map = self.arch_map.unwrap_or_default();
        if !map.is_empty() {
            if !architectures.is_empty() {
                return Err(fault("it has both architectures and archMap"));
            }
            let native = |entry: &&ArchMap| entry.architecture == context.arch.name();
            if let Some(entry) = map.iter().find(native) {
                architectures.push(entry.architecture.clone());
                architectures.extend(entry.sub_architectures.clone().unwrap_or_default());
            }
        }
        let mut syscalls = Vec::new();
        for (place, call) in calls.into_iter().enumerate() {
            if call.applies(context, place)? {
                syscalls.push(call.rule(place)?);
            }
        }
        Ok(Some(Seccomp {
            default_action,
            default_errno_ret: self.default_errno_ret,
            architectures,
            flags: self.flags.unwrap_or_default(),
            listener_path: self.listener_path.unwrap_or_default(),
            listener_metadata: self.listener_metadata.unwrap_or_default(),
            syscalls,
        }))
    }
}

impl Call {
    /// Whether the rule is one for a container of `context`.
    fn applies(&self, context: &Context, place: usize) -> Result<bool, Error> {
        let arch = docker_name(context.arch);
        if let Some(filter) = &self.excludes {
            let arches = filter.arches.iter().flatten();
            let excluded = arches.into_iter().any(|name| name == arch)
                || filter.caps.iter().flatten().any(|name| context.has(name))
                || filter.min_kernel(context, place)?.unwrap_or(false);
            if excluded {
                return Ok(false);
            }
        }
        if let Some(filter) = &self.includes {
            let arches = filter.arches.as_deref().unwrap_or_default();
            return Ok(
                (arches.is_empty() || arches.iter().any(|name| name == arch))
                    && filter.caps.iter().flatten().all(|name| context.has(name))
                    && filter.min_kernel(context, place)?.unwrap_or(true),
            );
        }
        Ok(true)
    }

    fn rule(self, place: usize) -> Result<SyscallRule, Error> {
        let names = match (self.name, self.names.unwrap_or_default()) {
            (Some(name), names) if names.is_empty() && !name.is_empty() => vec![name],
            (None, names) => names,
            (Some(name), names) if name.is_empty() => names,
            _ => return Err(fault(format!("rule {place} has both name and names"))),
        };
        Ok(SyscallRule {
            names,
            action: self.action,
            errno_ret: self.errno_ret,
            args: self.args.unwrap_or_default(),
        })
    }
}

impl Filter {
    /// Whether the kernel is at least the one named, if one is.
    fn min_kernel(&self, context: &Context, place: usize) -> Result<Option<bool>, Error> {
        let Some(text) = self.min_kernel.as_deref().filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let version = text
            .split_once('.')
            .and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
        match version {
            Some(version) => Ok(Some(context.kernel >= version)),
            None => {
                let what = format!("minKernel of rule {place} is {text:?}, not of the form 4.8");
                Err(fault(what))
            }
        }
    }
}

/// What Docker's conditions call an architecture.
fn docker_name(arch: Arch) -> &'static str {
    match arch {
        Arch::X86_64 => "amd64",
        Arch::X86 => "x86",
        Arch::X32 => "x32",
        Arch::Aarch64 => "arm64",
        Arch::Arm => "arm",
    }
}

fn fault(what: impl Into<String>) -> Error {
    Error::Profile { what: what.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::security::capabilities::mask_of;

    fn resolve(rule: &str, capabilities: &[&str]) -> Result<bool, String> {
        let json = format!(r#"{{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{rule}]}}"#);
        let mask = capabilities
            .iter()
            .fold(0, |all, name| all | mask_of(name).unwrap());
        let context = Context {
            capabilities: mask,
            kernel: (5, 10),
            arch: Arch::X86_64,
        };
        let profile = parse(json.as_bytes(), &context).map_err(|error| error.to_string())?;
        Ok(!profile.unwrap().syscalls.is_empty())
    }

    #[test]
    fn conditions() {
        let check = |filter: &str, capabilities: &[&str], expected: bool| {
            let rule = format!(r#"{{"names":["x"],"action":"SCMP_ACT_ALLOW",{filter}}}"#);
            assert_eq!(resolve(&rule, capabilities), Ok(expected), "{filter}");
        };
        check(r#""args":null,"includes":{},"excludes":{}"#, &[], true);
        check(r#""includes":{"caps":["CAP_BPF"]}"#, &[], false);
        check(r#""includes":{"caps":["CAP_BPF"]}"#, &["CAP_BPF"], true);
        check(
            r#""includes":{"caps":["CAP_BPF","CAP_CHOWN"]}"#,
            &["CAP_BPF"],
            false,
        );
        check(
            r#""excludes":{"caps":["CAP_BPF","CAP_CHOWN"]}"#,
            &["CAP_BPF"],
            false,
        );
        check(r#""includes":{"arches":["s390","amd64"]}"#, &[], true);
        check(r#""excludes":{"arches":["amd64"]}"#, &[], false);
        check(r#""includes":{"minKernel":"4.8"}"#, &[], true);
        check(r#""includes":{"minKernel":"5.11"}"#, &[], false);
        check(r#""excludes":{"minKernel":"5.10"}"#, &[], false);
    }

    #[test]
    fn faults_are_told_with_their_place() {
        let check = |rule: &str, expected: &str| {
            assert_eq!(resolve(rule, &[]).unwrap_err(), expected);
        };
        check(
            r#"{"name":"a","names":["b"],"action":"SCMP_ACT_ALLOW"}"#,
            "cannot use seccomp profile: rule 0 has both name and names",
        );
        check(
            r#"{"names":["b"],"action":"SCMP_ACT_ALLOW","includes":{"minKernel":"new"}}"#,
            "cannot use seccomp profile: minKernel of rule 0 is \"new\", not of the form 4.8",
        );
        let context = Context::native(0);
        assert_eq!(parse(b"{}", &context).unwrap(), None);
        for bad in [
            &b"["[..],
            b"{\"defaultAction\":\"NO\"}",
            b"{\"syscalls\":[{\"names\":[]}]}",
        ] {
            assert!(matches!(parse(bad, &context), Err(Error::ProfileSyntax(_))));
        }
        let both = br#"{"defaultAction":"SCMP_ACT_LOG","architectures":["SCMP_ARCH_X86"],
            "archMap":[{"architecture":"SCMP_ARCH_X86_64"}]}"#;
        assert!(parse(both, &context).is_err());
    }

    #[test]
    fn the_arch_map_gives_the_native_architectures() {
        let json = br#"{"defaultAction":"SCMP_ACT_LOG","archMap":[
            {"architecture":"SCMP_ARCH_AARCH64","subArchitectures":["SCMP_ARCH_ARM"]},
            {"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86"]},
            {"architecture":"SCMP_ARCH_RISCV64","subArchitectures":null}]}"#;
        let context = Context {
            arch: Arch::X86_64,
            ..Context::native(0)
        };
        let profile = parse(json, &context).unwrap().unwrap();
        assert_eq!(profile.architectures, ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]);
    }
}
