//! A container's groups, one per hierarchy: making, limiting, joining and removing them.
//!
//! What to write is `v1`, `v2` and `devices`; holding processes still and ending them is `freeze`
//! and `kill`. Invariant: a `Cgroup` is named by its path alone, so any later process finds the
//! same groups again, and making one that fails leaves no new group behind.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use hull_oci::runtime_spec::Resources;

use super::devices::Policy;
use super::error::Error;
use super::group::{Group, absent};
use super::location::Location;
use super::mode::CgroupMode;
use super::settings::Setting;
use super::{device_program, remove, systemd, v1, v2};

/// Controllers whose group every container joins; the others' only when a limit asks for it.
const ALWAYS: [&str; 7] = [
    "cpu", "cpuacct", "memory", "pids", "devices", "freezer", "blkio",
];

/// A container's groups.
#[derive(Debug)]
pub struct Cgroup {
    pub(super) location: Location,
    pub(super) members: Vec<Member>,
    /// The group in the version 2 tree: the only one on a version 2 host, and on a hybrid one the
    /// group beside the others.
    pub(super) unified: Option<Group>,
    pub(super) is_v2: bool,
}

/// A container's group in one version 1 hierarchy.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) controllers: Vec<String>,
    pub(super) root: PathBuf,
    pub(super) group: Group,
}

impl Member {
    pub(super) fn has(&self, controller: &str) -> bool {
        self.controllers.iter().any(|own| own == controller)
    }
}

/// What a child needs to put itself into its groups, opened by its parent.
#[derive(Debug, Default)]
pub struct Join {
    /// `tasks` files of version 1: the child, single-threaded, writes "0" into each
    /// (`hull_sys::cgroupfs::join_v1`), before it unshares its cgroup namespace.
    pub tasks: Vec<OwnedFd>,
    /// Directory of the version 2 group, for CLONE_INTO_CGROUP.
    pub unified: Option<OwnedFd>,
}

impl Cgroup {
    /// The groups of a container at `location`; nothing is looked at or made.
    pub fn open(mode: &CgroupMode, location: &Location) -> Self {
        let path = location.path();
        let below = |mount: &Path| mount.join(path.trim_start_matches('/'));
        let members = mode.hierarchies().iter().map(|one| Member {
            controllers: one.controllers.clone(),
            root: one.mount.clone(),
            group: Group::at(below(&one.mount)),
        });
        Self {
            location: location.clone(),
            members: members.collect(),
            unified: mode.unified().map(|mount| Group::at(below(mount))),
            is_v2: mode.is_v2(),
        }
    }

    /// Makes the groups of a container at `location` and sets its limits. With a systemd location
    /// the unit is started first, around the calling process's `pid`, which must be the
    /// container's first.
    pub fn create(
        mode: &CgroupMode,
        location: &Location,
        resources: &Resources,
    ) -> Result<Self, Error> {
        let mut cgroup = Self::open(mode, location);
        let mut made = Vec::new();
        let done = if cgroup.is_v2 {
            cgroup.create_v2(mode, resources, &mut made)
        } else {
            cgroup.create_v1(resources, &mut made)
        };
        if let Err(error) = done {
            for path in made.iter().rev() {
                // The error that led here tells more than one of this clean-up would.
                drop(std::fs::remove_dir(path));
            }
            return Err(error);
        }
        Ok(cgroup)
    }

    /// As [`Cgroup::create`] for a systemd location: asks systemd for the unit with `pid` in it,
    /// then sets what a unit has no property for.
    pub fn create_unit(
        mode: &CgroupMode,
        location: &Location,
        resources: &Resources,
        pid: i32,
    ) -> Result<Self, Error> {
        if let Location::Unit { slice, unit } = location {
            systemd::start(slice, unit, pid, resources, mode.is_v2())?;
        }
        let cgroup = Self::create(mode, location, resources)?;
        cgroup.adopt(pid)?;
        Ok(cgroup)
    }

    fn create_v1(&mut self, resources: &Resources, made: &mut Vec<PathBuf>) -> Result<(), Error> {
        let settings = v1::settings(resources)?;
        let policy = Policy::of(&resources.devices)?;
        self.require(&settings, !resources.devices.is_empty())?;
        let wanted = |member: &Member| {
            let asked = |name: &String| settings.iter().any(|one| one.controller == name);
            let always = |name: &String| {
                ALWAYS.contains(&name.as_str()) || (name == "name=systemd" && systemd::is_running())
            };
            member
                .controllers
                .iter()
                .any(|name| always(name) || asked(name))
        };
        self.members.retain(wanted);
        // Limits are version 1's here; the group beside them is not made, see `docs/decisions`.
        self.unified = None;
        for member in &self.members {
            if make_v1(member)? {
                made.push(member.group.path().to_owned());
            }
            write_v1(member, &settings)?;
            if member.has("devices") {
                write_lines(&member.group, &policy.v1_lines())?;
            }
        }
        Ok(())
    }

