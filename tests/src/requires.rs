//! What a test needs of the machine, asked first, with a reason when it is not there.

use std::io::Write;
use std::path::Path;

/// Something a test cannot do without.
#[derive(Debug, Clone, Copy)]
pub enum Need {
    /// To be root.
    Root,
    /// Debian's static busybox.
    Busybox,
    /// The programs to make a Debian root file system.
    Debian,
    /// A program on `PATH`.
    Program(&'static str),
    /// A cgroup v1 controller.
    CgroupV1(&'static str),
    /// More than one CPU.
    TwoCpus,
}

impl Need {
    /// Why this machine does not have it, or `None`.
    pub fn missing(self) -> Option<String> {
        let (there, why) = match self {
            Self::Root => (rustix::process::geteuid().is_root(), "not root".to_owned()),
            Self::Busybox => (
                program("busybox").is_some(),
                "no busybox-static here".to_owned(),
            ),
            Self::Debian => return crate::images::debian().err(),
            Self::Program(name) => (program(name).is_some(), format!("no {name} here")),
            Self::CgroupV1(name) => (
                Path::new("/sys/fs/cgroup")
                    .join(name)
                    .join("tasks")
                    .exists(),
                format!("no cgroup v1 controller {name} here"),
            ),
            Self::TwoCpus => {
                let count = std::thread::available_parallelism().map_or(1, usize::from);
                (count > 1, "only one CPU here".to_owned())
            }
        };
        (!there).then_some(why)
    }
}

/// The path of a program.
pub fn program(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    let places = std::env::split_paths(&path).map(|folder| folder.join(name));
    places
        .chain([Path::new("/usr/sbin").join(name)])
        .find(|file| file.is_file())
}

/// Notes that a test did not run, for `cargo xtask test` to tell.
pub fn note_skip(test: &str, why: &str) {
    println!("skipped: {test}: {why}");
    let Some(list) = std::env::var_os("HULL_TEST_SKIPS") else {
        return;
    };
    let opened = std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(list);
    if let Ok(mut list) = opened {
        writeln!(list, "{test}: {why}").ok();
    }
}

/// Leaves the test, saying why, unless the machine has everything it needs; root and busybox are
/// always needed.
#[macro_export]
macro_rules! require {
    ($($need:expr),* $(,)?) => {{
        use $crate::requires::Need;
        let needs = [Need::Root, Need::Busybox, $($need),*];
        if let Some(why) = needs.into_iter().find_map(Need::missing) {
            let test = std::thread::current().name().unwrap_or("a test").to_owned();
            $crate::requires::note_skip(&format!("{}::{test}", module_path!()), &why);
            return;
        }
    }};
}
