//! What every command works with: the words before the command, the environment, the engine.
//!
//! Leaves flags of a command to [`crate::grammar::parse`]. Invariant: the environment, the current
//! directory and the wall clock are read here and nowhere else in the room; `DOCKER_*` is ignored.
#![expect(
    clippy::disallowed_methods,
    reason = "the one file that reads the surroundings"
)]

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use hull_engine::settings::EmbeddedImage;
use hull_engine::{Engine, Settings};
use hull_model::time::Timestamp;

use crate::error::Error;
use crate::grammar::usage::Usage;
use crate::hello_world::HELLO_WORLD;

/// Version of hull.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

static EMBEDDED: [EmbeddedImage; 1] = [EmbeddedImage {
    reference: "hello-world:latest",
    archive: HELLO_WORLD,
}];

/// The words before the command.
#[derive(Debug, Default)]
pub(crate) struct Globals {
    /// `--root`.
    pub(crate) root: Option<PathBuf>,
    /// `--run-root`.
    pub(crate) run_root: Option<PathBuf>,
    /// `--config`.
    pub(crate) config: Option<PathBuf>,
}

/// What every command works with.
pub(crate) struct Context {
    /// The words before the command.
    pub(crate) globals: Globals,
    /// How all commands are used, for help and completion.
    pub(crate) usages: fn() -> Vec<&'static Usage>,
}

impl Context {
    /// The engine on the roots asked for.
    pub(crate) fn engine(&self) -> Result<Engine, Error> {
        let uid = rustix::process::geteuid();
        if !uid.is_root() {
            return Err(Error::NotRoot { uid: uid.as_raw() });
        }
        Ok(Engine::open(self.settings())?)
    }

    fn settings(&self) -> Settings {
        let place = |given: &Option<PathBuf>, variable: &str, default: &str| {
            given
                .clone()
                .or_else(|| path_variable(variable))
                .unwrap_or_else(|| default.into())
        };
        Settings {
            root: place(&self.globals.root, "HULL_ROOT", "/var/lib/hull"),
            run_root: place(&self.globals.run_root, "HULL_RUN", "/run/hull"),
            hull: hull(),
            version: VERSION,
            runtimes: std::collections::BTreeMap::new(),
            search_path: std::env::var_os("PATH")
                .map(|path| std::env::split_paths(&path).collect())
                .unwrap_or_default(),
            embedded: &EMBEDDED,
        }
    }

    /// Where the user's configuration is.
    pub(crate) fn config_dir(&self) -> Option<PathBuf> {
        self.globals
            .config
            .clone()
            .or_else(|| path_variable("HULL_CONFIG"))
            .or_else(|| path_variable("XDG_CONFIG_HOME").map(|home| home.join("hull")))
            .or_else(|| path_variable("HOME").map(|home| home.join(".config/hull")))
    }
}

/// The hull binary by its path, so that monitors call the one installed now, and `--init` can bind it
/// into containers; when it was removed meanwhile, the one that runs.
fn hull() -> PathBuf {
    let running = PathBuf::from("/proc/self/exe");
    std::env::current_exe()
        .ok()
        .filter(|path| path.exists())
        .unwrap_or(running)
}

/// A variable that holds a path; the empty one counts as unset.
fn path_variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

/// A variable of the environment, for `-e NAME`.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// The current directory.
pub(crate) fn current_dir() -> Result<PathBuf, Error> {
    std::env::current_dir().map_err(|source| Error::File {
        step: "find the current directory",
        path: PathBuf::from("."),
        source,
    })
}

/// The wall clock.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// Columns of the terminal on standard output, 80 when there is none.
pub(crate) fn width() -> usize {
    rustix::termios::tcgetwinsize(io::stdout())
        .map(|size| usize::from(size.ws_col))
        .ok()
        .filter(|columns| *columns >= 40)
        .unwrap_or(80)
}

/// The program's name, and the words of the command line after it.
pub(crate) fn arguments() -> (Option<OsString>, Vec<OsString>) {
    let mut words = std::env::args_os();
    (words.next(), words.collect())
}

/// Words of the command line as text.
pub(crate) fn words(arguments: Vec<OsString>) -> Result<Vec<String>, Error> {
    let text = |word: OsString| {
        word.into_string().map_err(|word| {
            Error::options(format!("cannot read argument {word:?}: it is not UTF-8"))
        })
    };
    arguments.into_iter().map(text).collect()
}

/// Arms the failpoint that a test names in the environment.
pub(crate) fn arm_failpoint() {
    if let Some(wish) = variable(hull_sys::failpoint::VARIABLE) {
        hull_sys::failpoint::arm(wish);
    }
}
