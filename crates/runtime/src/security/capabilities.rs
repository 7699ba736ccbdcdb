//! Capability names and the sets a container gets: Docker's default, an OCI request, both cut to
//! what this process holds.
//!
//! Giving capabilities up is `hull_sys::capability`. Invariant: a set that leaves this file is
//! never larger than what is held, so that applying it cannot fail half-way in the child; whatever
//! was cut away is told to the caller.

use hull_oci::runtime_spec::Capabilities;
use hull_sys::capability::Sets;

use super::error::Error;

/// Every capability, the index being its number.
const NAMES: [&str; 41] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
];

/// Every capability known to hull.
pub const ALL: u64 = (1 << NAMES.len()) - 1;

/// Docker's default set of fourteen.
pub const DEFAULT: u64 = bit(0)   // CHOWN
    | bit(1)                      // DAC_OVERRIDE
    | bit(3)                      // FOWNER
    | bit(4)                      // FSETID
    | bit(5)                      // KILL
    | bit(6)                      // SETGID
    | bit(7)                      // SETUID
    | bit(8)                      // SETPCAP
    | bit(10)                     // NET_BIND_SERVICE
    | bit(13)                     // NET_RAW
    | bit(18)                     // SYS_CHROOT
    | bit(27)                     // MKNOD
    | bit(29)                     // AUDIT_WRITE
    | bit(31); // SETFCAP

const fn bit(number: u32) -> u64 {
    1 << number
}

/// The mask of one capability named exactly as the kernel headers do (`CAP_CHOWN`).
pub fn mask_of(name: &str) -> Option<u64> {
    let number = NAMES.iter().position(|known| *known == name)?;
    Some(1 << number)
}

/// The mask of one capability as people write it: any case, with or without `CAP_`.
pub fn parse(name: &str) -> Option<u64> {
    let upper = name.to_ascii_uppercase();
    mask_of(&upper).or_else(|| mask_of(&format!("CAP_{upper}")))
}

/// Names of the capabilities in `mask`, in the kernel's order.
pub fn names(mask: u64) -> Vec<&'static str> {
    let member = |(number, name)| (mask & (1u64 << number) != 0).then_some(name);
    NAMES
        .iter()
        .copied()
        .enumerate()
        .filter_map(member)
        .collect()
}

/// Docker's `--cap-add` and `--cap-drop` applied to the default set.
pub fn adjust_default(add: &[String], drop: &[String]) -> Result<u64, Error> {
    let mut masks = [0u64; 2];
    let mut everything = [false; 2];
    for (index, (list, verb)) in [(add, "add"), (drop, "drop")].into_iter().enumerate() {
        for name in list {
            let all = name.eq_ignore_ascii_case("all") || name.eq_ignore_ascii_case("cap_all");
            let mask = if all { Some(ALL) } else { parse(name) };
            let unknown = || Error::UnknownCapability {
                verb,
                name: name.clone(),
            };
            let mask = mask.ok_or_else(unknown)?;
            if let (Some(slot), Some(flag)) = (masks.get_mut(index), everything.get_mut(index)) {
                *flag |= all;
                *slot |= if all { 0 } else { mask };
            }
        }
    }
    let ([added, dropped], [add_all, drop_all]) = (masks, everything);
    Ok(match (add_all, drop_all) {
        (true, _) => ALL & !dropped,
        (false, true) => added,
        (false, false) => (DEFAULT & !dropped) | added,
    })
}

/// What becomes of the five lists of an OCI process here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resolved {
    /// The sets to apply.
    pub sets: Sets,
    /// Asked for but not held here.
    pub withheld: u64,
    /// Names nobody knows; ignored, as runc does.
    pub unknown: Vec<String>,
}