    fn create_v2(
        &mut self,
        mode: &CgroupMode,
        resources: &Resources,
        made: &mut Vec<PathBuf>,
    ) -> Result<(), Error> {
        let settings = v2::settings(resources)?;
        let policy = Policy::of(&resources.devices)?;
        let (Some(group), Some(root)) = (&self.unified, mode.unified()) else {
            return Ok(());
        };
        match group.make() {
            Ok(true) => made.push(group.path().to_owned()),
            Ok(false) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make_parents(group)?;
                v2::hand_down(root, group.path())?;
                if group.make().map_err(|source| make_error(group, source))? {
                    made.push(group.path().to_owned());
                }
            }
            Err(source) => return Err(make_error(group, source)),
        }
        write_v2(group, root, &settings)?;
        set_device_filter(group, &policy)
    }

    /// Refuses settings whose controller is nowhere.
    fn require(&self, settings: &[Setting], devices: bool) -> Result<(), Error> {
        let rules = devices.then(|| Setting::new("devices", "devices.allow", ""));
        for one in settings.iter().chain(&rules) {
            if !self.members.iter().any(|member| member.has(one.controller)) {
                let (setting, controller) = (one.file.clone(), one.controller.to_owned());
                return Err(Error::NoController {
                    setting,
                    controller,
                });
            }
        }
        Ok(())
    }

    /// The group's path below the root of each hierarchy.
    pub fn path(&self) -> String {
        self.location.path()
    }

    /// Directories of the groups that exist, by controller; the version 2 one under "".
    pub fn paths(&self) -> BTreeMap<String, PathBuf> {
        let mut paths = BTreeMap::new();
        for member in self.members.iter().filter(|member| member.group.exists()) {
            for name in &member.controllers {
                let name = name.strip_prefix("name=").unwrap_or(name);
                paths.insert(name.to_owned(), member.group.path().to_owned());
            }
        }
        if let Some(group) = self.unified.as_ref().filter(|group| group.exists()) {
            paths.insert(String::new(), group.path().to_owned());
        }
        paths
    }

    /// Whether any of the groups exists.
    pub fn exists(&self) -> bool {
        self.groups().any(Group::exists)
    }

    /// Opens what a child needs to join the groups that exist.
    pub fn join_plan(&self) -> Result<Join, Error> {
        let mut join = Join::default();
        for member in &self.members {
            match member.group.open_for_writing("tasks") {
                Ok(tasks) => join.tasks.push(tasks),
                Err(Error::Open { source, .. }) if absent(&source) => {}
                Err(error) => return Err(error),
            }
        }
        if let Some(group) = &self.unified {
            match hull_sys::cgroupfs::Dir::open(group.path()) {
                Ok(dir) => join.unified = Some(dir.into()),
                Err(error) if absent(&error) && !self.is_v2 => {}
                Err(source) => {
                    return Err(Error::Open {
                        path: group.path().to_owned(),
                        source,
                    });
                }
            }
        }
        Ok(join)
    }

    /// Changes the limits of a container to `resources`; what they leave out stays as it is.
    pub fn apply(&self, resources: &Resources) -> Result<(), Error> {
        if let Location::Unit { unit, .. } = &self.location {
            systemd::set_properties(unit, resources, self.is_v2)?;
        }
        if self.is_v2 {
            let settings = v2::settings(resources)?;
            let Some(group) = &self.unified else {
                return Ok(());
            };
            v2::check_before_update(group, resources)?;
            v2::write(group, &settings)?;
            if !resources.devices.is_empty() {
                set_device_filter(group, &Policy::of(&resources.devices)?)?;
            }
            return Ok(());
        }
        let settings = v1::settings(resources)?;
        self.require(&settings, !resources.devices.is_empty())?;
        for member in &self.members {
            if settings.iter().any(|one| member.has(one.controller)) {
                if !member.group.exists() {
                    make_v1(member)?;
                    self.move_into(&member.group)?;
                }
                write_v1(member, &settings)?;
            }
            if member.has("devices") && !resources.devices.is_empty() {
                let next = Policy::of(&resources.devices)?;
                let now = Policy::from_v1_list(&member.group.read("devices.list")?);
                let lines = now.map_or_else(|| next.v1_lines(), |now| next.v1_changes(&now));
                write_lines(&member.group, &lines)?;
            }
        }
        Ok(())
    }

    /// Moves every process of the container into one more group.
    fn move_into(&self, target: &Group) -> Result<(), Error> {
        for pid in self.pids()? {
            move_process(target, pid)?;
        }
        Ok(())
    }

    /// Moves `pid` into all the groups, for those who could not let the child join by itself.
    pub fn adopt(&self, pid: i32) -> Result<(), Error> {
        for group in self.groups().filter(|group| group.exists()) {
            move_process(group, pid)?;
        }
        Ok(())
    }

    /// Every process in the groups and the groups below them.
    pub fn pids(&self) -> Result<Vec<i32>, Error> {
        let Some(group) = self.reference() else {
            return Ok(Vec::new());
        };
        let mut pids = Vec::new();
        for one in group.with_descendants()? {
            match one.pids() {
                Ok(own) => pids.extend(own),
                Err(Error::Read { source, .. } | Error::Open { source, .. }) if absent(&source) => {
                }
                Err(error) => return Err(error),
            }
        }
        Ok(pids)
    }

    /// Removes the groups, with those the container made inside; processes still leaving are
    /// waited for, others make it fail.
    pub fn remove(&self) -> Result<(), Error> {
        if let Location::Unit { unit, .. } = &self.location {
            systemd::stop(unit)?;
        }
        self.groups()
            .try_for_each(|group| remove::remove(group.path()))
    }

    /// The group to ask which processes there are.
    fn reference(&self) -> Option<&Group> {
        let preferred = ["pids", "freezer", "devices", "memory"];
        let member = |name: &&str| {
            self.members
                .iter()
                .find(|m| m.has(name) && m.group.exists())
        };
        let of_v1 = preferred
            .iter()
            .find_map(member)
            .map(|member| &member.group);
        of_v1
            .or(self.unified.as_ref())
            .filter(|group| group.exists())
    }

    pub(super) fn member(&self, controller: &str) -> Option<&Group> {
        self.members
            .iter()
            .find(|member| member.has(controller))
            .map(|member| &member.group)
    }

    pub(super) fn groups(&self) -> impl Iterator<Item = &Group> {
        self.members
            .iter()
            .map(|member| &member.group)
            .chain(&self.unified)
    }
}

