//! The bundle of a start: what the kernel shall make (`config.json`) and what the monitor shall do
//! (`launch.json`), written into the run directory.
//!
//! Leaves computing the spec to `spec`, and performing anything to the monitor. Invariant: everything
//! here can be computed again from the row, so the run directory may vanish with the boot.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use hull_image::snapshot::{self, Durability, Place, Rootfs};
use hull_model::container::config::ContainerConfig;
use hull_model::container::namespace::{IpcMode, NetworkMode, UtsMode};
use hull_model::container::restart::RestartPolicy;
use hull_monitor::protocol::{self as wire, Launch};
use hull_oci::image_config::ImageConfig;
use hull_oci::runtime_spec::Spec;
use hull_state::ContainerRow;

use crate::container::effective::Effective;
use crate::container::joins::Joined;
use crate::container::log_plan::{self, Logged};
use crate::container::root_view::RootView;
use crate::container::spec::input::{EtcFiles, Input};
use crate::container::spec::{compile, user};
use crate::container::{binds, cdi, etc_files, foreign, gather, joins, run_dir, volume};
use crate::context::Context;
use crate::error::{Error, file};

/// A container about to be started.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Its row.
    pub row: &'a ContainerRow,
    /// Its image.
    pub image: &'a ImageConfig,
    /// Rows and columns of the caller's terminal.
    pub console_size: Option<(u16, u16)>,
}

/// Makes the run directory, empty but for the bundle.
pub fn write(context: &Context, subject: &Subject<'_>) -> Result<(), Error> {
    let row = subject.row;
    let config = row.config.get()?;
    let effective = Effective::new(config, &subject.image.config);
    let run_dir = context.paths.run(&row.id);
    make_dirs(context, row, config)?;
    let rootfs = rootfs(context, row)?;
    let plan = Plan {
        subject,
        config,
        effective: &effective,
        rootfs: &rootfs,
    };
    let spec = spec(context, &plan)?;
    let launch = launch(context, &plan)?;
    let text = serde_json::to_vec(&spec).map_err(|source| Error::Encode {
        what: "the runtime spec",
        source,
    })?;
    let path = run_dir.join("config.json");
    fs::write(&path, text).map_err(file("write", &path))?;
    hull_monitor::launch::write(&run_dir, &launch).map_err(Error::Monitor)
}

struct Plan<'a> {
    subject: &'a Subject<'a>,
    config: &'a ContainerConfig,
    effective: &'a Effective,
    rootfs: &'a Rootfs,
}

/// A run directory of an earlier life goes first; exec sessions in it have ended with it.
fn make_dirs(context: &Context, row: &ContainerRow, config: &ContainerConfig) -> Result<(), Error> {
    let run_dir = context.paths.run(&row.id);
    let make = |dir: &Path| fs::create_dir_all(dir).map_err(file("create", dir));
    if run_dir.exists() {
        run_dir::abandon(&run_dir)?;
    }
    make(&run_dir.join("rootfs"))?;
    if config.ipc == IpcMode::Shareable {
        let shm = run_dir.join(joins::SHM);
        make(&shm)?;
        let open = fs::Permissions::from_mode(0o1777);
        fs::set_permissions(&shm, open).map_err(file("set the mode of", &shm))?;
    }
    // Also the place of the log, which the monitor makes at its first byte.
    make(&context.paths.container(&row.id))
}

fn rootfs(context: &Context, row: &ContainerRow) -> Result<Rootfs, Error> {
    let image = row.image_id.as_ref().ok_or_else(|| Error::NoImage {
        image: row.image_name.clone(),
    })?;
    let place = Place {
        id: &row.snapshot,
        image,
        dir: None,
    };
    Ok(snapshot::open(&context.store(), &place)?)
}

