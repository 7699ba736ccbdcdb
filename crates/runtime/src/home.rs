//! The home directory a program gets in its environment when nobody gave it one.

use std::path::Path;

use hull_oci::runtime_spec::Process;

use crate::plan::files::read_early;
use crate::plan::mounts::From;

/// A home directory from the container's own /etc/passwd, where the environment has none.
pub(crate) fn with_home(process: &Process, from: &From, rootfs: &Path) -> Process {
    let mut process = process.clone();
    let has = |one: &String| {
        one.strip_prefix("HOME=")
            .is_some_and(|home| !home.is_empty())
    };
    if !process.env.iter().any(has) {
        let table = read_early(from, rootfs, c"/etc/passwd");
        let home = home_of(&table.unwrap_or_default(), process.user.uid);
        process.env.push(format!("HOME={home}"));
    }
    process
}

/// The home directory of `uid` in the text of an /etc/passwd.
pub(crate) fn home_of(table: &str, uid: u32) -> String {
    let home = |line: &str| {
        let mut fields = line.split(':');
        let found = fields.nth(2)?.parse::<u32>().ok()?;
        (found == uid).then(|| fields.nth(2).unwrap_or("/").to_owned())
    };
    let found = table.lines().find_map(home).filter(|home| !home.is_empty());
    found.unwrap_or_else(|| "/".to_owned())
}

#[cfg(test)]
mod tests {
    use super::home_of;

    #[test]
    fn home_directories() {
        let table =
            "root:x:0:0:root:/root:/bin/sh\nbad line\nu:x:1000:1000::/home/u:/bin/sh\nn:x:7:7:::\n";
        for (uid, home) in [(0, "/root"), (1000, "/home/u"), (7, "/"), (5, "/")] {
            assert_eq!(home_of(table, uid), home);
        }
        assert_eq!(home_of("", 0), "/");
    }
}
