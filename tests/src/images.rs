//! Images made here, once for all tests of a run: busybox from Debian's static binary, and a real
//! Debian root file system where mmdebstrap is.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::archive::{Entry, docker_archive, tar};
use crate::requires::program;

/// The directory that outlives a run: `target/` of the workspace.
fn cache() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/test-images");
    std::fs::create_dir_all(&folder).expect("a directory for images");
    folder
}

/// Writes a file of the cache whole or not at all, however many processes try.
fn keep(name: &str, content: &[u8]) -> PathBuf {
    let path = cache().join(name);
    let mut file = tempfile::NamedTempFile::new_in(cache()).expect("a file in the cache");
    std::io::Write::write_all(&mut file, content).expect("writing into the cache");
    file.persist(&path).expect("naming a file of the cache");
    path
}

/// The archive of `busybox:latest`: a shell and its applets, users, and a program with the setuid
/// bit.
pub fn busybox() -> &'static Path {
    static ARCHIVE: OnceLock<PathBuf> = OnceLock::new();
    ARCHIVE.get_or_init(|| {
        let program = std::fs::read(program("busybox").expect("busybox")).expect("busybox");
        let applets = Command::new("busybox")
            .arg("--list")
            .output()
            .expect("busybox --list");
        let applets = String::from_utf8(applets.stdout).expect("names");
        let config = serde_json::json!({
            "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
            "Cmd": ["sh"],
        });
        keep(
            "busybox.tar",
            &docker_archive("busybox:latest", &config, &[rootfs(&program, &applets)]),
        )
    })
}

/// The one layer of busybox.
fn rootfs(program: &[u8], applets: &str) -> Vec<u8> {
    let mut entries = vec![
        Entry::dir("bin/"),
        Entry::dir("dev/"),
        Entry::dir("etc/"),
        Entry::dir("home/"),
        Entry::dir("proc/"),
        Entry::dir("root/").mode(0o700),
        Entry::dir("sys/"),
        Entry::dir("tmp/").mode(0o1777),
        Entry::dir("usr/"),
        Entry::dir("var/"),
        Entry::file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\nalice:x:1000:1000:Alice:/home/alice:/bin/sh\n"),
        Entry::file("etc/group", b"root:x:0:\ndaemon:x:1:\nalice:x:1000:\nwheel:x:10:alice\naudio:x:29:alice\n"),
        Entry::file("bin/busybox", program).mode(0o755),
    ];
    let names: Vec<String> = applets
        .lines()
        .filter(|name| *name != "busybox")
        .map(|name| format!("bin/{name}"))
        .collect();
    entries.extend(names.iter().map(|name| Entry::symlink(name, "busybox")));
    tar(&entries)
}

/// A Debian root file system as a plain tar, or why there is none.
pub fn debian() -> Result<&'static Path, String> {
    static ROOTFS: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    ROOTFS
        .get_or_init(make_debian)
        .as_deref()
        .map_err(Clone::clone)
}

fn make_debian() -> Result<PathBuf, String> {
    let path = cache().join("debian.tar");
    if path.exists() {
        return Ok(path);
    }
    if std::env::var_os("HULL_TEST_DEBIAN").is_none() {
        return Err("HULL_TEST_DEBIAN is not set and no debian.tar was made before".into());
    }
    let made = tempfile::Builder::new()
        .suffix(".tar")
        .tempfile_in(cache())
        .expect("a file");
    let output = Command::new("mmdebstrap")
        .args(["--quiet", "--variant=essential", "bookworm"])
        .arg(made.path())
        .output()
        .map_err(|error| format!("cannot start mmdebstrap: {error}"))?;
    if !output.status.success() {
        return Err(format!(
            "mmdebstrap: {}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    made.persist(&path).map_err(|error| error.to_string())?;
    Ok(path)
}
