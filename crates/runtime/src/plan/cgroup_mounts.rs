//! The mounts that show a container its cgroups.
//!
//! Invariant: a hierarchy the container has no group in is not shown, so that it never sees another
//! container's.

use std::path::Path;

use hull_oci::runtime_spec::Mount as Wish;

use super::mounts::{Mount, Setting};
use super::step::Step;
use super::text;
use crate::Result;
use crate::cgroup::{Cgroup, CgroupMode};

const FIELD: &str = "mounts.destination";

/// What decides how cgroups are shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Groups<'a> {
    /// The host's hierarchies.
    pub(super) mode: &'a CgroupMode,
    /// The container's groups.
    pub(super) cgroup: &'a Cgroup,
    /// Whether the container has a cgroup namespace of its own.
    pub(super) own: bool,
}

impl Groups<'_> {
    /// The mounts that show a container its cgroups: one of version 2, or a directory with one of
    /// version 1 per hierarchy the container has a group in.
    pub(super) fn mounts(self, wish: &Wish, setting: &Setting<'_>) -> Result<Vec<Step>> {
        let Self { mode, cgroup, own } = self;
        if mode.is_v2() || wish.kind == "cgroup2" {
            let mut one = Wish {
                kind: "cgroup2".to_owned(),
                source: "cgroup".to_owned(),
                ..wish.clone()
            };
            if let Some(path) = cgroup.paths().remove("").filter(|_| !own) {
                one = bind_of(&path, wish);
            }
            return Ok(vec![Step::Mount(Mount::plan(&one, setting)?)]);
        }
        let without_ro: Vec<String> = wish
            .options
            .iter()
            .filter(|o| *o != "ro")
            .cloned()
            .collect();
        let base = Wish {
            kind: "tmpfs".to_owned(),
            source: "tmpfs".to_owned(),
            options: without_ro
                .into_iter()
                .chain(["mode=755".to_owned()])
                .collect(),
            ..wish.clone()
        };
        let mut steps = vec![Step::Mount(Mount::plan(&base, setting)?)];
        let mut links = Vec::new();
        let place = wish.destination.trim_end_matches('/');
        let paths = cgroup.paths();
        for hierarchy in mode.hierarchies() {
            let first = hierarchy.controllers.first().map_or("", String::as_str);
            let bare = first.strip_prefix("name=").unwrap_or(first);
            let Some(group) = paths.get(bare) else {
                continue;
            };
            let name = hierarchy
                .mount
                .file_name()
                .map_or(bare.into(), |name| name.to_string_lossy());
            let mut one = bind_of(group, wish);
            if own {
                one.kind = "cgroup".to_owned();
                one.source = "cgroup".to_owned();
                one.options.retain(|option| option != "bind");
                one.options.extend(hierarchy.controllers.iter().cloned());
            }
            one.destination = format!("{place}/{name}");
            steps.push(Step::Mount(Mount::plan(&one, setting)?));
            for controller in hierarchy.controllers.iter().filter(|c| **c != name) {
                let link = controller.strip_prefix("name=").unwrap_or(controller);
                if link != name {
                    links.push((text::of(FIELD, link)?, text::of(FIELD, name.as_ref())?));
                }
            }
        }
        if !links.is_empty() {
            let (dir, nodes) = (text::of(FIELD, place)?, Vec::new());
            steps.push(Step::Fill { dir, nodes, links });
        }
        if wish.options.iter().any(|option| option == "ro") {
            steps.push(Step::Freeze(text::of(FIELD, place)?));
        }
        Ok(steps)
    }
}

fn bind_of(path: &Path, wish: &Wish) -> Wish {
    let mut options = wish.options.clone();
    options.retain(|option| option != "relatime");
    options.push("bind".to_owned());
    Wish {
        destination: wish.destination.clone(),
        kind: "bind".to_owned(),
        source: path.to_string_lossy().into_owned(),
        options,
        ..Wish::default()
    }
}
