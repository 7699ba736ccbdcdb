//! Device access rules, reduced to what the kernel keeps: a default and a list of exceptions.
//!
//! Pure: from OCI rules to a policy, from a policy to v1 lines (here) or a v2 program
//! (`device_program`). Invariant: a policy admits exactly what the rules, applied in order by the
//! v1 controller, would; a rule that controller would silently ignore is refused.

use std::collections::BTreeMap;
use std::fmt;

use hull_oci::runtime_spec::DeviceCgroup;

use super::error::Error;

/// Character or block device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Block.
    Block,
    /// Character.
    Char,
}

/// Which devices an exception is about; `None` means every number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Devices {
    /// Character or block.
    pub(super) kind: Kind,
    /// Major number.
    pub(super) major: Option<u32>,
    /// Minor number.
    pub(super) minor: Option<u32>,
}

/// Kinds of access, a bit each, numbered as the kernel's device program context does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Access(pub(super) u8);

impl Access {
    /// Making a node.
    pub(super) const MKNOD: u8 = 1;
    /// Reading.
    pub(super) const READ: u8 = 2;
    /// Writing.
    pub(super) const WRITE: u8 = 4;
    /// All three.
    pub(super) const ALL: Self = Self(7);
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (bit, letter) in [(Self::READ, "r"), (Self::WRITE, "w"), (Self::MKNOD, "m")] {
            if self.0 & bit != 0 {
                f.write_str(letter)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Devices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |n: Option<u32>| n.map_or_else(|| "*".to_owned(), |n| n.to_string());
        let kind = match self.kind {
            Kind::Block => 'b',
            Kind::Char => 'c',
        };
        write!(f, "{kind} {}:{}", number(self.major), number(self.minor))
    }
}

/// What a container may do with device nodes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Policy {
    /// Whether devices without an exception are allowed.
    pub(super) default_allow: bool,
    /// Denied devices if the default is to allow, allowed ones otherwise.
    pub(super) exceptions: BTreeMap<Devices, Access>,
}

/// The devices every container may use, as runc has them: any mknod, and the memory and terminal
/// devices of `/dev`.
const ALWAYS: [(Kind, Option<u32>, Option<u32>, u8); 10] = [
    (Kind::Char, None, None, Access::MKNOD),
    (Kind::Block, None, None, Access::MKNOD),
    (Kind::Char, Some(1), Some(3), 7),
    (Kind::Char, Some(1), Some(5), 7),
    (Kind::Char, Some(1), Some(7), 7),
    (Kind::Char, Some(1), Some(8), 7),
    (Kind::Char, Some(1), Some(9), 7),
    (Kind::Char, Some(5), Some(0), 7),
    (Kind::Char, Some(5), Some(2), 7),
    (Kind::Char, Some(136), None, 7),
];

impl Policy {
    /// The policy of a container with `rules`: nothing is allowed to begin with, and what every
    /// container may use is allowed in the end.
    pub(super) fn of(rules: &[DeviceCgroup]) -> Result<Self, Error> {
        let mut policy = Self::default();
        for rule in rules {
            policy.apply(rule)?;
        }
        for (kind, major, minor, access) in ALWAYS {
            policy.change(true, Devices { kind, major, minor }, Access(access))?;
        }
        Ok(policy)
    }

    /// Whether everything is allowed.
    pub(super) fn is_open(&self) -> bool {
        self.default_allow && self.exceptions.is_empty()
    }

    fn apply(&mut self, rule: &DeviceCgroup) -> Result<(), Error> {
        let refuse = |why: &str| Error::Value {
            setting: "device rule",
            value: format!("{:?}", show(rule)),
            why: why.to_owned(),
        };
        let kind = match rule.kind.as_str() {
            // As the kernel does, what follows an `a` is ignored.
            "" | "a" => {
                self.default_allow = rule.allow;
                self.exceptions.clear();
                return Ok(());
            }
            "c" | "u" => Kind::Char,
            "b" => Kind::Block,
            _ => return Err(refuse("the type is none of a, b, c")),
        };
        let number = |n: Option<i64>| match n {
            None | Some(-1) => Ok(None),
            Some(n) => u32::try_from(n)
                .map(Some)
                .map_err(|_| refuse("no such device number")),
        };
        let mut access = 0;
        for letter in rule.access.chars() {
            access |= match letter {
                'r' => Access::READ,
                'w' => Access::WRITE,
                'm' => Access::MKNOD,
                _ => return Err(refuse("access is made of r, w and m")),
            };
        }
        let devices = Devices {
            kind,
            major: number(rule.major)?,
            minor: number(rule.minor)?,
        };
        if access == 0 {
            return Ok(());
        }
        self.change(rule.allow, devices, Access(access))
    }

