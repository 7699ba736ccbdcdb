//! The file systems of a container, in the order in which the child makes them.
//!
//! Invariant: nothing here is attached; whatever was opened disappears with the plan.

use std::ffi::CString;
use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use hull_oci::runtime_spec::{Linux, Mount as Wish, NamespaceType, RootfsPropagation};
use hull_sys::mount::{self, Change, attribute, flag};

use super::cgroup_mounts::Groups;
use super::devices;
use super::mounts::{From, Mount, New, Setting};
use super::options::Options;
use super::step::Step;
use super::{has, invalid, makes, text};
use crate::security::labels;
use crate::usermap::UserMaps;
use crate::wish::Create;
use crate::{Error, Result};

/// How the root becomes the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RootChange {
    /// pivot_root.
    Pivot,
    /// Moved onto `/`, where pivot_root can't: on the initial RAM disk.
    Move,
    /// chroot: the container shares its caller's mount namespace.
    Enter,
}

/// The files of a container.
#[derive(Debug)]
pub(crate) struct Files {
    /// What `/` of the new mount namespace gets first; 0 for nothing.
    pub(crate) propagation: u64,
    /// Mount point around the root that must not be shared.
    pub(crate) parent: Option<CString>,
    /// Where the root is mounted.
    pub(crate) root: CString,
    pub(crate) from: From,
    pub(crate) steps: Vec<Step>,
    /// After the hooks that may still change the root.
    pub(crate) late: Vec<Step>,
    pub(crate) read_only: bool,
    /// What the new `/` gets last; 0 for nothing.
    pub(crate) last_propagation: u64,
    pub(crate) change: RootChange,
    /// Whether some tmpfs starts with a copy.
    pub(crate) copies: bool,
}

impl Files {
    /// Works out the files of `create`; `groups` are the directories of its cgroups.
    pub(crate) fn plan(
        create: &Create<'_>,
        linux: &Linux,
        cgroup: &crate::cgroup::Cgroup,
        users: &UserMaps,
    ) -> Result<Self> {
        let spec = &create.bundle.spec;
        let root = create.bundle.rootfs();
        let propagation = linux
            .rootfs_propagation
            .unwrap_or(RootfsPropagation::Default);
        let own = has(linux, NamespaceType::Mount);
        let setting = Setting {
            abilities: create.host.mounts,
            propagation: if own {
                first_propagation(propagation)
            } else {
                flag::PRIVATE
            },
            // Without a mount namespace of its own nothing may propagate to where the host looks.
            opens: !own || has(linux, NamespaceType::User),
            label: label(linux)?,
            users,
            bundle: &create.bundle.dir,
        };
        let (from, rest) = root_from(create, &root, &setting)?;
        let mut steps = Vec::new();
        for wish in rest.iter().chain(&spec.mounts) {
            check(wish)?;
            match wish.kind.as_str() {
                "cgroup" | "cgroup2" => {
                    let own = makes(linux, NamespaceType::Cgroup);
                    let groups = Groups {
                        mode: &create.host.cgroup,
                        cgroup,
                        own,
                    };
                    steps.extend(groups.mounts(wish, &setting)?);
                }
                _ => steps.push(Step::Mount(Mount::plan(wish, &setting)?)),
            }
        }
        let frozen = hold_back_read_only(&mut steps);
        if !spec.mounts.iter().any(is_dev_bind) {
            let foreign = has(linux, NamespaceType::User) || create.host.rootless;
            steps.extend(devices::fill(linux, foreign)?);
        }
        steps.extend(frozen.into_iter().map(Step::Freeze));
        let copies = steps
            .iter()
            .any(|step| matches!(step, Step::Mount(m) if m.options.copy_up));
        Ok(Self {
            propagation: if own {
                first_propagation(propagation)
            } else {
                0
            },
            parent: if own {
                shared_parent(propagation, &root)?
            } else {
                None
            },
            root: text::of_path("root.path", &root)?,
            from,
            steps,
            late: late(linux)?,
            read_only: spec.root.as_ref().is_some_and(|root| root.readonly),
            last_propagation: last_propagation(propagation),
            change: match (own, create.pivot) {
                (false, _) => RootChange::Enter,
                (true, true) => RootChange::Pivot,
                (true, false) => RootChange::Move,
            },
            copies,
        })
    }
}

