//! `create`: a container that waits for `start`; and what `run` shares with it.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use hull_oci::runtime_spec::Spec;
use hull_runtime::lifecycle::Wish;
use hull_runtime::{Bundle, Create, Host, Stdio, seal};

use super::fault::Fault;
use super::words::{Flag, Words};
use super::{Answer, Settings, filter_cache, host};

pub(super) const FLAGS: &[Flag] = &[
    ("bundle,b", true),
    ("console-socket", true),
    ("pidfd-socket", true),
    ("pid-file", true),
    ("no-pivot", false),
    ("no-new-keyring", false),
    ("preserve-fds", true),
    ("detach,d", false),
    ("keep", false),
    ("no-subreaper", false),
];

/// What `create` and `run` read from the command line.
pub(super) struct Asked {
    pub(super) id: String,
    pub(super) bundle: Bundle,
    pub(super) host: Host,
    pub(super) pid_file: Option<PathBuf>,
    console: Option<PathBuf>,
    pivot: bool,
    preserve_fds: u32,
    cache: PathBuf,
}

impl Asked {
    pub(super) fn read(settings: &Settings, words: &mut Words) -> Result<Self, Fault> {
        let id = words.need("container id")?;
        words.end()?;
        let bundle = super::absolute(words.value("bundle").unwrap_or("."));
        let mut bundle = Bundle::load(&bundle)?;
        let passed = pass_listeners(&mut bundle.spec);
        Ok(Self {
            id,
            bundle,
            host: host()?,
            pid_file: words.value("pid-file").map(super::absolute),
            console: words
                .value("console-socket")
                .filter(|p| !p.is_empty())
                .map(super::absolute),
            pivot: !words.has("no-pivot"),
            preserve_fds: words.number("preserve-fds")?.unwrap_or(0) + passed,
            cache: filter_cache(settings),
        })
    }

    /// Whether the configuration asks for a terminal.
    pub(super) fn wants_terminal(&self) -> bool {
        self.bundle
            .spec
            .process
            .as_ref()
            .is_some_and(|process| process.terminal)
    }

    /// Descriptors 0, 1 and 2, when nobody stays to relay.
    pub(super) fn stdio(&self) -> Result<Stdio, Fault> {
        stdio(self.console.as_deref(), self.wants_terminal())
    }

    /// The wish for the runtime.
    pub(super) fn wish<'a>(&'a self, settings: &Settings, stdio: Stdio) -> Wish<'a> {
        Wish {
            create: Create {
                id: &self.id,
                bundle: &self.bundle,
                host: &self.host,
                rootfs_mounts: &[],
                stdio,
                preserve_fds: self.preserve_fds,
                systemd_cgroup: settings.systemd_cgroup,
                pivot: self.pivot,
                filter_cache: Some(&self.cache),
            },
            created: jiff::Timestamp::now().to_string(),
            owner: if self.host.rootless {
                String::new()
            } else {
                "root".to_owned()
            },
        }
    }
}

/// Descriptors of socket activation (sd_listen_fds(3)) go on to the program.
#[expect(clippy::disallowed_methods, reason = "the environment is read in cli")]
fn pass_listeners(spec: &mut Spec) -> u32 {
    let count = std::env::var("LISTEN_FDS")
        .ok()
        .and_then(|text| text.parse::<u32>().ok());
    let (Some(count @ 1..), Some(process)) = (count, &mut spec.process) else {
        return 0;
    };
    process.env.push(format!("LISTEN_FDS={count}"));
    process.env.push("LISTEN_PID=1".to_owned());
    count
}

/// Descriptors 0, 1 and 2: the caller's, or a terminal whose master goes to `console`.
pub(super) fn stdio(console: Option<&Path>, terminal: bool) -> Result<Stdio, Fault> {
    match (console, terminal) {
        (None, false) => Ok(Stdio::Inherit),
        (Some(path), true) => {
            let socket = UnixStream::connect(path)
                .map_err(|source| Fault::file("connect to console socket", path, &source))?;
            Ok(Stdio::TerminalTo(OwnedFd::from(socket)))
        }
        (None, true) => Err(Fault::usage(
            "cannot allocate a terminal: nobody would hold it without --console-socket",
        )),
        (Some(_), false) => Err(Fault::usage(
            "cannot use a console socket: the program wants no terminal",
        )),
    }
}

/// Writes a process number to a file; readers see all of it or nothing.
pub(super) fn write_pid(path: &Path, pid: i32) -> Result<(), Fault> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let next = path.with_file_name(format!(".{name}"));
    std::fs::write(&next, pid.to_string())
        .and_then(|()| std::fs::rename(&next, path))
        .map_err(|source| Fault::file("write", path, &source))
}

/// `create [flags] ID`
pub(super) fn main(settings: &Settings, rest: Vec<OsString>) -> Answer {
    seal::ensure()?;
    let mut words = Words::sort(rest, FLAGS, false)?;
    let asked = Asked::read(settings, &mut words)?;
    let stdio = asked.stdio()?;
    let (container, running) = settings.containers().create(asked.wish(settings, stdio))?;
    if let Some(path) = &asked.pid_file
        && let Err(fault) = write_pid(path, running.pid)
    {
        container.delete(&asked.host, true)?;
        return Err(fault);
    }
    Ok(0)
}
