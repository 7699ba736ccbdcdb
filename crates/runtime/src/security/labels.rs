//! Labels of the security modules: AppArmor's profile and SELinux's contexts.
//!
//! The child writes them just before it executes. Invariant: a label that no module here would
//! enforce is refused, not forgotten: somebody counts on it.

use std::path::Path;

use super::error::Error;

/// Which modules this host enforces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Modules {
    /// AppArmor.
    pub apparmor: bool,
    /// Whether AppArmor has attribute files of its own, beside those all modules share.
    pub own_attributes: bool,
    /// SELinux.
    pub selinux: bool,
}

impl Modules {
    /// Asks the kernel.
    pub fn detect() -> Self {
        let enabled = std::fs::read_to_string("/sys/module/apparmor/parameters/enabled");
        Self {
            apparmor: enabled.is_ok_and(|text| text.starts_with('Y')),
            own_attributes: Path::new("/proc/self/attr/apparmor").exists(),
            selinux: Path::new("/sys/fs/selinux/enforce").exists(),
        }
    }
}

/// A file below `/proc/self`, and what the child writes into it before it executes.
pub type Attribute = (&'static str, String);

/// The AppArmor profile a process changes to with its next program. "unconfined" is what a host
/// without AppArmor gives everybody.
pub fn apparmor(profile: &str, modules: &Modules) -> Result<Option<Attribute>, Error> {
    match (profile, modules.apparmor) {
        ("", _) | ("unconfined", false) => Ok(None),
        (_, false) => Err(missing("AppArmor", "profile", profile)),
        (_, true) => {
            let file = match modules.own_attributes {
                true => "/proc/self/attr/apparmor/exec",
                false => "/proc/self/attr/exec",
            };
            Ok(Some((file, format!("exec {profile}"))))
        }
    }
}

/// The SELinux context a process gets with its next program.
pub fn selinux(label: &str, modules: &Modules) -> Result<Option<Attribute>, Error> {
    match (label, modules.selinux) {
        ("", _) => Ok(None),
        (_, false) => Err(missing("SELinux", "label", label)),
        (_, true) => Ok(Some(("/proc/self/attr/exec", label.to_owned()))),
    }
}

/// The mount option that gives everything on a file system an SELinux context.
pub fn mount_option(label: &str, modules: &Modules) -> Result<Option<String>, Error> {
    match (label, modules.selinux) {
        ("", _) => Ok(None),
        (_, false) => Err(missing("SELinux", "mount label", label)),
        (_, true) => Ok(Some(format!("context=\"{label}\""))),
    }
}

fn missing(module: &'static str, what: &'static str, label: &str) -> Error {
    Error::ModuleMissing {
        module,
        what,
        label: label.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Modules = Modules {
        apparmor: false,
        own_attributes: false,
        selinux: false,
    };
    const ALL: Modules = Modules {
        apparmor: true,
        own_attributes: true,
        selinux: true,
    };

    #[test]
    fn labels_where_a_module_enforces_them() {
        let profile = apparmor("docker-default", &ALL).unwrap().unwrap();
        let expected = (
            "/proc/self/attr/apparmor/exec",
            "exec docker-default".to_owned(),
        );
        assert_eq!(profile, expected);
        let old = Modules {
            own_attributes: false,
            ..ALL
        };
        assert_eq!(
            apparmor("x", &old).unwrap().unwrap().0,
            "/proc/self/attr/exec"
        );
        assert!(apparmor("unconfined", &ALL).unwrap().is_some());
        assert_eq!(selinux("a:b:c:s0", &ALL).unwrap().unwrap().1, "a:b:c:s0");
        assert_eq!(
            mount_option("a:b", &ALL).unwrap().unwrap(),
            "context=\"a:b\""
        );
    }

    #[test]
    fn labels_where_none_does() {
        for nothing in ["", "unconfined"] {
            assert_eq!(apparmor(nothing, &NONE).unwrap(), None);
        }
        assert_eq!(selinux("", &NONE).unwrap(), None);
        assert_eq!(
            apparmor("docker-default", &NONE).unwrap_err().to_string(),
            "cannot apply AppArmor profile \"docker-default\": AppArmor is not enabled on this host"
        );
        assert!(selinux("a:b:c:s0", &NONE).is_err());
        assert!(mount_option("a:b:c:s0", &NONE).is_err());
    }
}
