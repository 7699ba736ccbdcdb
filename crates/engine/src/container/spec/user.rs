//! Whom a program runs as: `user[:group]` looked up in the container's own passwd and group files.
//!
//! Leaves reading those files beneath the container's root to the caller. Invariant: numbers work
//! without any entry; names need one.

use std::collections::BTreeSet;

use crate::error::SpecError;

/// Ids a program runs with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResolvedUser {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
    /// Supplementary groups.
    pub additional_gids: Vec<u32>,
    /// Home directory.
    pub home: String,
}

struct Passwd<'a> {
    name: &'a str,
    uid: u32,
    gid: u32,
    home: &'a str,
}

struct Group<'a> {
    name: &'a str,
    gid: u32,
    members: &'a str,
}

fn passwd(text: &str) -> impl Iterator<Item = Passwd<'_>> {
    text.lines().filter_map(|line| {
        let mut fields = line.trim().split(':');
        let name = fields.next()?;
        let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
        Some(Passwd {
            name,
            uid,
            gid,
            home: fields.nth(1).unwrap_or_default(),
        })
    })
}

fn groups(text: &str) -> impl Iterator<Item = Group<'_>> {
    text.lines().filter_map(|line| {
        let mut fields = line.trim().split(':');
        let name = fields.next()?;
        let gid = fields.nth(1)?.parse().ok()?;
        Some(Group {
            name,
            gid,
            members: fields.next().unwrap_or_default(),
        })
    })
}

/// Resolves `user[:group]` and the names in `additional` against the two files' texts.
pub fn resolve(
    user: &str,
    additional: &[String],
    passwd_text: &str,
    group_text: &str,
) -> Result<ResolvedUser, SpecError> {
    let (user, group) = user.split_once(':').unwrap_or((user, ""));
    let number = id(user)?;
    let wanted = |entry: &Passwd<'_>| match number {
        Some(number) => entry.uid == number,
        None if user.is_empty() => entry.uid == 0,
        None => entry.name == user,
    };
    let entry = passwd(passwd_text).find(wanted);
    let mut resolved = match (&entry, number) {
        (Some(entry), _) => ResolvedUser {
            uid: entry.uid,
            gid: entry.gid,
            home: entry.home.to_owned(),
            ..Default::default()
        },
        (None, Some(number)) => ResolvedUser {
            uid: number,
            ..Default::default()
        },
        (None, None) if user.is_empty() => ResolvedUser::default(),
        (None, None) => {
            let name = user.to_owned();
            return Err(SpecError::NoSuchUser {
                what: "user",
                name,
                file: "passwd",
            });
        }
    };
    if group.is_empty() {
        if let Some(entry) = entry {
            resolved.additional_gids = memberships(entry.name, group_text);
        }
    } else {
        resolved.gid = primary_group(group, group_text)?;
    }
    add_groups(&mut resolved, additional, group_text)?;
    if resolved.home.is_empty() {
        resolved.home.push('/');
    }
    Ok(resolved)
}

/// The number `word` is, if it is one.
fn id(word: &str) -> Result<Option<u32>, SpecError> {
    match word.parse::<i64>() {
        Ok(number) => match u32::try_from(number) {
            Ok(small) if i32::try_from(number).is_ok() => Ok(Some(small)),
            _ => Err(SpecError::IdRange),
        },
        Err(_) => Ok(None),
    }
}

fn memberships(user: &str, group_text: &str) -> Vec<u32> {
    let member = |group: &Group<'_>| group.members.split(',').any(|name| name == user);
    groups(group_text)
        .filter(member)
        .map(|group| group.gid)
        .collect()
}

fn primary_group(group: &str, group_text: &str) -> Result<u32, SpecError> {
    if let Some(number) = id(group)? {
        return Ok(number);
    }
    let found = groups(group_text).find(|entry| entry.name == group);
    found
        .map(|entry| entry.gid)
        .ok_or_else(|| SpecError::NoSuchUser {
            what: "group",
            name: group.to_owned(),
            file: "group",
        })
}

fn add_groups(
    resolved: &mut ResolvedUser,
    additional: &[String],
    group_text: &str,
) -> Result<(), SpecError> {
    let mut seen: BTreeSet<u32> = resolved.additional_gids.iter().copied().collect();
    for name in additional {
        let gid = match id(name)? {
            Some(number) => number,
            None => groups(group_text)
                .find(|entry| entry.name == name)
                .map(|entry| entry.gid)
                .ok_or_else(|| SpecError::NoSuchGroup { name: name.clone() })?,
        };
        if seen.insert(gid) {
            resolved.additional_gids.push(gid);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/sh\n# note\nweb:x:33:34:www:/var/www:/bin/sh\nbad:x:y:z\n";
    const GROUP: &str = "root:x:0:root\nadm:x:4:root,web\nwww:x:34:\nextra:x:77:web\n";

    fn check(user: &str, additional: &[&str], expected: Result<(u32, u32, &[u32], &str), &str>) {
        let additional: Vec<String> = additional.iter().map(ToString::to_string).collect();
        let found = resolve(user, &additional, PASSWD, GROUP);
        match (found, expected) {
            (Ok(found), Ok((uid, gid, gids, home))) => {
                assert_eq!(
                    (found.uid, found.gid, found.home.as_str()),
                    (uid, gid, home),
                    "{user}"
                );
                assert_eq!(found.additional_gids, gids, "{user}");
            }
            (Err(found), Err(text)) => assert_eq!(found.to_string(), text, "{user}"),
            (found, expected) => panic!("{user}: {found:?} {expected:?}"),
        }
    }

    #[test]
    fn users_and_groups_are_looked_up_as_docker_does() {
        check("", &[], Ok((0, 0, &[0, 4], "/root")));
        check("0", &[], Ok((0, 0, &[0, 4], "/root")));
        check("web", &[], Ok((33, 34, &[4, 77], "/var/www")));
        check("33", &["adm", "9"], Ok((33, 34, &[4, 77, 9], "/var/www")));
        check("web:extra", &[], Ok((33, 77, &[], "/var/www")));
        check("web:5", &[], Ok((33, 5, &[], "/var/www")));
        check("1234", &[], Ok((1234, 0, &[], "/")));
        check("1234:99", &["extra"], Ok((1234, 99, &[77], "/")));
        check(
            "bob",
            &[],
            Err("unable to find user bob: no matching entries in passwd file"),
        );
        check(
            "web:no",
            &[],
            Err("unable to find group no: no matching entries in group file"),
        );
        check("web", &["nope"], Err("Unable to find group nope"));
        check(
            "-1",
            &[],
            Err("uids and gids must be in range 0-2147483647"),
        );
        check(
            "2147483648",
            &[],
            Err("uids and gids must be in range 0-2147483647"),
        );
    }

    #[test]
    fn an_image_without_files_runs_as_root() {
        let found = resolve("", &[], "", "").unwrap();
        assert_eq!(
            found,
            ResolvedUser {
                home: "/".into(),
                ..Default::default()
            }
        );
    }
}
