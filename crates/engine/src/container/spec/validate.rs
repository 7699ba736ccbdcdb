//! Wishes that contradict themselves, refused when a container is created, in docker's words.
//!
//! Leaves to the kernel what only it can judge. Invariant: pure; the same wish is judged the same
//! way on hosts with the same facts.

use hull_model::container::config::ContainerConfig;
use hull_model::container::mount::MountKind;
use hull_model::container::namespace::{NetworkMode, UtsMode};
use hull_model::container::resources::Resources;
use hull_model::container::restart::RestartPolicy;

use crate::container::spec::input::HostFacts;
use crate::error::SpecError;

/// The least memory a container may have.
const MINIMUM_MEMORY: i64 = 6 << 20;

type Check = Result<(), SpecError>;

/// Checks a wish; the answer is what the user should know although it is granted.
pub fn validate(config: &ContainerConfig, host: &HostFacts) -> Result<Vec<String>, SpecError> {
    let mut warnings = Vec::new();
    memory(&config.resources)?;
    cpu(&config.resources, host)?;
    cpuset(
        "CPUs",
        "cpus",
        config.resources.cpuset_cpus.as_deref(),
        &host.cpuset,
    )?;
    cpuset(
        "memory nodes",
        "mems",
        config.resources.cpuset_mems.as_deref(),
        &host.memory_nodes,
    )?;
    block_weights(&config.resources)?;
    oom_score(config, host)?;
    modes(config)?;
    names(config)?;
    mounts(config)?;
    if config.resources.oom_kill_disable && config.resources.memory.unwrap_or(0) == 0 {
        warnings.push(
            "OOM killer is disabled for the container, but no memory limit is set, \
             this can result in the system running out of resources."
                .into(),
        );
    }
    if config.resources.oom_kill_disable && host.cgroup_v2 {
        warnings
            .push("Your kernel does not support OomKillDisable. OomKillDisable discarded.".into());
    }
    Ok(warnings)
}

fn fail(text: impl Into<String>) -> Check {
    Err(SpecError::invalid(text))
}

fn memory(wish: &Resources) -> Check {
    let limit = wish.memory.unwrap_or(0);
    let swap = wish.memory_swap.unwrap_or(0);
    let soft = wish.memory_reservation.unwrap_or(0);
    if limit != 0 && limit < MINIMUM_MEMORY {
        return fail("Minimum memory limit allowed is 6MB");
    }
    if limit > 0 && swap > 0 && swap < limit {
        return fail("Minimum memoryswap limit should be larger than memory limit, see usage");
    }
    if limit == 0 && swap > 0 {
        return fail(
            "You should always set the Memory limit when using Memoryswap limit, see usage",
        );
    }
    if let Some(value) = wish
        .memory_swappiness
        .filter(|value| !(-1..=100).contains(value))
    {
        return fail(format!(
            "Invalid value: {value}, valid memory swappiness range is 0-100"
        ));
    }
    if soft != 0 && soft < MINIMUM_MEMORY {
        return fail("Minimum memory reservation allowed is 6MB");
    }
    if limit > 0 && soft > 0 && limit < soft {
        return fail(
            "Minimum memory limit can not be less than memory reservation limit, see usage",
        );
    }
    Ok(())
}