    /// Allows or denies `access` to `devices`, on top of what there is.
    fn change(&mut self, allow: bool, devices: Devices, access: Access) -> Result<(), Error> {
        if allow != self.default_allow {
            self.exceptions.entry(devices).or_insert(Access(0)).0 |= access.0;
            return Ok(());
        }
        for wider in wider_than(&devices) {
            let overlap = self
                .exceptions
                .get(&wider)
                .is_some_and(|a| a.0 & access.0 != 0);
            // An open default with narrower rules on top stays as open as somebody asked for.
            if overlap && !allow {
                return Err(Error::Value {
                    setting: "device rule",
                    value: format!("deny {devices} {access}"),
                    why: format!("it would punch a hole into the rule for {wider}"),
                });
            }
        }
        if let Some(kept) = self.exceptions.get_mut(&devices) {
            kept.0 &= !access.0;
            if kept.0 == 0 {
                self.exceptions.remove(&devices);
            }
        }
        Ok(())
    }

    /// The lines to write on a fresh v1 group: file name and value.
    pub(super) fn v1_lines(&self) -> Vec<(&'static str, String)> {
        if self.is_open() {
            return Vec::new();
        }
        let (reset, file) = match self.default_allow {
            true => ("devices.allow", "devices.deny"),
            false => ("devices.deny", "devices.allow"),
        };
        let exceptions = self.exceptions.iter();
        let lines = exceptions.map(|(devices, access)| (file, format!("{devices} {access}")));
        std::iter::once((reset, "a".to_owned()))
            .chain(lines)
            .collect()
    }

    /// The policy a v1 group's `devices.list` shows.
    pub(super) fn from_v1_list(list: &str) -> Option<Self> {
        let mut policy = Self::default();
        for line in list.lines() {
            let mut words = line.split([' ', ':']);
            let kind = match words.next()? {
                "a" => {
                    policy.default_allow = true;
                    continue;
                }
                "b" => Kind::Block,
                "c" => Kind::Char,
                _ => return None,
            };
            let number = |word: &str| match word {
                "*" => Some(None),
                digits => digits.parse().ok().map(Some),
            };
            let devices = Devices {
                kind,
                major: number(words.next()?)?,
                minor: number(words.next()?)?,
            };
            let access = words.next()?.chars().fold(0, |all, letter| match letter {
                'r' => all | Access::READ,
                'w' => all | Access::WRITE,
                'm' => all | Access::MKNOD,
                _ => all,
            });
            policy.exceptions.insert(devices, Access(access));
        }
        Some(policy)
    }

    /// The lines that turn a v1 group at `now` into this policy, never denying on the way what both
    /// allow.
    pub(super) fn v1_changes(&self, now: &Self) -> Vec<(&'static str, String)> {
        // `devices.list` does not show what an open default denies, so nothing can be compared.
        if self.default_allow || now.default_allow {
            return match (self.default_allow, now.default_allow) {
                (true, _) => {
                    let mut lines = self.v1_lines();
                    lines
                        .is_empty()
                        .then(|| lines.push(("devices.allow", "a".to_owned())));
                    lines
                }
                (false, _) => self.v1_lines(),
            };
        }
        let minus = |a: &Self, b: &Self, file: &'static str| -> Vec<(&'static str, String)> {
            let rest = |(devices, access): (&Devices, &Access)| {
                let other = b.exceptions.get(devices).map_or(0, |other| other.0);
                let left = Access(access.0 & !other);
                (left.0 != 0).then(|| (file, format!("{devices} {left}")))
            };
            a.exceptions.iter().filter_map(rest).collect()
        };
        let mut lines = minus(self, now, "devices.allow");
        lines.extend(minus(now, self, "devices.deny"));
        lines
    }
}

/// The wildcard forms that cover `devices`, itself left out.
fn wider_than(devices: &Devices) -> impl Iterator<Item = Devices> + '_ {
    let forms = [(None, devices.minor), (devices.major, None), (None, None)];
    let kind = devices.kind;
    forms
        .into_iter()
        .map(move |(major, minor)| Devices { kind, major, minor })
        .filter(move |wider| wider != devices)
}

