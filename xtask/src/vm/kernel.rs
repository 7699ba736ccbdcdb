//! What the guest is made of, from Debian's archive by its ordinary client.
//!
//! Invariant: a package is fetched once and unpacked below `target/vm`, never installed; only tools
//! this host lacks are.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;
use crate::workspace::{output, run};

/// The package that names the newest cloud kernel.
const NEWEST: &str = "linux-image-cloud-amd64";

/// Modules the tests want, in the order of loading.
const MODULES: [&str; 3] = ["configfs.ko", "null_blk.ko", "overlay.ko"];

/// A kernel and its modules.
pub(super) struct Kernel {
    pub(super) image: PathBuf,
    pub(super) modules: Vec<PathBuf>,
}

/// Installs `package` if there is no `program`.
pub(super) fn need(program: &str, package: &str) -> Outcome {
    if which(program).is_some() {
        return Ok(());
    }
    println!("installing {package}, for {program}");
    let mut apt = Command::new("apt-get");
    apt.args(["install", "--yes", "--no-install-recommends", package]);
    run(apt.env("DEBIAN_FRONTEND", "noninteractive"))
}

fn which(program: &str) -> Option<PathBuf> {
    let folders = ["/usr/bin", "/bin", "/usr/sbin", "/usr/local/bin"];
    folders
        .iter()
        .map(|folder| Path::new(folder).join(program))
        .find(|path| path.exists())
}

/// The static busybox.
pub(super) fn busybox() -> Result<PathBuf, String> {
    which("busybox").ok_or_else(|| "busybox is not installed".to_owned())
}

/// Fetches and unpacks the kernel, unless an earlier run did.
pub(super) fn get(dir: &Path) -> Result<Kernel, String> {
    let root = dir.join("kernel");
    if !root.join("boot").exists() {
        fetch(dir, &root)?;
    }
    let image = find(&root.join("boot"), &|name| name.starts_with("vmlinuz-"))?;
    let image = image.ok_or("the kernel package holds no vmlinuz")?;
    let mut modules = Vec::new();
    for wanted in MODULES {
        modules.extend(find(&root.join("lib/modules"), &|name| name == wanted)?);
    }
    Ok(Kernel { image, modules })
}

fn fetch(dir: &Path, root: &Path) -> Outcome {
    let text = output(Command::new("apt-cache").args(["depends", NEWEST]))?;
    let package = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("Depends: "))
        .ok_or_else(|| format!("apt knows no {NEWEST}; is `apt-get update` due?"))?;
    println!("fetching {package}");
    run(Command::new("apt-get")
        .args(["download", package])
        .current_dir(dir))?;
    let archive = find(dir, &|name| {
        name.starts_with(package) && name.ends_with(".deb")
    })?;
    let archive = archive.ok_or_else(|| format!("{package} did not arrive"))?;
    run(Command::new("dpkg").arg("-x").arg(archive).arg(root))
}

/// The first file below `dir` whose name is `wanted`.
fn find(dir: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<Option<PathBuf>, String> {
    let entries = std::fs::read_dir(dir)
        .map_err(|error| format!("cannot list {}: {error}", dir.display()))?;
    let mut folders = Vec::new();
    for entry in entries.flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            folders.push(path);
        } else if entry.file_name().to_str().is_some_and(wanted) {
            return Ok(Some(path));
        }
    }
    for folder in folders {
        if let Some(found) = find(&folder, wanted)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}