fn cpu(wish: &Resources, host: &HostFacts) -> Check {
    let set = |value: Option<i64>| value.unwrap_or(0);
    let (nano, period, quota) = (
        set(wish.nano_cpus),
        set(wish.cpu_period),
        set(wish.cpu_quota),
    );
    if nano > 0 && period > 0 {
        return fail("Conflicting options: Nano CPUs and CPU Period cannot both be set");
    }
    if nano > 0 && quota > 0 {
        return fail("Conflicting options: Nano CPUs and CPU Quota cannot both be set");
    }
    // docker takes hundredths of a CPU at least.
    if nano != 0 && !(10_000_000..=i64::from(host.cpus) * 1_000_000_000).contains(&nano) {
        return fail(format!(
            "Range of CPUs is from 0.01 to {}.00, as there are only {} CPUs available",
            host.cpus, host.cpus
        ));
    }
    if let Some(shares) = wish.cpu_shares.filter(|shares| *shares < 0) {
        return fail(format!(
            "invalid CPU shares ({shares}): value must be a positive integer"
        ));
    }
    if period != 0 && !(1_000..=1_000_000).contains(&period) {
        return fail(
            "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)",
        );
    }
    if quota > 0 && quota < 1_000 {
        return fail("CPU cfs quota can not be less than 1ms (i.e. 1000)");
    }
    let (runtime, rt_period) = (set(wish.cpu_rt_runtime), set(wish.cpu_rt_period));
    if runtime != 0 && rt_period != 0 && runtime > rt_period {
        return fail("cpu real-time runtime cannot be higher than cpu real-time period");
    }
    Ok(())
}

fn cpuset(noun: &str, field: &str, wish: Option<&str>, available: &str) -> Check {
    let Some(wish) = wish.filter(|wish| !wish.is_empty()) else {
        return Ok(());
    };
    let Some(wanted) = number_set(wish) else {
        return fail(format!("Invalid value {wish} for cpuset {field}"));
    };
    let Some(available_set) = number_set(available) else {
        return Ok(());
    };
    if wanted.iter().any(|number| !available_set.contains(number)) {
        return fail(format!(
            "Requested {noun} are not available - requested {wish}, available: {available}"
        ));
    }
    Ok(())
}

/// `0-2,7` as numbers; at most 8192 of them.
fn number_set(text: &str) -> Option<Vec<u32>> {
    let mut numbers = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let first: u32 = first.trim().parse().ok()?;
        let last: u32 = last.trim().parse().ok()?;
        if first > last || last > 8192 {
            return None;
        }
        numbers.extend(first..=last);
    }
    Some(numbers)
}

fn block_weights(wish: &Resources) -> Check {
    let range = |weight: u64| weight == 0 || (10..=1000).contains(&weight);
    if wish
        .blkio_weight
        .is_some_and(|weight| !range(weight.into()))
    {
        return fail("Range of blkio weight is from 10 to 1000");
    }
    match wish
        .blkio_weight_device
        .iter()
        .find(|one| !range(one.value))
    {
        Some(one) => fail(format!(
            "Invalid weight for device: {}:{}",
            one.path, one.value
        )),
        None => Ok(()),
    }
}

fn oom_score(config: &ContainerConfig, host: &HostFacts) -> Check {
    const SYS_RESOURCE: u64 = 1 << 24;
    let Some(score) = config.oom_score_adj else {
        return Ok(());
    };
    if !(-1000..=1000).contains(&score) {
        return fail(format!(
            "Invalid value {score}, range for oom score adj is [-1000, 1000]"
        ));
    }
    if score < host.oom_score_adj.min(0) && host.capabilities & SYS_RESOURCE == 0 {
        return Err(SpecError::Unsupported {
            wish: "lower the OOM score of a container",
            lack: "hull does not hold CAP_SYS_RESOURCE on this host",
        });
    }
    Ok(())
}

fn modes(config: &ContainerConfig) -> Check {
    let shares_network = matches!(config.network, NetworkMode::Container(_));
    if config.uts == UtsMode::Host && config.hostname.is_some() {
        return fail("conflicting options: hostname and the UTS mode");
    }
    if config.uts == UtsMode::Host && config.domainname.is_some() {
        return fail("conflicting options: domainname and the UTS mode");
    }
    if shares_network && config.hostname.is_some() {
        return fail("conflicting options: hostname and the network mode");
    }
    if shares_network && !config.exposed_ports.is_empty() {
        return fail("conflicting options: port exposing and the container type network mode");
    }
    if config.auto_remove && config.restart != RestartPolicy::No {
        return fail("can't create 'AutoRemove' container with restart policy");
    }
    if let Some(path) = config
        .working_dir
        .as_ref()
        .filter(|p| !p.is_empty() && !p.starts_with('/'))
    {
        return Err(SpecError::WorkingDir { path: path.clone() });
    }
    Ok(())
}

