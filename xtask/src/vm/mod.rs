//! `cargo xtask vm`: the kernel tests that this host's kernel can't run, in a guest that can.
//!
//! The guest is QEMU without hardware help and Debian's cloud kernel with all of cgroup version 2;
//! `kernel` gets those, `archive` packs what runs inside. Invariant: nothing outside `target/vm` is
//! written, and a guest that hangs is ended.

mod archive;
mod kernel;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use archive::Archive;

use crate::Outcome;
use crate::workspace::{Workspace, output};

/// Test binaries of `hull-runtime` that run in the guest without systemd.
const PLAIN: [&str; 2] = ["cgroup_v2", "privileges"];

/// And those that run in the one with it.
const SYSTEMD: [&str; 1] = ["systemd"];

/// Longest life of a guest.
const PATIENCE: Duration = Duration::from_secs(300);

/// What the guest runs first: its root moves to a tmpfs, since the root it is born with can't be
/// pivoted away from.
const INIT: &str = "#!/bin/busybox sh
/bin/busybox mkdir -p /new
/bin/busybox mount -t tmpfs -o size=80% root /new
/bin/busybox cp -a /bin /tests /modules /second /filter /new/
exec /bin/busybox switch_root /new /second
";

/// What it runs then.
const SECOND: &str = "#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin HOME=/
mkdir -p /proc /sys /dev /tmp /run /mnt /etc /var/lib
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
mount -t cgroup2 cgroup /sys/fs/cgroup
echo root:x:0:0:root:/:/bin/sh >/etc/passwd
for m in configfs null_blk overlay; do
    [ -f /modules/$m.ko ] && insmod /modules/$m.ko
