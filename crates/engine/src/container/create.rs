//! `create`: a wish becomes a row; nothing runs yet.
//!
//! Leaves the writable layer to the first start, which prepares it when it is missing. Invariant: the
//! row is written before anything on disk carries the container's id, so that whatever has no row is
//! garbage.

use hull_model::container::config::ContainerConfig;
use hull_model::container::namespace::NetworkMode;
use hull_model::id::{ContainerId, ContainerName};
use hull_oci::image_config::ImageConfig;
use hull_state::{ContainerRow, Document};
use hull_sys::failpoint::failpoint;

use crate::container::effective::Effective;
use crate::container::log_plan::{self, Logged};
use crate::container::spec::{capabilities, security, sysctl, validate};
use crate::container::{binds, foreign, gather, names, record};
use crate::context::Context;
use crate::error::{ContainerError, Error};
use crate::image::lookup;
use crate::lock::Lock;

pub use crate::image::lookup::PullPolicy;

/// What `create` and `run` are asked.
#[derive(Debug, Clone, Default)]
pub struct CreateRequest {
    /// The wish.
    pub config: ContainerConfig,
    /// The name; `None` makes one up.
    pub name: Option<String>,
    /// Whether the image is fetched.
    pub pull: PullPolicy,
}

/// A container that now exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// Its id.
    pub id: ContainerId,
    /// Its name, given or made up.
    pub name: ContainerName,
    /// What the user should know, one line each, in docker's words where docker says it.
    pub warnings: Vec<String>,
}

/// A container that was just created, with what its start would otherwise look up again.
#[derive(Debug)]
pub(crate) struct Fresh {
    pub(crate) row: ContainerRow,
    pub(crate) image: ImageConfig,
    pub(crate) warnings: Vec<String>,
    /// Its lock, taken before anybody else could see the row.
    pub(crate) lock: Lock,
}

pub(crate) fn create(context: &Context, request: CreateRequest) -> Result<Created, Error> {
    let fresh = fresh(context, request, false)?;
    Ok(Created {
        id: fresh.row.id,
        name: fresh.row.name,
        warnings: fresh.warnings,
    })
}

/// Creates a container; `wanted` says that it is about to be started, so that a crash in between is
/// told from a container somebody keeps for later.
pub(crate) fn fresh(
    context: &Context,
    request: CreateRequest,
    wanted: bool,
) -> Result<Fresh, Error> {
    let CreateRequest {
        mut config,
        name,
        pull,
    } = request;
    let image_row = lookup::lookup(context, &config, pull)?;
    let image = hull_image::list::config_of(&image_row)?;
    let effective = Effective::new(&config, &image.config);
    let command = effective.args()?;
    let warnings = judge(context, &config, &image, &effective)?;
    if config.hostname.as_deref() == Some("") {
        config.hostname = None;
    }
    let id = context.source.container_id()?;
    let mut row = ContainerRow {
        name: given_name(context, name.as_deref())?,
        created: context.now().0,
        image_id: Some(image_row.id.clone()),
        image_name: config.image.clone(),
        command,
        snapshot: id.to_string(),
        auto_remove: config.auto_remove,
        wanted,
        stopped_by_hand: false,
        started_at: None,
        exit: None,
        error: String::new(),
        restart_count: 0,
        config: Document::new(config)?,
        extra: String::new(),
        id,
    };
    let logged = Logged {
        id: &row.id,
        name: &row.name,
        config: row.config.get()?,
        effective: &effective,
    };
    log_plan::plan(&logged, &context.paths)?;
    failpoint("create-before-row");
    let lock = context.lock(&row.id)?;
    insert(context, &mut row, name.is_none())?;
    failpoint("create-after-row");
    record::note(context, &row, "create", &[]);
    Ok(Fresh {
        row,
        image,
        warnings,
        lock,
    })
}

/// Refuses what makes no sense; says what the user should know.
fn judge(
    context: &Context,
    config: &ContainerConfig,
    image: &ImageConfig,
    effective: &Effective,
) -> Result<Vec<String>, Error> {
    let host = gather::host(context, config)?;
    let mut warnings = validate::validate(config, &host)?;
    security::parse(config)?;
    capabilities::mask(config, &host)?;
    sysctl::sysctls(config)?;
    binds::check(config)?;
    foreign::binary(context, config.runtime.as_deref())?;
    if !config.storage_opt.is_empty() {
        return Err(Error::NotYet {
            wish: "limit the size of a container's root file system",
            hint: "leave --storage-opt out",
        });
    }
    if let NetworkMode::Named(_) = config.network {
        return Err(Error::NotYet {
            wish: "connect a container to a network",
            hint: "use --network none, host or container:NAME",
        });
    }
    if config.network == NetworkMode::Default {
        warnings.push(
            "This release has no bridge networks yet: the container has loopback only.".into(),
        );
    }
    if Effective::has_health_check(&image.config) {
        warnings.push("The image's HEALTHCHECK is not run in this release.".into());
    }
    if effective
        .stop_signal
        .as_deref()
        .is_some_and(|s| hull_model::grammar::signal::signal(s).is_err())
    {
        let signal = effective.stop_signal.clone().unwrap_or_default();
        return Err(ContainerError::InvalidSignal { signal }.into());
    }
    Ok(warnings)
}

fn given_name(context: &Context, name: Option<&str>) -> Result<ContainerName, Error> {
    match name.filter(|name| !name.is_empty()) {
        Some(name) => ContainerName::parse(name).ok_or_else(|| {
            ContainerError::InvalidName {
                name: name.to_owned(),
            }
            .into()
        }),
        None => names::make_up(&context.source, 0),
    }
}

/// Adds the row; a made-up name that is taken is made up again.
fn insert(context: &Context, row: &mut ContainerRow, made_up: bool) -> Result<(), Error> {
    for attempt in 1..100 {
        match context.ledger.containers().insert(row) {
            Err(hull_state::Error::NameTaken { name, holder }) => {
                if !made_up {
                    return Err(ContainerError::NameTaken { name, holder }.into());
                }
                row.name = names::make_up(&context.source, attempt)?;
            }
            other => return Ok(other?),
        }
    }
    Err(ContainerError::NameTaken {
        name: row.name.to_string(),
        holder: String::new(),
    }
    .into())
}
