//! What the tests need from Debian, installed with apt-get where it is missing.
//!
//! Invariant: only what is missing is installed, and a machine where nothing can be installed
//! (no root, no apt-get) still runs every test that does not need it.

use std::path::Path;
use std::process::{Command, Stdio};

use super::Tally;
use crate::Outcome;
use crate::workspace::{run as run_command, which};

/// A package and how to see that what it brings is already there.
struct Package {
    name: &'static str,
    /// Any of these programs or files will do.
    brings: &'static [&'static str],
    why: &'static str,
}

/// Everything the tests use that is neither Rust nor the C compiler.
const PACKAGES: &[Package] = &[
    Package {
        name: "busybox-static",
        brings: &["busybox"],
        why: "the root file system of nearly every test",
    },
    Package {
        name: "runc",
        brings: &["runc"],
        why: "--runtime runc",
    },
    Package {
        name: "crun",
        brings: &["crun"],
        why: "--runtime crun",
    },
    Package {
        name: "golang-go",
        brings: &["go", "/usr/local/go/bin/go"],
        why: "the OCI runtime conformance suite",
    },
    Package {
        name: "mmdebstrap",
        brings: &["mmdebstrap"],
        why: "a real Debian root file system",
    },
];

/// Installs what is missing; what could not be had is noted as skipped, not failed.
pub(super) fn install(tally: &mut Tally) -> Outcome {
    let missing: Vec<&Package> = PACKAGES
        .iter()
        .filter(|package| !present(package))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    println!("== packages: {}", names.join(" "));
    if let Err(why) = apt(&names) {
        println!("cannot install packages: {why}");
    }
    for package in missing.iter().filter(|package| !present(package)) {
        tally.skipped.push(format!(
            "{}: package {} is missing",
            package.why, package.name
        ));
    }
    Ok(())
}

/// Whether what the package brings is there.
fn present(package: &Package) -> bool {
    package.brings.iter().any(|thing| {
        if thing.starts_with('/') {
            Path::new(thing).exists()
        } else {
            which(thing).is_some()
        }
    })
}

/// Installs by apt-get; one package that cannot be had does not keep the others away.
fn apt(names: &[&str]) -> Outcome {
    if which("apt-get").is_none() {
        return Err("no apt-get here".into());
    }
    if !writable_by_us(Path::new("/var/lib/dpkg")) {
        return Err("not root".into());
    }
    run_command(apt_get().args(["-q", "update"]))?;
    let mut all = apt_get();
    all.args(["-q", "-y", "--no-install-recommends", "install"])
        .args(names);
    if run_command(&mut all).is_ok() {
        return Ok(());
    }
    for name in names {
        let mut one = apt_get();
        one.args(["-q", "-y", "--no-install-recommends", "install", name]);
        if let Err(why) = run_command(&mut one) {
            println!("{name}: {why}");
        }
    }
    Ok(())
}

/// `apt-get` that never asks.
fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null());
    command
}

/// Whether this process may create files in `folder`.
fn writable_by_us(folder: &Path) -> bool {
    let probe = folder.join(".hull-xtask");
    let made = std::fs::File::create(&probe).is_ok();
    let gone = std::fs::remove_file(&probe).is_ok();
    made && gone
}