done
echo \"guest: kernel $(uname -r), controllers $(cat /sys/fs/cgroup/cgroup.controllers)\"
for test in /tests/*; do
    echo \"guest: $(basename $test)\"
    timeout -s KILL 120 $test --show-output --test-threads 2 $(cat /filter) 2>&1 || echo \"guest: it ended with $?\"
done
echo guest: done
poweroff -f
";

/// In the guest with systemd the root moves too; the tests are a service.
const INIT_SYSTEMD: &str = "#!/bin/busybox sh
/bin/busybox mkdir -p /new
/bin/busybox mount -t tmpfs -o size=80% root /new
/bin/busybox cp -a /bin /sbin /lib /lib64 /usr /etc /tests /second /filter /new/
/bin/busybox mkdir -p /new/proc /new/sys /new/dev /new/tmp /new/run /new/var
exec /bin/busybox switch_root /new /lib/systemd/systemd --unit=hull-test.service
";

const SERVICE: &str = "[Unit]
Description=hull's tests
DefaultDependencies=no
[Service]
ExecStart=/second
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
Delegate=yes
";

const SECOND_SYSTEMD: &str = "#!/bin/busybox sh
export PATH=/bin:/usr/bin HOME=/
for name in sleep sh cat; do [ -e /bin/$name ] || busybox ln -s busybox /bin/$name; done
echo \"guest: $(systemctl --version | busybox head -1)\"
for test in /tests/*; do
    echo \"guest: $(busybox basename $test)\"
    busybox timeout -s KILL 120 $test --show-output --test-threads 1 $(cat /filter) 2>&1 ||
        echo \"guest: it ended with $?\"
done
echo guest: done
busybox poweroff -f
";

/// Builds, boots, reports; `filter` picks tests by name.
pub(crate) fn run(workspace: &Workspace, filter: &[String]) -> Outcome {
    let dir = workspace.at("target/vm");
    std::fs::create_dir_all(&dir)
        .map_err(|error| format!("cannot make {}: {error}", dir.display()))?;
    kernel::need("qemu-system-x86_64", "qemu-system-x86")?;
    kernel::need("busybox", "busybox-static")?;
    let kernel = kernel::get(&dir)?;
    let hull = hull(workspace)?;
    let base = || -> Result<Archive, String> {
        let mut archive = Archive::default();
        archive.file("filter", 0o644, filter.join(" ").into_bytes());
        archive.copy("bin/busybox", &kernel::busybox()?)?;
        archive.copy("bin/hull", &hull)?;
        Ok(archive)
    };
    let mut plain = base()?;
    plain.file("init", 0o755, INIT.as_bytes().to_vec());
    plain.file("second", 0o755, SECOND.as_bytes().to_vec());
    plain.link("bin/sh", "busybox");
    plain.directory("modules");
    for module in &kernel.modules {
        plain.copy(&format!("modules/{}", name(module)), module)?;
    }
    let mut lines = live(workspace, &dir, (&kernel, plain, &PLAIN))?;
    let mut systemd = base()?;
    systemd.tree("", &kernel::systemd(&dir)?)?;
    systemd.file("init", 0o755, INIT_SYSTEMD.as_bytes().to_vec());
    systemd.file("second", 0o755, SECOND_SYSTEMD.as_bytes().to_vec());
    let unit = "etc/systemd/system/hull-test.service";
    systemd.file(unit, 0o644, SERVICE.as_bytes().to_vec());
    systemd.file("etc/passwd", 0o644, b"root:x:0:0:root:/:/bin/sh\n".to_vec());
    systemd.file("etc/machine-id", 0o644, b"".to_vec());
    lines.extend(live(workspace, &dir, (&kernel, systemd, &SYSTEMD))?);
    judge(&lines)
}

/// Adds the tests to a guest's file system, and boots it.
fn live(
    workspace: &Workspace,
    dir: &Path,
    (kernel, mut archive, names): (&kernel::Kernel, Archive, &[&str]),
) -> Result<Vec<String>, String> {
    for test in tests(workspace, names)? {
        archive.copy(&format!("tests/{}", name(&test)), &test)?;
    }
    let image = dir.join("initramfs");
    archive.write(&image)?;
    let begin = Instant::now();
    let lines = boot(&kernel.image, &image)?;
    println!("the guest lived {:.1} s", begin.elapsed().as_secs_f64());
    Ok(lines)
}

/// The last part of a path.
fn name(path: &Path) -> &str {
    path.file_name()
        .and_then(|name| name.to_str())
        .unwrap_or("file")
}

/// The binary under test.
fn hull(workspace: &Workspace) -> Result<PathBuf, String> {
    crate::workspace::run(&mut workspace.cargo(&["build", "--package", "hull-cli"]))?;
    Ok(workspace.built().join("debug/hull"))
}

/// The test binaries, built.
fn tests(workspace: &Workspace, names: &[&str]) -> Result<Vec<PathBuf>, String> {
    let mut cargo = workspace.cargo(&["test", "--no-run", "--message-format=json"]);
    cargo
        .args(["--package", "hull-runtime"])
        .stderr(Stdio::inherit());
    for name in names {
        cargo.args(["--test", name]);
    }
    let text = output(&mut cargo)?;
    let executable = |line: &str| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message.get("executable")?.as_str()?))
    };
    let found: Vec<PathBuf> = text.lines().filter_map(executable).collect();
    if found.len() == names.len() {
        return Ok(found);
    }
    Err(format!(
        "cargo built {} of {} tests",
        found.len(),
        names.len()
    ))
}

/// A guest that does not outlive this tool's interest in it.
struct Guest(Child);

impl Drop for Guest {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Boots the guest, shows what it says and gives it back line by line.
fn boot(kernel: &Path, image: &Path) -> Result<Vec<String>, String> {
    let mut qemu = Command::new("qemu-system-x86_64");
    // Hardware help is slower than none on machines that only pretend to have it.
    qemu.args([
        "-accel",
        "tcg,thread=multi",
        "-cpu",
        "max",
        "-M",
        "pc",
        "-m",
        "2G",
        "-smp",
        "2",
    ]);
    qemu.args(["-nographic", "-no-reboot", "-nic", "none", "-kernel"]);
    qemu.arg(kernel).arg("-initrd").arg(image);
    qemu.args([
        "-append",
        "console=ttyS0 quiet panic=-1 cgroup_no_v1=all mitigations=off",
    ]);
    qemu.stdin(Stdio::null()).stdout(Stdio::piped());
    let child = qemu
        .spawn()
        .map_err(|error| format!("cannot start the guest: {error}"))?;
    let mut guest = Guest(child);
    let out = guest.0.stdout.take().ok_or("the guest has no output")?;
    let reader = thread::spawn(move || {
        let mut lines = Vec::new();
        for line in BufReader::new(out).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            println!("  {line}");
            lines.push(line);
        }
        lines
    });
    let end = Instant::now() + PATIENCE;
    while !reader.is_finished() {
        if Instant::now() > end {
            return Err(format!(
                "the guest was not done after {} s",
                PATIENCE.as_secs()
            ));
        }
        thread::sleep(Duration::from_millis(50));
    }
    reader
        .join()
        .map_err(|_| "the guest's output could not be read".to_owned())
}

/// Fails unless every test binary ended well.
fn judge(lines: &[String]) -> Outcome {
    let (mut passed, mut failed, mut binaries) = (0, 0, 0);
    for line in lines.iter().filter(|line| line.starts_with("test result:")) {
        let count = |word: &str| -> u64 {
            let before = line.split(word).next().unwrap_or_default();
            before
                .rsplit(' ')
                .find_map(|part| part.parse().ok())
                .unwrap_or(0)
        };
        passed += count(" passed");
        failed += count(" failed");
        binaries += 1;
    }
    println!("{passed} passed, {failed} failed");
    if failed > 0 {
        return Err("tests failed in the guest".to_owned());
    }
    if binaries < PLAIN.len() + SYSTEMD.len() || !lines.iter().any(|line| line == "guest: done") {
        return Err("the guest did not get through its tests".to_owned());
    }
    Ok(())
}