fn names(config: &ContainerConfig) -> Check {
    let label = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.' || c == '_';
    match &config.hostname {
        Some(name) if name.len() > 63 || name.starts_with('-') || !name.chars().all(label) => {
            fail(format!("invalid hostname: {name}"))
        }
        _ => Ok(()),
    }
}

fn mounts(config: &ContainerConfig) -> Check {
    let mut targets = std::collections::BTreeSet::new();
    for mount in &config.mounts {
        let target = clean(&mount.target);
        if !target.starts_with('/') {
            return fail(format!(
                "invalid mount config: invalid mount path: '{}' mount path must be absolute",
                mount.target
            ));
        }
        if target == "/" {
            return fail("invalid specification: destination can't be '/'");
        }
        if mount.kind == MountKind::Bind && !mount.source.starts_with('/') {
            return fail(format!(
                "invalid mount path: '{}' mount path must be absolute",
                mount.source
            ));
        }
        if !targets.insert(target.clone()) {
            return Err(SpecError::DuplicateMount { path: target });
        }
    }
    Ok(())
}

/// `path` without `.`, `..`, doubled and trailing slashes, by words alone.
pub fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let root = if path.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> HostFacts {
        HostFacts {
            cpus: 2,
            cpuset: "0-1".into(),
            memory_nodes: "0".into(),
            ..HostFacts::default()
        }
    }

    fn check(change: impl FnOnce(&mut ContainerConfig), expected: &str) {
        let mut config = ContainerConfig::default();
        change(&mut config);
        let text = validate(&config, &host())
            .err()
            .map(|e| e.to_string())
            .unwrap_or_default();
        assert_eq!(text, expected);
    }

    #[test]
    fn contradictions_are_refused_in_dockers_words() {
        check(|_| {}, "");
        check(
            |c| c.resources.memory = Some(1 << 20),
            "Minimum memory limit allowed is 6MB",
        );
        check(
            |c| c.resources.memory_swap = Some(1 << 30),
            "You should always set the Memory limit when using Memoryswap limit, see usage",
        );
        check(
            |c| {
                c.resources.memory = Some(1 << 30);
                c.resources.memory_swap = Some(1 << 29);
            },
            "Minimum memoryswap limit should be larger than memory limit, see usage",
        );
        check(
            |c| c.resources.nano_cpus = Some(3_000_000_000),
            "Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available",
        );
        check(
            |c| c.resources.cpuset_cpus = Some("0-5".into()),
            "Requested CPUs are not available - requested 0-5, available: 0-1",
        );
        check(
            |c| c.resources.cpuset_cpus = Some("1-x".into()),
            "Invalid value 1-x for cpuset cpus",
        );
        check(
            |c| c.resources.blkio_weight = Some(5),
            "Range of blkio weight is from 10 to 1000",
        );
        check(
            |c| c.oom_score_adj = Some(-5),
            "cannot lower the OOM score of a container: \
             hull does not hold CAP_SYS_RESOURCE on this host",
        );
        check(
            |c| {
                c.auto_remove = true;
                c.restart = RestartPolicy::Always;
            },
            "can't create 'AutoRemove' container with restart policy",
        );
        check(
            |c| {
                c.uts = UtsMode::Host;
                c.hostname = Some("x".into());
            },
            "conflicting options: hostname and the UTS mode",
        );
        check(
            |c| c.working_dir = Some("tmp".into()),
            "the working directory 'tmp' is invalid, it needs to be an absolute path",
        );
    }

    #[test]
    fn paths_are_cleaned() {
        for (path, expected) in [
            ("/a/../b//c/.", "/b/c"),
            ("/", "/"),
            ("/..", "/"),
            ("a/./b", "a/b"),
        ] {
            assert_eq!(clean(path), expected);
        }
    }
}