/// The root's own mount, and mounts that go on top of it.
fn root_from<'a>(
    create: &Create<'a>,
    root: &Path,
    setting: &Setting<'_>,
) -> Result<(From, &'a [Wish])> {
    if let Some((first, rest)) = create.rootfs_mounts.split_first() {
        let mount = Mount::plan(first, setting)?;
        return Ok((make_early(mount, first)?, rest));
    }
    let source = text::of_path("root.path", root)?;
    let failed = |source| Error::OpenRoot {
        path: root.to_owned(),
        source,
    };
    if !fs::metadata(root).map_err(failed)?.is_dir() {
        return Err(invalid(
            "root.path",
            format!("{} is not a directory", root.display()),
        ));
    }
    if !(setting.abilities.by_descriptor && setting.abilities.attributes) {
        let recursive = true;
        return Ok((From::Bind { source, recursive }, &[]));
    }
    let tree = mount::copy(&source, true).map_err(failed)?;
    let change = Change {
        propagation: setting.propagation & !flag::RECURSIVE,
        ..Change::default()
    };
    if change.propagation != 0 {
        mount::change(tree.as_fd(), &change, true).map_err(failed)?;
    }
    Ok((From::Tree(tree), &[]))
}

/// Makes a new root file system right away, detached, where the kernel can: its complaints are
/// readable here, and its /etc/passwd is.
fn make_early(mount: Mount, wish: &Wish) -> Result<From> {
    let From::New(new) = &mount.from else {
        return Ok(mount.from);
    };
    if new.only_old {
        return Ok(mount.from);
    }
    let failed = |message: String, source| Error::MountRoot {
        kind: wish.kind.clone(),
        message,
        source,
    };
    let context = mount::Context::open(&new.kind).map_err(|e| failed(String::new(), e))?;
    let made = configure(&context, new).and_then(|()| context.mount(mount.options.set));
    match made {
        Ok(tree) => Ok(From::Tree(tree)),
        Err(error) => {
            let mut buffer = [0u8; 500];
            let length = context.message(&mut buffer);
            let message = buffer.get(..length).unwrap_or(&[]);
            let message = String::from_utf8_lossy(message).trim().to_owned();
            // A kernel before 6.5 has no `lowerdir+`; the old call takes them all at once.
            if message.contains("lowerdir+")
                || new.parameters.iter().any(|(k, _)| &**k == c"lowerdir+") && message.is_empty()
            {
                return Ok(mount.from);
            }
            Err(failed(message, error))
        }
    }
}

fn configure(context: &mount::Context, new: &New) -> std::io::Result<()> {
    context.set(c"source", &new.source)?;
    for (key, value) in &new.parameters {
        match value {
            Some(value) => context.set(key, value)?,
            None => context.set_flag(key)?,
        }
    }
    Ok(())
}

/// What makes no sense or is dangerous in a mount.
fn check(wish: &Wish) -> Result<()> {
    /// Files of procfs that may be covered by a bind mount.
    const COVERABLE: &[&str] = &[
        "/proc/cpuinfo",
        "/proc/diskstats",
        "/proc/meminfo",
        "/proc/stat",
        "/proc/swaps",
        "/proc/uptime",
        "/proc/loadavg",
        "/proc/slabinfo",
        "/proc/net/dev",
        "/proc/sys/kernel/ns_last_pid",
        "/proc/sys/crypto/fips_enabled",
    ];
    let place = wish.destination.as_str();
    if place.is_empty() {
        return Err(invalid("mounts.destination", "it is empty"));
    }
    if let Some(inside) = place.strip_prefix("/proc/")
        && !inside.is_empty()
        && wish.kind != "proc"
        && !COVERABLE.contains(&place)
    {
        return Err(invalid(
            "mounts.destination",
            format!("{place} lies inside /proc and may not be covered"),
        ));
    }
    Ok(())
}

fn is_dev_bind(wish: &Wish) -> bool {
    let place = wish.destination.trim_end_matches('/');
    place == "/dev" && Options::parse(&wish.kind, &wish.options).bind.is_some()
}

