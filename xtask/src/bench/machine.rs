//! What machine the figures are of.

use crate::workspace::{output, read};

/// The head of docs/benchmarks.md.
pub(super) fn describe() -> String {
    let line = |program: &str, arguments: &[&str]| {
        let mut command = std::process::Command::new(program);
        output(command.args(arguments))
            .unwrap_or_default()
            .lines()
            .next()
            .unwrap_or("?")
            .to_owned()
    };
    let cpu = read(std::path::Path::new("/proc/cpuinfo")).unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .unwrap_or("?");
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let load = read(std::path::Path::new("/proc/loadavg")).unwrap_or_default();
    format!(
        "# Benchmarks\n\n\
         Written by `cargo xtask bench --write`; read the ratios, not the milliseconds: engines are\n\
         interleaved on one machine, and another machine or another day gives other milliseconds.\n\n\
         Machine: {} CPUs ({}), Linux {}, load {} at the start.\n\
         Peers: {}; {}; {}.\n\n\
         The floor is a C program that makes the namespaces and the overlay of one container, runs\n\
         `true` in it and removes all, without limits, masks, seccomp, log or record.\n\
         crun and runc are measured bare: a bundle on a directory, no image, no overlay, no log, no\n\
         seccomp. hull, podman and docker run an image with their defaults and keep a log.\n\
         Each command is timed from its start to its reaping by a small process of its own.\n\n",
        cpus,
        model.trim_start_matches([':', ' ', '\t']),
        line("uname", &["-r"]),
        load.split(' ').next().unwrap_or("?"),
        line("crun", &["--version"]),
        line("runc", &["--version"]),
        line("podman", &["--version"]),
    )
}