fn make_error(group: &Group, source: io::Error) -> Error {
    Error::Make {
        path: group.path().to_owned(),
        source,
    }
}

fn make_parents(group: &Group) -> Result<(), Error> {
    let Some(parent) = group.path().parent() else {
        return Ok(());
    };
    std::fs::create_dir_all(parent).map_err(|source| Error::Make {
        path: parent.to_owned(),
        source,
    })
}

/// Makes a version 1 group and the ones above it; `false` when it was there.
fn make_v1(member: &Member) -> Result<bool, Error> {
    let group = &member.group;
    let made = match group.make() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make_parents(group)?;
            group.make()
        }
        other => other,
    };
    let made = made.map_err(|source| make_error(group, source))?;
    if member.has("cpuset") {
        v1::inherit_cpuset(group, &member.root)?;
    }
    Ok(made)
}

fn write_v1(member: &Member, settings: &[Setting]) -> Result<(), Error> {
    let own: Vec<&Setting> = settings
        .iter()
        .filter(|one| member.has(one.controller))
        .collect();
    if own.is_empty() {
        return Ok(());
    }
    v1::write(&member.group, &member.root, &own)
}

/// Writes settings; controllers that nobody handed down yet are, and then it is tried once more.
fn write_v2(group: &Group, root: &Path, settings: &[Setting]) -> Result<(), Error> {
    match v2::write(group, settings) {
        Err(Error::NoFile { .. }) => {}
        other => return other,
    }
    v2::hand_down(root, group.path())?;
    match v2::write(group, settings) {
        Err(Error::NoFile { setting }) => Err(explain(group, setting)),
        other => other,
    }
}

/// Tells a missing controller from a missing file.
fn explain(group: &Group, setting: String) -> Error {
    let controller = setting.split('.').next().unwrap_or_default().to_owned();
    let has = group.read("cgroup.controllers").unwrap_or_default();
    if has.split_whitespace().any(|name| name == controller) {
        Error::NoFile { setting }
    } else {
        Error::NoController {
            setting,
            controller,
        }
    }
}

/// Writes device lines; each file takes many lines, one per write, and is opened once.
fn write_lines(group: &Group, lines: &[(&'static str, String)]) -> Result<(), Error> {
    use std::os::fd::AsFd;
    let mut open: Option<(&str, OwnedFd)> = None;
    for (name, value) in lines {
        let file = match open.take() {
            Some((known, file)) if known == *name => file,
            _ => group.open_for_writing(name)?,
        };
        hull_sys::cgroupfs::write_once(file.as_fd(), value)
            .map_err(|source| group.write_error(name, value, source))?;
        open = Some((name, file));
    }
    Ok(())
}

fn set_device_filter(group: &Group, policy: &Policy) -> Result<(), Error> {
    use std::os::fd::AsFd;
    let path = || group.path().to_owned();
    let dir = group.dir()?;
    let failed = |source| Error::DeviceFilter {
        path: path(),
        source,
    };
    if policy.is_open() && hull_sys::bpf::device_filters(dir.as_fd()).is_ok_and(|l| l.is_empty()) {
        return Ok(());
    }
    let program = device_program::compile(policy);
    hull_sys::bpf::replace_device_filter(dir.as_fd(), &program).map_err(failed)
}

fn move_process(group: &Group, pid: i32) -> Result<(), Error> {
    const ESRCH: i32 = 3;
    match group.try_write("cgroup.procs", &pid.to_string())? {
        Err(error) if error.raw_os_error() == Some(ESRCH) => Ok(()),
        Err(source) => Err(Error::Process {
            verb: "move",
            pid,
            source,
        }),
        Ok(()) => Ok(()),
    }
}
