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

/// systemd and the libraries it and its `systemctl` are linked with.
const SYSTEMD: &str = "systemd libsystemd-shared libsystemd0 libc6 libblkid1 libcap2 libgcrypt20 \
    libgpg-error0 liblz4-1 liblzma5 libmount1 libselinux1 libpcre2-8-0 libssl3 libzstd1 libacl1 \
    libaudit1 libcap-ng0 libcrypt1 libkmod2 libseccomp2 libip4tc2 libapparmor1 libpam0g libudev1 \
    libuuid1 libgcc-s1";

/// A root with systemd in it, unpacked from packages.
pub(super) fn systemd(dir: &Path) -> Result<PathBuf, String> {
    let root = dir.join("systemd");
    if root.join("lib/systemd/systemd").exists() {
        return Ok(root);
    }
    let packages = dir.join("packages");
    std::fs::create_dir_all(&packages)
        .map_err(|error| format!("cannot make {}: {error}", packages.display()))?;
    println!("fetching systemd");
    let mut apt = Command::new("apt-get");
    run(apt
        .arg("download")
        .args(SYSTEMD.split_whitespace())
        .current_dir(&packages))?;
    let entries = std::fs::read_dir(&packages).map_err(|error| error.to_string())?;
    for entry in entries.flatten() {
        run(Command::new("dpkg").arg("-x").arg(entry.path()).arg(&root))?;
    }
    // Manuals and translations; a guest has no reader.
    drop(std::fs::remove_dir_all(root.join("usr/share")));
    Ok(root)
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
