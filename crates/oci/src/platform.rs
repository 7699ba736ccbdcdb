//! [`Platform`]: operating system, architecture, variant (OCI image-index.md), with the spellings
//! people use and which older variants a processor can run.
//!
//! Invariant: [`Platform::parse`] returns the normal form; documents may hold others, so compare
//! [`Platform::normalized`] values.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What an image runs on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Platform {
    /// CPU architecture in Go's words: `amd64`, `arm64`.
    #[serde(default)]
    pub architecture: String,
    /// Operating system in Go's words: `linux`.
    #[serde(default)]
    pub os: String,
    /// Version of the operating system (Windows).
    #[serde(
        default,
        rename = "os.version",
        skip_serializing_if = "String::is_empty"
    )]
    pub os_version: String,
    /// Features the operating system must have (Windows).
    #[serde(default, rename = "os.features", skip_serializing_if = "Vec::is_empty")]
    pub os_features: Vec<String>,
    /// Variant of the CPU: `v7`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub variant: String,
}

const SYSTEMS: &[&str] = &[
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "illumos",
    "ios",
    "js",
    "linux",
    "macos",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "wasip1",
    "wasi",
    "windows",
];

const ARCHITECTURES: &[&str] = &[
    "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64",
    "ppc64le", "riscv64", "s390x", "wasm",
];

impl Platform {
    /// `os`, `arch`, `os/arch` or `os/arch/variant`, in any spelling docker knows.
    pub fn parse(text: &str) -> Result<Self> {
        let fail = |problem| Error::Platform {
            text: text.to_owned(),
            problem,
        };
        let word = |w: &str| {
            let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
            !w.is_empty() && w.bytes().all(good)
        };
        let words: Vec<&str> = text.split('/').collect();
        if !words.iter().all(|w| word(w)) {
            return Err(fail("components are letters, digits, '_', '.' and '-'"));
        }
        let platform = match words.as_slice() {
            [one] => {
                let one = one.to_ascii_lowercase();
                let as_arch = Self::of("linux", &one, "").normalized();
                if SYSTEMS.contains(&one.as_str()) {
                    Self {
                        os: one,
                        ..Self::host()
                    }
                } else if ARCHITECTURES.contains(&as_arch.architecture.as_str()) {
                    as_arch
                } else {
                    return Err(fail("unknown operating system or architecture"));
                }
            }
            [os, arch] => Self::of(os, arch, ""),
            [os, arch, variant] => Self::of(os, arch, variant),
            _ => return Err(fail("too many components")),
        };
        Ok(platform.normalized())
    }

    fn of(os: &str, architecture: &str, variant: &str) -> Self {
        Self {
            os: os.to_owned(),
            architecture: architecture.to_owned(),
            variant: variant.to_owned(),
            ..Self::default()
        }
    }

    /// What this binary was built for, which is what it runs on.
    pub fn host() -> Self {
        Self::of("linux", std::env::consts::ARCH, "").normalized()
    }

    /// The same platform in Go's words, with implied variants left out (`amd64/v1`, `arm64/v8`) or
    /// put in (`arm` is `arm/v7`).
    pub fn normalized(&self) -> Self {
        let os = match self.os.to_ascii_lowercase().as_str() {
            "macos" => "darwin".to_owned(),
            other => other.to_owned(),
        };
        let arch = self.architecture.to_ascii_lowercase();
        let variant = self.variant.to_ascii_lowercase();
        let (arch, variant) = match (arch.as_str(), variant.as_str()) {
            ("i386", _) => ("386", ""),
            ("x86_64" | "x86-64" | "amd64", "" | "v1") => ("amd64", ""),
            ("x86_64" | "x86-64" | "amd64", v) => ("amd64", v),
            ("aarch64" | "arm64", "" | "8" | "v8") => ("arm64", ""),
            ("aarch64" | "arm64", v) => ("arm64", v),
            ("armhf", _) | ("arm", "" | "7" | "v7") => ("arm", "v7"),
            ("armel", _) | ("arm", "6" | "v6") => ("arm", "v6"),
            ("arm", "5") => ("arm", "v5"),
            ("arm", "8") => ("arm", "v8"),
            ("powerpc64le", v) => ("ppc64le", v),
            (a, v) => (a, v),
        };
        Self {
            os,
            architecture: arch.to_owned(),
            variant: variant.to_owned(),
            os_version: self.os_version.clone(),
            os_features: self.os_features.clone(),
        }
    }

    /// Same system, architecture and variant.
    pub fn same(&self, other: &Self) -> bool {
        self.os == other.os
            && self.architecture == other.architecture
            && self.variant == other.variant
    }

    /// What a machine of this platform can run, best first.
    pub fn acceptable(&self) -> Vec<Self> {
        let this = self.normalized();
        let with = |arch: &str, variant: String| Self::of(&this.os, arch, &variant);
        let number = |default: u32| {
            this.variant
                .strip_prefix('v')
                .and_then(|n| n.parse().ok())
                .unwrap_or(default)
        };
        let mut all = vec![Self::of(&this.os, &this.architecture, &this.variant)];
        match this.architecture.as_str() {
            "arm" => all.extend(
                (5..number(7).min(9))
                    .rev()
                    .map(|n| with("arm", format!("v{n}"))),
            ),
            "amd64" => {
                all.extend(
                    (2..number(1).min(9))
                        .rev()
                        .map(|n| with("amd64", format!("v{n}"))),
                );
                if !this.variant.is_empty() {
                    all.push(with("amd64", String::new()));
                }
            }
            "arm64" if !this.variant.is_empty() => all.push(with("arm64", String::new())),
            _ => {}
        }
        all
    }

    /// Whether an image of platform `image` runs on a machine of this one.
    pub fn accepts(&self, image: &Self) -> bool {
        let image = image.normalized();
        self.acceptable().iter().any(|p| p.same(&image))
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if self.variant.is_empty() {
            Ok(())
        } else {
            write!(f, "/{}", self.variant)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        let check = |text: &str, expected: &str| {
            assert_eq!(
                Platform::parse(text).unwrap().to_string(),
                expected,
                "{text}"
            );
        };
        check("linux/amd64", "linux/amd64");
        check("Linux/x86_64", "linux/amd64");
        check("linux/amd64/v1", "linux/amd64");
        check("linux/amd64/v3", "linux/amd64/v3");
        check("linux/arm64/v8", "linux/arm64");
        check("aarch64", "linux/arm64");
        check("linux/arm", "linux/arm/v7");
        check("linux/armhf", "linux/arm/v7");
        check("linux/armel", "linux/arm/v6");
        check("linux/arm/6", "linux/arm/v6");
        check("i386", "linux/386");
        check("macos/arm64", "darwin/arm64");
        check("linux", &Platform::host().to_string());
    }

    #[test]
    fn nonsense() {
        for text in [
            "",
            "/",
            "linux/",
            "linux/amd64/v1/x",
            "qnx",
            "linux/am d64",
            "a:b",
        ] {
            assert!(Platform::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn older_variants_run() {
        let p = |t| Platform::parse(t).unwrap();
        assert!(p("linux/arm/v7").accepts(&p("linux/arm/v5")));
        assert!(!p("linux/arm/v5").accepts(&p("linux/arm/v7")));
        assert!(p("linux/amd64/v3").accepts(&p("linux/amd64")));
        assert!(!p("linux/amd64").accepts(&p("linux/amd64/v2")));
        assert!(!p("linux/amd64").accepts(&p("linux/arm64")));
    }
}
