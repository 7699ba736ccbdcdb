//! Making a remembered container: in two steps, or running at once.

use std::fs;
use std::path::{Path, PathBuf};

use hull_sys::seqpacket;

use super::record::{CONFIG, Container, Containers, DOOR, Record};
use crate::{Create, Error, Result, Running};

/// What is remembered about a container besides what it is made from.
#[derive(Debug)]
pub struct Wish<'a> {
    /// How to make it.
    pub create: Create<'a>,
    /// The time now, RFC 3339.
    pub created: String,
    /// Name of the user who makes it.
    pub owner: String,
}

impl Containers {
    /// Makes a container whose program waits for [`Container::start`].
    pub fn create(&self, wish: Wish<'_>) -> Result<(Container, Running)> {
        self.make(wish, |create, dir| {
            let door = seqpacket::listen_at(dir, DOOR).map_err(|source| Error::State {
                verb: "listen at",
                path: dir.join(DOOR),
                source,
            })?;
            crate::create(create, &door)
        })
    }

    /// Makes a container and executes its program.
    pub fn run(&self, wish: Wish<'_>) -> Result<(Container, Running)> {
        self.make(wish, |create, _| crate::run(create))
    }

    fn make(
        &self,
        wish: Wish<'_>,
        act: impl FnOnce(Create<'_>, &Path) -> Result<Running>,
    ) -> Result<(Container, Running)> {
        let dir = self.claim(wish.create.id)?;
        let bundle = wish.create.bundle;
        let made = remember(&wish, dir.clone()).and_then(|mut container| {
            let running = act(wish.create, &dir)?;
            container.record.pid = running.pid;
            container.record.start_time = running.start_time;
            container.record.root_mount = crate::create::mount_at(&bundle.spec, &bundle.rootfs());
            match container.save() {
                Ok(()) => Ok((container, running)),
                Err(error) => {
                    crate::create::undo_running(&running);
                    Err(error)
                }
            }
        });
        if made.is_err() {
            // The first error tells more than one of the clean-up would.
            drop(fs::remove_dir_all(&dir));
        }
        made
    }
}

/// Writes down what is known before there is a process, so that a create killed halfway can be
/// deleted with its cgroups.
fn remember(wish: &Wish<'_>, dir: PathBuf) -> Result<Container> {
    let create = &wish.create;
    let spec = &create.bundle.spec;
    let path = dir.join(CONFIG);
    let bytes = serde_json::to_vec(spec).map_err(Error::WriteState)?;
    fs::write(&path, bytes).map_err(|source| Error::State {
        verb: "write",
        path,
        source,
    })?;
    let linux = spec.linux.as_ref();
    let container = Container {
        dir,
        record: Record {
            form: Record::FORM,
            id: create.id.to_owned(),
            bundle: create.bundle.dir.clone(),
            rootfs: create.bundle.rootfs(),
            created: wish.created.clone(),
            owner: wish.owner.clone(),
            pid: 0,
            start_time: 0,
            root_mount: None,
            cgroups_path: linux
                .map(|linux| linux.cgroups_path.clone())
                .unwrap_or_default(),
            systemd_cgroup: create.systemd_cgroup,
            annotations: spec.annotations.clone(),
        },
    };
    container.save_first()?;
    Ok(container)
}