fn spec(context: &Context, plan: &Plan<'_>) -> Result<Spec, Error> {
    let (row, config) = (plan.subject.row, plan.config);
    let host = gather::host(context, config)?;
    let view = RootView::new(plan.rootfs);
    let user = user::resolve(
        &plan.effective.user,
        &config.group_add,
        &view.read_text("/etc/passwd"),
        &view.read_text("/etc/group"),
    )?;
    let joined = joins::joined(context, &row.id, config)?;
    let hostname = hostname(row, config, &joined);
    let dir = context.paths.container(&row.id);
    let volumes = binds::volumes(&dir, config, plan.effective);
    volume::fill(&volumes, &view)?;
    let input = Input {
        id: &row.id,
        config,
        effective: plan.effective,
        user,
        host: &host,
        etc: etc(context, row, config, &hostname)?,
        hostname,
        shm: joined.shm,
        init: context.settings.hull.clone(),
        joins: joined.joins,
        binds: binds::binds(config, &volumes, &host)?,
        devices: gather::devices(&config.devices)?,
        host_devices: if config.privileged {
            gather::host_devices()?
        } else {
            Vec::new()
        },
        block_numbers: gather::block_numbers(config)?,
        cdi: cdi::edits(&config.cdi_devices)?,
        rootfs: PathBuf::from("rootfs"),
    };
    let mut spec = compile::compile(&input)?;
    if config.runtime.as_deref().is_some_and(|name| name != "hull") {
        // What older runtimes check for; nothing we write needs more.
        spec.oci_version = "1.0.2".into();
    }
    Ok(spec)
}

/// In memory with `--rm`, because nobody will ask after a boot.
fn etc(
    context: &Context,
    row: &ContainerRow,
    config: &ContainerConfig,
    hostname: &str,
) -> Result<EtcFiles, Error> {
    let dir = match config.auto_remove {
        true => context.paths.run(&row.id),
        false => context.paths.container(&row.id),
    };
    etc_files::write(&dir, config, hostname)
}

fn hostname(row: &ContainerRow, config: &ContainerConfig, joined: &Joined) -> String {
    let host = config.network == NetworkMode::Host || config.uts == UtsMode::Host;
    match (&config.hostname, &joined.hostname) {
        (Some(own), _) => own.clone(),
        (None, Some(other)) => other.clone(),
        (None, None) if host => gather::hostname(),
        (None, None) => row.id.short().to_owned(),
    }
}

fn launch(context: &Context, plan: &Plan<'_>) -> Result<Launch, Error> {
    let (row, config) = (plan.subject.row, plan.config);
    let run_dir = context.paths.run(&row.id);
    let logged = Logged {
        id: &row.id,
        name: &row.name,
        config,
        effective: plan.effective,
    };
    let durability = match config.auto_remove {
        true => Durability::Never,
        false => Durability::OnFsync,
    };
    let task = wire::ContainerTask {
        bundle: run_dir.clone(),
        rootfs_mounts: plan.rootfs.mounts(durability),
        oci_runtime: foreign::binary(context, config.runtime.as_deref())?,
        systemd_cgroup: false,
        restart: wire::RestartPlan {
            policy: policy(config.restart),
            count: 0,
        },
        stop_signal: stop_signal(plan.effective),
    };
    Ok(Launch {
        version: wire::VERSION,
        id: row.id.to_string(),
        task: wire::Task::Container(Box::new(task)),
        tty: config.tty,
        open_stdin: config.open_stdin,
        stdin_once: config.stdin_once,
        size: plan
            .subject
            .console_size
            .map(|(rows, columns)| wire::Size { rows, columns }),
        log: log_plan::plan(&logged, &context.paths)?,
        exit_record: context.paths.exit_record(&row.id, config.auto_remove),
        hull: Some(callback(context)),
        state_dir: run_dir,
        filter_cache: Some(context.paths.run_root().to_owned()),
        // The exit record lies elsewhere, or nobody will ask for it.
        ephemeral: true,
    })
}

/// How the monitor calls hull back, on the same roots.
fn callback(context: &Context) -> wire::Hull {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    wire::Hull {
        program: context.settings.hull.clone(),
        args: vec![
            "--root".into(),
            text(context.paths.root()),
            "--run-root".into(),
            text(context.paths.run_root()),
        ],
    }
}

/// The monitor's word for a policy.
pub fn policy(policy: RestartPolicy) -> wire::launch::RestartPolicy {
    use wire::launch::RestartPolicy as Wire;
    match policy {
        RestartPolicy::No => Wire::No,
        RestartPolicy::OnFailure { maximum } => Wire::OnFailure { maximum },
        RestartPolicy::Always => Wire::Always,
        RestartPolicy::UnlessStopped => Wire::UnlessStopped,
    }
}

/// The number of the signal that stops a container.
pub fn stop_signal(effective: &Effective) -> Option<i32> {
    let word = effective.stop_signal.as_deref()?;
    hull_model::grammar::signal::signal(word).ok()
}