/// Turns names to sets and cuts them to `held`, and each set to those it depends on: effective to
/// permitted, ambient to permitted and inheritable, as capset and prctl demand.
pub fn resolve(wish: &Capabilities, held: &Sets) -> Resolved {
    let mut unknown = Vec::new();
    let mut mask = |names: &[String]| {
        names.iter().fold(0, |all, name| match mask_of(name) {
            Some(one) => all | one,
            None => {
                if !unknown.contains(name) {
                    unknown.push(name.clone());
                }
                all
            }
        })
    };
    let asked = Sets {
        bounding: mask(&wish.bounding),
        effective: mask(&wish.effective),
        permitted: mask(&wish.permitted),
        inheritable: mask(&wish.inheritable),
        ambient: mask(&wish.ambient),
    };
    let sets = limit(&asked, held);
    let withheld = (asked.bounding & !held.bounding)
        | ((asked.permitted | asked.effective) & !held.permitted)
        | (asked.inheritable & !(held.inheritable | held.permitted));
    Resolved {
        sets,
        withheld,
        unknown,
    }
}

/// The part of `asked` that a process holding `held` can give itself.
pub fn limit(asked: &Sets, held: &Sets) -> Sets {
    let bounding = asked.bounding & held.bounding;
    let permitted = asked.permitted & held.permitted;
    let inheritable = asked.inheritable & (held.inheritable | held.permitted) & held.bounding;
    Sets {
        bounding,
        effective: asked.effective & permitted,
        permitted,
        inheritable,
        ambient: asked.ambient & permitted & inheritable,
    }
}

/// The sets of somebody who has everything this kernel knows, as the first process of a fresh user
/// namespace does; `known` is a mask such as the host's bounding set before any was dropped.
pub fn full(known: u64) -> Sets {
    Sets {
        bounding: known,
        effective: known,
        permitted: known,
        inheritable: 0,
        ambient: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn default_is_dockers_fourteen() {
        assert_eq!(DEFAULT.count_ones(), 14);
        assert_eq!(DEFAULT, 0xa804_25fb, "CapEff of a container under dockerd");
    }

    #[test]
    fn names_and_masks_agree() {
        assert_eq!(mask_of("CAP_CHECKPOINT_RESTORE"), Some(1 << 40));
        assert_eq!(names(ALL).len(), 41);
        for name in names(ALL) {
            assert_eq!(names(parse(&name[4..].to_lowercase()).unwrap()), [name]);
        }
        assert_eq!(parse("frob"), None);
    }

    #[test]
    fn adjusting_as_docker_does() {
        let check = |add: &[&str], drop: &[&str], expected: u64| {
            assert_eq!(
                adjust_default(&strings(add), &strings(drop)).unwrap(),
                expected
            );
        };
        let net_admin = parse("net_admin").unwrap();
        check(&[], &[], DEFAULT);
        check(&["NET_ADMIN"], &[], DEFAULT | net_admin);
        check(&["ALL"], &["cap_net_admin"], ALL & !net_admin);
        check(&["net_admin"], &["all"], net_admin);
        check(&[], &["ALL"], 0);
        check(&["ALL"], &["ALL"], ALL);
        check(&["chown"], &["chown"], DEFAULT);
        let error = adjust_default(&strings(&["frob"]), &[]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot add capability \"frob\": no such capability"
        );
    }

    #[test]
    fn requests_are_cut_to_what_is_held() {
        let resource = mask_of("CAP_SYS_RESOURCE").unwrap();
        let held = full(ALL & !resource);
        let both = strings(&["CAP_CHOWN", "CAP_SYS_RESOURCE", "CAP_FROB"]);
        let wish = Capabilities {
            bounding: both.clone(),
            effective: both.clone(),
            permitted: both.clone(),
            inheritable: both.clone(),
            ambient: both,
        };
        let got = resolve(&wish, &held);
        let one = Sets {
            bounding: 1,
            effective: 1,
            permitted: 1,
            inheritable: 1,
            ambient: 1,
        };
        assert_eq!(
            got,
            Resolved {
                sets: one,
                withheld: resource,
                unknown: strings(&["CAP_FROB"])
            }
        );
    }

    #[test]
    fn dependent_sets_follow() {
        let chown = strings(&["CAP_CHOWN"]);
        let wish = Capabilities {
            effective: chown.clone(),
            ambient: chown.clone(),
            bounding: chown,
            ..Capabilities::default()
        };
        let sets = resolve(&wish, &full(ALL)).sets;
        assert_eq!(
            sets,
            Sets {
                bounding: 1,
                ..Sets::default()
            }
        );
    }
}