/// A read-only /dev or a tmpfs that is filled first becomes read-only only afterwards.
fn hold_back_read_only(steps: &mut [Step]) -> Vec<CString> {
    let mut places = Vec::new();
    for step in steps {
        if let Step::Mount(mount) = step
            && matches!(mount.from, From::New(_))
            && mount.options.set & attribute::READ_ONLY != 0
            && (mount.options.copy_up || mount.place.to_bytes() == b"/dev")
        {
            mount.options.set &= !attribute::READ_ONLY;
            mount.flags &= !flag::READ_ONLY;
            places.push(mount.place.clone());
        }
    }
    places
}

fn first_propagation(wish: RootfsPropagation) -> u64 {
    match wish {
        RootfsPropagation::Default
        | RootfsPropagation::Slave
        | RootfsPropagation::RecursiveSlave => flag::SLAVE | flag::RECURSIVE,
        RootfsPropagation::Shared | RootfsPropagation::RecursiveShared => 0,
        RootfsPropagation::Private
        | RootfsPropagation::RecursivePrivate
        | RootfsPropagation::Unbindable
        | RootfsPropagation::RecursiveUnbindable => flag::PRIVATE | flag::RECURSIVE,
    }
}

fn last_propagation(wish: RootfsPropagation) -> u64 {
    match wish {
        RootfsPropagation::Default => 0,
        RootfsPropagation::Private => flag::PRIVATE,
        RootfsPropagation::RecursivePrivate => flag::PRIVATE | flag::RECURSIVE,
        RootfsPropagation::Shared => flag::SHARED,
        RootfsPropagation::RecursiveShared => flag::SHARED | flag::RECURSIVE,
        RootfsPropagation::Slave => flag::SLAVE,
        RootfsPropagation::RecursiveSlave => flag::SLAVE | flag::RECURSIVE,
        RootfsPropagation::Unbindable => flag::UNBINDABLE,
        RootfsPropagation::RecursiveUnbindable => flag::UNBINDABLE | flag::RECURSIVE,
    }
}

/// With shared propagation the mount around the root would carry the container's root to the host,
/// and pivot_root refuses it: its mount point, to be made private first.
fn shared_parent(wish: RootfsPropagation, root: &Path) -> Result<Option<CString>> {
    if first_propagation(wish) != 0 {
        return Ok(None);
    }
    let real = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let table = fs::read_to_string("/proc/self/mountinfo").map_err(Error::Host)?;
    let points = table.lines().filter_map(|line| line.split(' ').nth(4));
    let around = points
        .filter(|point| real.starts_with(point))
        .max_by_key(|point| point.len());
    around.map(|point| text::of("root.path", point)).transpose()
}

/// The option that labels a file system.
fn label(linux: &Linux) -> Result<Option<String>> {
    if linux.mount_label.is_empty() {
        return Ok(None);
    }
    let modules = labels::Modules::detect();
    Ok(labels::mount_option(&linux.mount_label, &modules)?)
}

fn late(linux: &Linux) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    for path in &linux.readonly_paths {
        steps.push(Step::ReadOnly(text::of(
            "linux.readonlyPaths",
            path.as_str(),
        )?));
    }
    for path in &linux.masked_paths {
        steps.push(Step::Mask(text::of("linux.maskedPaths", path.as_str())?));
    }
    Ok(steps)
}

/// Reads a small file of the container's root before it is anybody's, for the home directory.
pub(crate) fn read_early(from: &From, root: &Path, path: &std::ffi::CStr) -> Option<String> {
    use std::io::Read;
    let opened: OwnedFd = match from {
        From::Tree(tree) => hull_sys::beneath::open_file(tree.as_fd(), path).ok()?,
        From::Bind { .. } => {
            let root = fs::File::open(root).ok()?;
            hull_sys::beneath::open_file(root.as_fd(), path).ok()?
        }
        _ => return None,
    };
    let mut text = String::new();
    let mut file = fs::File::from(opened).take(1 << 20);
    file.read_to_string(&mut text).ok()?;
    Some(text)
}
