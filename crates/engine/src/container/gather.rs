//! Asking the host what a runtime spec needs to know.
//!
//! Leaves every decision to `spec`. Invariant: what a wish does not need is not asked for, because
//! each question costs a start some microseconds.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use hull_model::container::config::ContainerConfig;
use hull_model::container::device::Device;

use crate::container::spec::input::{BlockNumbers, DeviceNode, HostFacts};
use crate::context::Context;
use crate::error::{Error, SpecError};

/// Facts that `config`'s spec depends on.
pub fn host(context: &Context, config: &ContainerConfig) -> Result<HostFacts, Error> {
    let resources = &config.resources;
    let counts = resources.nano_cpus.is_some()
        || resources.cpuset_cpus.is_some()
        || resources.cpuset_mems.is_some();
    let mut facts = HostFacts {
        cgroup_v2: is_cgroup_v2(),
        apparmor: apparmor(),
        // Asking takes eighty calls, and the runtime gives no more than is held anyway.
        capabilities: match asks_for_capabilities(config) {
            true => context.capabilities()?,
            false => u64::MAX,
        },
        masks: thermal_masks(),
        ..HostFacts::default()
    };
    if counts {
        facts.cpuset = read("/sys/devices/system/cpu/online");
        facts.memory_nodes = read("/sys/devices/system/node/online");
        facts.cpus = std::thread::available_parallelism()
            .ok()
            .and_then(|count| u32::try_from(count.get()).ok())
            .unwrap_or(1);
        if facts.memory_nodes.is_empty() {
            facts.memory_nodes = "0".into();
        }
    }
    if config.oom_score_adj.is_some() {
        facts.oom_score_adj = read("/proc/self/oom_score_adj").parse().unwrap_or(0);
    }
    if config.mounts.iter().any(|mount| mount.read_only) {
        facts.recursive_read_only = hull_sys::mount::has_attribute_calls();
    }
    Ok(facts)
}

fn asks_for_capabilities(config: &ContainerConfig) -> bool {
    config.privileged
        || !config.cap_add.is_empty()
        || config.oom_score_adj.is_some()
        || config.runtime.is_some()
}

/// All controllers are on the unified hierarchy: it is mounted where version 1 has a tmpfs.
fn is_cgroup_v2() -> bool {
    const CGROUP2_SUPER_MAGIC: i64 = 0x6367_7270;
    rustix::fs::statfs("/sys/fs/cgroup").is_ok_and(|fs| fs.f_type == CGROUP2_SUPER_MAGIC)
}

/// The host's own name.
pub fn hostname() -> String {
    read("/proc/sys/kernel/hostname")
}

fn read(path: &str) -> String {
    fs::read_to_string(path)
        .map(|text| text.trim().to_owned())
        .unwrap_or_default()
}

/// `docker-default` where AppArmor is on and somebody loaded it.
fn apparmor() -> Option<String> {
    if !read("/sys/module/apparmor/parameters/enabled").starts_with('Y') {
        return None;
    }
    let loaded = read("/sys/kernel/security/apparmor/profiles");
    let named = loaded
        .lines()
        .any(|line| line.starts_with("docker-default "));
    Some(if named {
        "docker-default".into()
    } else {
        String::new()
    })
}

/// Interrupt counts of the CPUs tell secrets of their neighbours; masked where the host has them.
fn thermal_masks() -> Vec<String> {
    let path = |cpu: usize| format!("/sys/devices/system/cpu/cpu{cpu}/thermal_throttle");
    (0..)
        .map(path)
        .take_while(|path| Path::new(path).exists())
        .collect()
}

/// The nodes `--device` asks for: one, or all below a directory.
pub fn devices(wishes: &[Device]) -> Result<Vec<DeviceNode>, SpecError> {
    let mut nodes = Vec::new();
    for wish in wishes {
        let path = wish.host.clone();
        let failed = |source| SpecError::Device {
            path: path.clone(),
            source,
        };
        let real = fs::canonicalize(&wish.host).map_err(failed)?;
        let meta = fs::metadata(&real).map_err(failed)?;
        if meta.is_dir() {
            below(&real, &wish.container, &wish.permissions, &mut nodes).map_err(failed)?;
        } else {
            let node = node(&meta, &wish.container, &wish.permissions);
            let other = || io::Error::new(io::ErrorKind::InvalidInput, "not a device node");
            nodes.push(node.ok_or_else(|| failed(other()))?);
        }
    }
    Ok(nodes)
}

/// Every device node of the host, for privileged containers.
pub fn host_devices() -> Result<Vec<DeviceNode>, SpecError> {
    let mut nodes = Vec::new();
    below(Path::new("/dev"), "/dev", "rwm", &mut nodes).map_err(|source| SpecError::Device {
        path: "/dev".into(),
        source,
    })?;
    Ok(nodes)
}

fn below(dir: &Path, at: &str, permissions: &str, nodes: &mut Vec<DeviceNode>) -> io::Result<()> {
    // File systems of their own, which a container has for itself.
    const SKIPPED: &[&str] = &["pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev"];
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // A node that has just gone is no node.
        let Ok(meta) = fs::symlink_metadata(entry.path()) else {
            continue;
        };
        let target = format!("{}/{name}", at.trim_end_matches('/'));
        if meta.is_dir() {
            if !SKIPPED.contains(&name.as_ref()) {
                below(&entry.path(), &target, permissions, nodes)?;
            }
        } else if name != "console" {
            nodes.extend(node(&meta, &target, permissions));
        }
    }
    Ok(())
}

/// The node, if it is one.
pub fn node(meta: &fs::Metadata, path: &str, permissions: &str) -> Option<DeviceNode> {
    let kind = match () {
        () if meta.file_type().is_char_device() => 'c',
        () if meta.file_type().is_block_device() => 'b',
        () => return None,
    };
    Some(DeviceNode {
        path: path.to_owned(),
        kind,
        major: rustix::fs::major(meta.rdev()),
        minor: rustix::fs::minor(meta.rdev()),
        mode: meta.mode(),
        uid: meta.uid(),
        gid: meta.gid(),
        permissions: permissions.to_owned(),
    })
}

/// Numbers of the block devices that limits name.
pub fn block_numbers(config: &ContainerConfig) -> Result<BlockNumbers, SpecError> {
    let wish = &config.resources;
    let lists = [
        &wish.blkio_weight_device,
        &wish.device_read_bps,
        &wish.device_write_bps,
        &wish.device_read_iops,
        &wish.device_write_iops,
    ];
    let mut numbers = BlockNumbers::new();
    for one in lists.into_iter().flatten() {
        let failed = |source| SpecError::Device {
            path: one.path.clone(),
            source,
        };
        let meta = fs::metadata(&one.path).map_err(failed)?;
        if meta.file_type().is_block_device() {
            let number = (
                rustix::fs::major(meta.rdev()),
                rustix::fs::minor(meta.rdev()),
            );
            numbers.insert(one.path.clone(), number);
        }
    }
    Ok(numbers)
}
