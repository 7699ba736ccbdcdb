//! The flags of `run` and `create` become a [`ContainerConfig`].
//!
//! Leaves the grammar of each word to `model::grammar`. Invariant: reads the files flags name
//! (variables, labels, a seccomp profile) and nothing else of the machine.

use std::path::Path;

use hull_model::container::config::ContainerConfig;
use hull_model::container::namespace::NetworkMode;
use hull_model::container::restart::RestartPolicy;
use hull_model::grammar::device::{self, DeviceWord};
use hull_model::grammar::{
    lines, long_mount, namespace, pair, port, resources, restart, short_mount, signal,
};
use hull_model::size;

use super::limits::limits;
use super::streams::Streams;
use crate::context::{current_dir, variable};
use crate::error::Error;
use crate::grammar::parse::Parsed;

/// The wish that the flags and words of `run` or `create` say.
pub(super) fn wish(parsed: &Parsed, streams: Streams) -> Result<ContainerConfig, Error> {
    let mut config = ContainerConfig {
        image: parsed.word(0).to_owned(),
        platform: parsed.text("platform").map(str::to_owned),
        open_stdin: parsed.is("interactive"),
        tty: parsed.is("tty"),
        attach_stdin: streams.stdin,
        attach_stdout: streams.stdout,
        attach_stderr: streams.stderr,
        stdin_once: parsed.is("interactive") && streams.stdin,
        init: parsed.is("init"),
        auto_remove: parsed.is("rm"),
        read_only: parsed.is("read-only"),
        privileged: parsed.is("privileged"),
        oom_score_adj: number(parsed, "oom-score-adj")?,
        resources: limits(parsed)?,
        ..ContainerConfig::default()
    };
    process(parsed, &mut config)?;
    files(parsed, &mut config)?;
    security(parsed, &mut config)?;
    spaces(parsed, &mut config)?;
    life(parsed, &mut config)?;
    Ok(config)
}

/// The words of a flag that may be given several times, as they are.
fn words(parsed: &Parsed, flag: &str) -> Vec<String> {
    parsed.list(flag).map(str::to_owned).collect()
}

fn text(parsed: &Parsed, flag: &str) -> Option<String> {
    parsed
        .text(flag)
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
}

fn number(parsed: &Parsed, flag: &'static str) -> Result<Option<i32>, Error> {
    parsed
        .int(flag)
        .map(|n| {
            i32::try_from(n)
                .ok()
                .filter(|n| (-1000..=1000).contains(n))
                .ok_or_else(|| {
                    Error::options(format!(
                        "Invalid value {n}, range for oom score adj is [-1000, 1000]"
                    ))
                })
        })
        .transpose()
}

fn read(path: &str) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::File {
        step: "open",
        path: path.into(),
        source,
    })
}

fn process(parsed: &Parsed, config: &mut ContainerConfig) -> Result<(), Error> {
    let command: Vec<String> = parsed.words.iter().skip(1).cloned().collect();
    config.cmd = (!command.is_empty()).then_some(command);
    config.entrypoint = parsed.text("entrypoint").map(|word| match word {
        "" => Vec::new(),
        word => vec![word.to_owned()],
    });
    for path in parsed.list("env-file") {
        config
            .env
            .extend(lines::variables(path, &read(path)?, variable)?);
    }
    for word in parsed.list("env") {
        config.env.extend(pair::variable(word, variable)?);
    }
    for path in parsed.list("label-file") {
        for line in lines::labels(path, &read(path)?)? {
            config.labels.extend([pair::label(&line)?]);
        }
    }
    for word in parsed.list("label") {
        config.labels.extend([pair::label(word)?]);
    }
    for word in parsed.list("annotation") {
        config
            .annotations
            .extend([pair::key_value("annotation", word)?]);
    }
    config.working_dir = text(parsed, "workdir");
    config.user = text(parsed, "user");
    config.group_add = words(parsed, "group-add");
    config.hostname = text(parsed, "hostname");
    config.domainname = text(parsed, "domainname");
    for word in parsed.list("expose") {
        config.exposed_ports.extend(port::expose(word)?);
    }
    Ok(())
}