fn show(rule: &DeviceCgroup) -> String {
    let number = |n: Option<i64>| n.map_or_else(|| "*".to_owned(), |n| n.to_string());
    let verb = if rule.allow { "allow" } else { "deny" };
    let (major, minor) = (number(rule.major), number(rule.minor));
    format!("{verb} {} {major}:{minor} {}", rule.kind, rule.access)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `+c 1:3 rwm` or `-a`.
    fn rule(text: &str) -> DeviceCgroup {
        let mut words = text[1..].split([' ', ':']);
        let kind = words.next().unwrap().to_owned();
        let mut number = || words.next().and_then(|w| w.parse().ok());
        let (major, minor) = (number(), number());
        let access = words.next().unwrap_or("rwm").to_owned();
        DeviceCgroup {
            allow: text.starts_with('+'),
            kind,
            major,
            minor,
            access,
        }
    }

    fn policy(rules: &[&str]) -> Result<Policy, Error> {
        Policy::of(&rules.iter().map(|text| rule(text)).collect::<Vec<_>>())
    }

    fn lines(policy: &Policy) -> String {
        let lines = policy.v1_lines();
        lines
            .iter()
            .map(|(file, value)| format!("{} {value}\n", &file[8..]))
            .collect()
    }

    const ALWAYS_LINES: &str = "\
deny a
allow b *:* m
allow c *:* m
allow c 1:3 rwm
allow c 1:5 rwm
allow c 1:7 rwm
allow c 1:8 rwm
allow c 1:9 rwm
allow c 5:0 rwm
allow c 5:2 rwm
allow c 136:* rwm
";

    #[test]
    fn nothing_asked_for_gives_the_usual_devices() {
        assert_eq!(lines(&policy(&[]).unwrap()), ALWAYS_LINES);
        assert_eq!(lines(&policy(&["-a"]).unwrap()), ALWAYS_LINES);
    }

    #[test]
    fn rules_add_up_in_order() {
        let with_fuse = policy(&["+c 9:9 rwm", "-a", "+c 10:229 r", "+c 10:229 w"]).unwrap();
        assert!(lines(&with_fuse).contains("allow c 10:229 rw\n"));
        assert!(!lines(&with_fuse).contains("9:9"));
        let taken_back = policy(&["+b 8:0 rwm", "-b 8:0 w"]).unwrap();
        assert!(lines(&taken_back).contains("allow b 8:0 rm\n"));
    }

    #[test]
    fn an_open_container() {
        let open = policy(&["+a"]).unwrap();
        assert!(open.is_open());
        assert_eq!(lines(&open), "");
        let all_but = policy(&["+a", "-b 8:0 rwm"]).unwrap();
        assert_eq!(lines(&all_but), "allow a\ndeny b 8:0 rwm\n");
    }

    #[test]
    fn what_the_kernel_would_ignore_is_refused() {
        assert!(policy(&["+c 10:* rwm", "-c 10:5 r"]).is_err());
        assert!(policy(&["+x 1:1 r"]).is_err());
        assert!(policy(&["+c 1:1 rx"]).is_err());
        assert!(policy(&["+c -7:1 r"]).is_err());
    }

    #[test]
    fn a_list_reads_back() {
        let list = "c *:* m\nb 8:0 rw\n";
        let read = Policy::from_v1_list(list).unwrap();
        assert_eq!(lines(&read), "deny a\nallow b 8:0 rw\nallow c *:* m\n");
        assert!(Policy::from_v1_list("a *:* rwm\n").unwrap().is_open());
        assert!(Policy::from_v1_list("garbage").is_none());
    }

    #[test]
    fn updates_only_change_what_differs() {
        let now = policy(&["+b 8:0 rwm"]).unwrap();
        let next = policy(&["+b 8:0 r", "+b 8:16 rwm"]).unwrap();
        let changes = next.v1_changes(&now);
        let expected = [
            ("devices.allow", "b 8:16 rwm"),
            ("devices.deny", "b 8:0 wm"),
        ];
        assert_eq!(
            changes,
            expected.map(|(file, value)| (file, value.to_owned()))
        );
        assert_eq!(now.v1_changes(&now), []);
        let open = policy(&["+a"]).unwrap();
        assert_eq!(open.v1_changes(&now), [("devices.allow", "a".to_owned())]);
        assert_eq!(now.v1_changes(&open), now.v1_lines());
    }
}
