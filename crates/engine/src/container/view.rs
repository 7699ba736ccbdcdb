//! What `ps` and `inspect` show beyond a row: image names, labels, mounts, times.
//!
//! Invariant: an image is looked up once per command, however many containers were made of it.

use std::collections::BTreeMap;

use hull_model::container::mount::MountKind;
use hull_model::container::namespace::NetworkMode;
use hull_oci::Digest;
use hull_oci::image_config::ContainerDefaults;
use hull_state::ContainerRow;

use crate::container::binds;
use crate::container::effective::Effective;
use crate::container::facts::Observed;
use crate::context::Context;
use crate::error::Error;

/// Images of the containers at hand.
pub struct Images<'a> {
    context: &'a Context,
    defaults: BTreeMap<Digest, ContainerDefaults>,
    meanings: BTreeMap<String, Option<Digest>>,
}

impl<'a> Images<'a> {
    /// None looked up yet.
    pub fn new(context: &'a Context) -> Self {
        Self {
            context,
            defaults: BTreeMap::new(),
            meanings: BTreeMap::new(),
        }
    }

    /// The wish of `row` laid over its image; over nothing when the image has gone.
    pub fn effective(&mut self, row: &ContainerRow) -> Result<Effective, Error> {
        let config = row.config.get()?;
        let Some(id) = &row.image_id else {
            return Ok(Effective::new(config, &ContainerDefaults::default()));
        };
        if !self.defaults.contains_key(id) {
            let defaults = match self.context.ledger.images().get(id)? {
                Some(image) => hull_image::list::config_of(&image)?.config,
                None => ContainerDefaults::default(),
            };
            self.defaults.insert(id.clone(), defaults);
        }
        let none = ContainerDefaults::default();
        Ok(Effective::new(
            config,
            self.defaults.get(id).unwrap_or(&none),
        ))
    }

    /// The image as the user wrote it, while that still means this image; else its short id.
    pub fn shown_name(&mut self, row: &ContainerRow) -> Result<String, Error> {
        let Some(id) = &row.image_id else {
            return Ok(row.image_name.clone());
        };
        if !self.meanings.contains_key(&row.image_name) {
            let store = self.context.store();
            let meaning = match hull_image::resolve::resolve(&store, &row.image_name) {
                Ok(image) => Some(image.id),
                Err(hull_image::Error::NoSuchImage { .. }) => None,
                Err(error) => return Err(error.into()),
            };
            self.meanings.insert(row.image_name.clone(), meaning);
        }
        let same = self
            .meanings
            .get(&row.image_name)
            .is_some_and(|meaning| meaning.as_ref() == Some(id));
        Ok(if same {
            row.image_name.clone()
        } else {
            id.short().to_owned()
        })
    }
}

/// When a container last ran and how it ended, from whoever knows it best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Life {
    /// Last start.
    pub started_at: Option<i64>,
    /// Last exit.
    pub finished_at: Option<i64>,
    /// Its code.
    pub exit_code: i32,
    /// The OOM killer was involved.
    pub oom_killed: bool,
    /// Restarts by policy.
    pub restart_count: u32,
}

impl Life {
    /// The life of `row`'s container.
    pub fn of(row: &ContainerRow, observed: &Observed) -> Self {
        let time = |nanos: u64| i64::try_from(nanos).unwrap_or(i64::MAX);
        let mut life = Self {
            started_at: row.started_at,
            finished_at: row.exit.map(|exit| exit.finished_at),
            exit_code: row.exit.map_or(0, |exit| exit.code),
            oom_killed: row.exit.is_some_and(|exit| exit.oom_killed),
            restart_count: row.restart_count,
        };
        if let Some(state) = &observed.facts.state {
            life.started_at = Some(time(state.started_at));
            life.restart_count = state.restart_count;
        }
        if let Some(record) = &observed.record {
            life.finished_at = Some(time(record.finished_at));
            life.exit_code = record.code;
            life.oom_killed = record.oom_killed;
            life.restart_count = record.restart_count;
            if record.started_at != 0 {
                life.started_at = Some(time(record.started_at));
            }
        }
        if observed.status.is_alive() {
            life.exit_code = 0;
            life.oom_killed = false;
        }
        life
    }
}

/// Docker's word for a network mode.
pub fn network_name(mode: &NetworkMode) -> String {
    match mode {
        NetworkMode::Default | NetworkMode::None => "none".into(),
        NetworkMode::Host => "host".into(),
        NetworkMode::Container(name) => format!("container:{name}"),
        NetworkMode::Named(name) => name.clone(),
    }
}

/// Host paths of binds and names of volumes.
pub fn mount_sources(
    context: &Context,
    row: &ContainerRow,
    effective: &Effective,
) -> Result<Vec<String>, Error> {
    let config = row.config.get()?;
    let dir = context.paths.container(&row.id);
    let binds = config
        .mounts
        .iter()
        .filter(|mount| mount.kind == MountKind::Bind);
    let volumes = binds::volumes(&dir, config, effective);
    let sources = binds.map(|mount| mount.source.clone());
    Ok(sources
        .chain(volumes.into_iter().map(|volume| volume.name))
        .collect())
}