/// In the order given on the line, whatever the flag: later mounts may lie on earlier ones.
fn files(parsed: &Parsed, config: &mut ContainerConfig) -> Result<(), Error> {
    for (flag, word) in parsed.in_order() {
        match flag {
            "volume" => config.mounts.push(short_mount::volume(&absolute(word)?)?),
            "mount" => config.mounts.push(long_mount::mount(word)?),
            "tmpfs" => config.mounts.push(short_mount::tmpfs(word)?),
            "device" => match device::device(word)? {
                DeviceWord::Path(device) => config.devices.push(device),
                DeviceWord::Cdi(device) => config.cdi_devices.push(device),
            },
            _ => {}
        }
    }
    for (index, mount) in config.mounts.iter().enumerate() {
        let twice = config
            .mounts
            .iter()
            .take(index)
            .any(|other| other.target == mount.target);
        if twice {
            return Err(Error::options(format!(
                "Duplicate mount point: {}",
                mount.target
            )));
        }
    }
    if let Some(word) = parsed.text("gpus") {
        config.cdi_devices.extend(device::gpus(word)?);
    }
    config.shm_size = parsed.text("shm-size").map(size::parse_bytes).transpose()?;
    for word in parsed.list("storage-opt") {
        let (key, value) = word
            .split_once('=')
            .ok_or_else(|| Error::options("invalid storage option"))?;
        config.storage_opt.insert(key.to_owned(), value.to_owned());
    }
    Ok(())
}

/// `./x:/y` names a path of the current directory.
fn absolute(word: &str) -> Result<String, Error> {
    match word.split_once(':') {
        Some((source, rest))
            if source == "."
                || source == ".."
                || source.starts_with("./")
                || source.starts_with("../") =>
        {
            let path = clean(&current_dir()?.join(source));
            Ok(format!("{path}:{rest}"))
        }
        _ => Ok(word.to_owned()),
    }
}

/// `path` without `.` and `..`.
fn clean(path: &Path) -> String {
    let mut parts: Vec<String> = Vec::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => drop(parts.pop()),
            std::path::Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
            _ => {}
        }
    }
    format!("/{}", parts.join("/"))
}

fn security(parsed: &Parsed, config: &mut ContainerConfig) -> Result<(), Error> {
    config.cap_add = parsed
        .list("cap-add")
        .map(str::to_ascii_uppercase)
        .collect();
    config.cap_drop = parsed
        .list("cap-drop")
        .map(str::to_ascii_uppercase)
        .collect();
    config.device_cgroup_rules = words(parsed, "device-cgroup-rule");
    for word in parsed.list("security-opt") {
        config.security_opt.push(security_option(word)?);
    }
    for word in parsed.list("sysctl") {
        config.sysctls.extend([pair::sysctl(word)?]);
    }
    for word in parsed.list("ulimit") {
        let ulimit = resources::ulimit(word)?;
        config.ulimits.retain(|other| other.name != ulimit.name);
        config.ulimits.push(ulimit);
    }
    Ok(())
}

/// `key=value`; a seccomp profile is read and put in place of its path.
fn security_option(word: &str) -> Result<String, Error> {
    if word == "no-new-privileges" {
        return Ok(word.to_owned());
    }
    let Some((key, value)) = word.split_once('=').or_else(|| word.split_once(':')) else {
        return Err(Error::options(format!("Invalid --security-opt: {word:?}")));
    };
    if key != "seccomp" || matches!(value, "unconfined" | "builtin" | "default") {
        return Ok(format!("{key}={value}"));
    }
    let bytes = std::fs::read(value).map_err(|source| Error::File {
        step: "open seccomp profile",
        path: value.into(),
        source,
    })?;
    let profile: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|source| Error::Profile {
            path: value.into(),
            source,
        })?;
    Ok(format!("seccomp={profile}"))
}

fn spaces(parsed: &Parsed, config: &mut ContainerConfig) -> Result<(), Error> {
    config.pid = namespace::pid(parsed.text("pid").unwrap_or_default())?;
    config.ipc = namespace::ipc(parsed.text("ipc").unwrap_or_default())?;
    config.uts = namespace::uts(parsed.text("uts").unwrap_or_default())?;
    config.userns = namespace::userns(parsed.text("userns").unwrap_or_default())?;
    config.cgroupns = namespace::cgroupns(parsed.text("cgroupns").unwrap_or_default())?;
    config.cgroup_parent = text(parsed, "cgroup-parent");
    let networks: Vec<&str> = parsed.list("network").collect();
    if networks.len() > 1 {
        return Err(later("several networks"));
    }
    config.network = namespace::network(networks.first().copied().unwrap_or_default())?;
    if let NetworkMode::Named(name) = &config.network {
        return Err(later(&format!("--network {name}")));
    }
    Ok(())
}

fn later(what: &str) -> Error {
    Error::NotYet {
        what: what.to_owned(),
        why: "comes with networks".into(),
        code: 125,
    }
}

