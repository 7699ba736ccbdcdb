//! Device nodes and the rules of the device cgroup.

use hull_oci::runtime_spec::{Device, DeviceCgroup};

use crate::container::spec::input::{DeviceNode, Input};
use crate::error::SpecError;

/// Character devices every container may use, besides those the runtime itself adds.
const DEFAULT_RULES: &[(i64, i64)] = &[(1, 5), (1, 3), (1, 9), (1, 8), (5, 0), (5, 1)];

/// Nodes to make.
pub fn nodes(input: &Input<'_>) -> Vec<Device> {
    let privileged = if input.config.privileged {
        input.host_devices.as_slice()
    } else {
        &[]
    };
    let mut nodes: Vec<Device> = Vec::new();
    for node in privileged
        .iter()
        .chain(&input.devices)
        .chain(&input.cdi.devices)
    {
        nodes.retain(|known| known.path != node.path);
        nodes.push(device(node));
    }
    nodes
}

fn device(node: &DeviceNode) -> Device {
    Device {
        kind: node.kind.to_string(),
        path: node.path.clone(),
        major: node.major.into(),
        minor: node.minor.into(),
        file_mode: Some(node.mode & 0o7777),
        uid: Some(node.uid),
        gid: Some(node.gid),
    }
}

/// Rules in order: nothing, the usual few, what was asked for; everything when privileged.
pub fn rules(input: &Input<'_>) -> Result<Vec<DeviceCgroup>, SpecError> {
    if input.config.privileged {
        let access = "rwm".into();
        return Ok(vec![DeviceCgroup {
            allow: true,
            access,
            ..DeviceCgroup::default()
        }]);
    }
    let access = "rwm".to_owned();
    let mut rules = vec![DeviceCgroup {
        allow: false,
        access,
        ..DeviceCgroup::default()
    }];
    let usual = DEFAULT_RULES
        .iter()
        .map(|(major, minor)| allow('c', *major, *minor, "rwm"));
    rules.extend(usual);
    for node in input.devices.iter().chain(&input.cdi.devices) {
        rules.push(allow(
            node.kind,
            node.major.into(),
            node.minor.into(),
            &node.permissions,
        ));
    }
    for rule in &input.config.device_cgroup_rules {
        rules.push(parse_rule(rule)?);
    }
    Ok(rules)
}

fn allow(kind: char, major: i64, minor: i64, access: &str) -> DeviceCgroup {
    DeviceCgroup {
        allow: true,
        kind: kind.to_string(),
        major: Some(major),
        minor: Some(minor),
        access: access.to_owned(),
    }
}

/// `c 1:3 rwm`, with `*` for any number.
fn parse_rule(rule: &str) -> Result<DeviceCgroup, SpecError> {
    let invalid = || SpecError::invalid(format!("invalid device cgroup rule format: '{rule}'"));
    let mut words = rule.split(' ');
    let (kind, numbers, access) = match (words.next(), words.next(), words.next(), words.next()) {
        (Some(kind), Some(numbers), Some(access), None) => (kind, numbers, access),
        _ => return Err(invalid()),
    };
    let (major, minor) = numbers.split_once(':').ok_or_else(invalid)?;
    let number = |word: &str| match word {
        "*" => Ok(None),
        word => word
            .parse::<u32>()
            .map(|n| Some(i64::from(n)))
            .map_err(|_| invalid()),
    };
    let letters = !access.is_empty() && access.chars().all(|c| "rwm".contains(c));
    if !matches!(kind, "a" | "b" | "c") || !letters || access.len() > 3 {
        return Err(invalid());
    }
    Ok(DeviceCgroup {
        allow: true,
        kind: kind.to_owned(),
        major: number(major)?,
        minor: number(minor)?,
        access: access.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_rules_are_read() {
        let rule = parse_rule("c 42:* rmw").unwrap();
        assert_eq!(
            (rule.major, rule.minor, rule.access.as_str()),
            (Some(42), None, "rmw")
        );
        for bad in [
            "",
            "c 1:3",
            "d 1:3 r",
            "c 1 r",
            "c 1:3 x",
            "c 1:3 rwmr",
            "c 1:3 r w",
        ] {
            let text = parse_rule(bad).unwrap_err().to_string();
            assert_eq!(text, format!("invalid device cgroup rule format: '{bad}'"));
        }
    }
}
