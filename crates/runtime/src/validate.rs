//! Whether a configuration makes sense, before anything is made.
//!
//! What only planning can find out (a missing source, an unknown limit) is left to `plan`.
//! Invariant: nothing is opened here.

use std::collections::BTreeSet;

use hull_oci::runtime_spec::{Linux, NamespaceType, Spec};

use crate::plan::{has, invalid, makes};
use crate::{Error, Result};

/// Checks an id: it becomes the name of a directory and of cgroups.
pub(crate) fn id(id: &str) -> Result<()> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_+-.".contains(c);
    if id.is_empty() || id == "." || id == ".." || id.len() > 1024 || !id.chars().all(fits) {
        return Err(Error::BadId { id: id.to_owned() });
    }
    Ok(())
}

/// Checks a configuration.
pub(crate) fn spec(spec: &Spec, linux: &Linux) -> Result<()> {
    version(&spec.oci_version)?;
    match &spec.root {
        None => return Err(invalid("root", "it is missing")),
        Some(root) if root.path.is_empty() => return Err(invalid("root.path", "it is empty")),
        Some(_) => {}
    }
    namespaces(linux)?;
    if !spec.hostname.is_empty() && !has(linux, NamespaceType::Uts) {
        return Err(invalid(
            "hostname",
            "it needs a uts namespace of the container's own",
        ));
    }
    if !spec.domainname.is_empty() && !has(linux, NamespaceType::Uts) {
        return Err(invalid(
            "domainname",
            "it needs a uts namespace of the container's own",
        ));
    }
    let mapped = !linux.uid_mappings.is_empty() || !linux.gid_mappings.is_empty();
    if makes(linux, NamespaceType::User) {
        if linux.uid_mappings.is_empty() || linux.gid_mappings.is_empty() {
            return Err(invalid(
                "linux.uidMappings",
                "a user namespace needs both user and group mappings",
            ));
        }
    } else if mapped && !has(linux, NamespaceType::User) {
        return Err(invalid("linux.uidMappings", "they need a user namespace"));
    }
    Ok(())
}

fn namespaces(linux: &Linux) -> Result<()> {
    let mut seen = BTreeSet::new();
    for one in &linux.namespaces {
        if !seen.insert(one.kind) {
            return Err(invalid(
                "linux.namespaces",
                format!("{:?} is given twice", one.kind).to_lowercase(),
            ));
        }
        if !one.path.is_empty() && !one.path.starts_with('/') {
            return Err(invalid(
                "linux.namespaces.path",
                format!("{} is not an absolute path", one.path),
            ));
        }
    }
    Ok(())
}

/// Version 1 of the specification, whatever minor: additions are tolerated.
fn version(text: &str) -> Result<()> {
    let mut parts = text.split(['.', '-', '+']);
    let numbers = (parts.next(), parts.next(), parts.next());
    let is_number = |part: Option<&str>| part.is_some_and(|part| part.parse::<u32>().is_ok());
    if !(is_number(numbers.0) && is_number(numbers.1) && is_number(numbers.2)) {
        return Err(invalid("ociVersion", format!("{text:?} is not a version")));
    }
    if numbers.0 != Some("1") {
        return Err(invalid(
            "ociVersion",
            format!("{text} is not supported, only 1.x is"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hull_oci::runtime_spec::{IdMapping, Namespace, Root};

    fn linux(kinds: &[NamespaceType]) -> Linux {
        let namespace = |kind: &NamespaceType| Namespace {
            kind: *kind,
            path: String::new(),
        };
        Linux {
            namespaces: kinds.iter().map(namespace).collect(),
            ..Linux::default()
        }
    }

    fn good() -> Spec {
        Spec {
            oci_version: "1.0.2-dev".to_owned(),
            root: Some(Root {
                path: "rootfs".to_owned(),
                readonly: false,
            }),
            ..Spec::default()
        }
    }

    #[test]
    fn ids() {
        for good in ["a", "A-b_c+d.e", "0", "..."] {
            id(good).unwrap();
        }
        for bad in ["", ".", "..", "a/b", "a b", "ä", "a\n"] {
            assert!(id(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn each_fault_is_named() {
        let check = |change: &dyn Fn(&mut Spec, &mut Linux), word: &str| {
            let (mut one, mut linux) = (good(), linux(&[NamespaceType::Mount]));
            change(&mut one, &mut linux);
            let error = spec(&one, &linux).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        };
        spec(&good(), &linux(&[NamespaceType::Mount])).unwrap();
        check(&|s, _| s.oci_version = "2.0.0".to_owned(), "2.0.0");
        check(&|s, _| s.oci_version = "banana".to_owned(), "banana");
        check(&|s, _| s.oci_version.clear(), "ociVersion");
        check(&|s, _| s.root = None, "root");
        check(&|s, _| s.hostname = "h".to_owned(), "uts");
        check(&|s, _| s.domainname = "h".to_owned(), "uts");
        check(&|_, l| l.namespaces.extend(l.namespaces.clone()), "twice");
        check(&|_, l| l.namespaces[0].path = "x".to_owned(), "absolute");
        check(
            &|_, l| l.namespaces[0].kind = NamespaceType::User,
            "mappings",
        );
        check(
            &|_, l| l.uid_mappings.push(IdMapping::default()),
            "user namespace",
        );
    }
}