fn life(parsed: &Parsed, config: &mut ContainerConfig) -> Result<(), Error> {
    config.restart = restart::restart_policy(parsed.text("restart").unwrap_or_default())?;
    if config.auto_remove && config.restart != RestartPolicy::No {
        return Err(Error::options(
            "conflicting options: cannot specify both --restart and --rm",
        ));
    }
    if let Some(word) = parsed.text("stop-signal") {
        signal::signal(word)?;
        config.stop_signal = Some(word.to_owned());
    }
    config.stop_timeout = parsed.int("stop-timeout");
    config.runtime = text(parsed, "runtime");
    if let Some(driver) = text(parsed, "log-driver") {
        config.log.driver = driver;
    }
    for word in parsed.list("log-opt") {
        config
            .log
            .options
            .extend([pair::key_value("log-opt", word)?]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use hull_model::container::mount::MountKind;

    use super::*;
    use crate::commands::container::run::COMMAND;
    use crate::commands::container::streams::streams;
    use crate::grammar::parse::{Line, parse};

    fn read(line: &str) -> Result<ContainerConfig, Error> {
        let words = line.split(' ').map(|word| word.replace('~', " "));
        match parse(&COMMAND.usage, words)? {
            Line::Run(parsed) => wish(&parsed, streams(&parsed, parsed.is("detach"))?),
            Line::Help => Err(Error::options("help")),
        }
    }

    #[test]
    fn words_become_a_wish() {
        let config = read(
            "-it --rm --name n -e A=1 -l a=b -w /w -u 1:2 --group-add g -h host --init --read-only \
             --entrypoint /e --shm-size 1m --cap-add net_admin --stop-timeout 3 -m 64m --cpus 1.5 \
             --network none --pid host --expose 80 --sysctl net.a=1 --oom-score-adj 5 image cmd -x",
        )
        .unwrap();
        assert_eq!(config.image, "image");
        assert_eq!(config.cmd, Some(vec!["cmd".into(), "-x".into()]));
        assert_eq!(config.entrypoint, Some(vec!["/e".into()]));
        assert!(config.tty && config.open_stdin && config.stdin_once && config.attach_stdin);
        assert!(config.auto_remove && config.init && config.read_only && config.attach_stderr);
        assert_eq!(
            (config.env, config.labels["a"].as_str()),
            (vec!["A=1".into()], "b")
        );
        assert_eq!(config.resources.memory, Some(64 << 20));
        assert_eq!(config.resources.nano_cpus, Some(1_500_000_000));
        assert_eq!(
            (config.network, config.stop_timeout),
            (NetworkMode::None, Some(3))
        );
        assert_eq!(config.cap_add, ["NET_ADMIN"]);
        assert_eq!(config.shm_size, Some(1 << 20));
        assert!(config.exposed_ports.contains("80/tcp"));
        assert_eq!(config.oom_score_adj, Some(5));
    }

    #[test]
    fn what_was_not_said_is_left_to_the_image() {
        let config = read("-d image").unwrap();
        let expected = ContainerConfig {
            image: "image".into(),
            ..ContainerConfig::default()
        };
        assert_eq!(config, expected);
        assert_eq!(
            read("--entrypoint= image").unwrap().entrypoint,
            Some(Vec::new())
        );
    }

    #[test]
    fn mounts_keep_the_order_of_the_line() {
        let config =
            read("--tmpfs /a -v /h:/b:ro --mount type=bind,src=/h,dst=/c -v ./x:/d image").unwrap();
        let targets: Vec<&str> = config.mounts.iter().map(|m| m.target.as_str()).collect();
        assert_eq!(targets, ["/a", "/b", "/c", "/d"]);
        assert_eq!(config.mounts[0].kind, MountKind::Tmpfs);
        let here = current_dir().unwrap().join("x");
        assert_eq!(config.mounts[3].source, here.to_str().unwrap());
        assert_eq!(clean(Path::new("/a/./b/../c")), "/a/c");
        let twice = read("-v /a:/x --tmpfs /x image").unwrap_err().to_string();
        assert_eq!(twice, "Duplicate mount point: /x");
    }

    #[test]
    fn wishes_that_exclude_each_other_are_refused() {
        for (line, text) in [
            (
                "--rm --restart always i",
                "conflicting options: cannot specify both --restart and --rm",
            ),
            (
                "-d -a stdout i",
                "conflicting options: cannot specify both --attach and --detach",
            ),
            (
                "--oom-score-adj 2000 i",
                "Invalid value 2000, range for oom score adj is [-1000, 1000]",
            ),
            (
                "--cpus 1 --cpu-quota 5 i",
                "Conflicting options: Nano CPUs and CPU Quota cannot both be set",
            ),
            ("--security-opt x i", "Invalid --security-opt: \"x\""),
            (
                "--network none --network host i",
                "not supported yet: several networks: comes with networks",
            ),
        ] {
            assert_eq!(read(line).unwrap_err().to_string(), text, "{line}");
        }
    }
}
