//! User namespaces: writing their id maps, and making ones that exist only for idmapped mounts.
//!
//! Invariant: the helper process of a namespace made here never outlives the call that made it.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::process::Command;

use hull_oci::runtime_spec::IdMapping;
use hull_sys::clone::{Clone, Memory, clone};
use hull_sys::{namespace, pidfd, process, seqpacket, signal_mask};

use crate::plan::namespaces::Maps;
use crate::{Error, Result};

/// User namespaces by the maps they have.
#[derive(Debug, Default)]
pub(crate) struct UserMaps {
    /// The container's own maps, for mounts that give none.
    pub(crate) own: Option<Maps>,
    made: RefCell<Vec<(Maps, OwnedFd)>>,
}

impl UserMaps {
    /// For a container whose own maps are `own`.
    pub(crate) fn new(own: Option<Maps>) -> Self {
        Self {
            own,
            made: RefCell::default(),
        }
    }

    /// A user namespace with these maps, or with the container's own when they are empty.
    pub(crate) fn namespace(&self, uids: &[IdMapping], gids: &[IdMapping]) -> Result<OwnedFd> {
        let asked = Maps {
            uids: uids.to_vec(),
            gids: gids.to_vec(),
        };
        let maps = match &self.own {
            Some(own) if uids.is_empty() && gids.is_empty() => own.clone(),
            _ => asked,
        };
        if maps.uids.is_empty() || maps.gids.is_empty() {
            return Err(Error::Invalid {
                field: "mounts.uidMappings".to_owned(),
                why: "an idmapped mount needs both user and group mappings".to_owned(),
            });
        }
        let mut made = self.made.borrow_mut();
        let known = made.iter().find(|(known, _)| *known == maps);
        let copy = |fd: &OwnedFd| fd.try_clone().map_err(Error::IdMapped);
        if let Some((_, fd)) = known {
            return copy(fd);
        }
        let fd = make(&maps)?;
        let answer = copy(&fd);
        made.push((maps, fd));
        answer
    }
}

/// A namespace with `maps` that nobody lives in.
fn make(maps: &Maps) -> Result<OwnedFd> {
    let (ours, theirs) = seqpacket::pair().map_err(Error::IdMapped)?;
    let wish = Clone {
        flags: namespace::USER,
        memory: Memory::Copied,
        cgroup: None,
    };
    let child = clone(&wish, || {
        signal_mask::reset_all();
        // Waits until the parent has what it wants or is gone. Its own copy of the parent's end
        // would keep that from being noticed.
        if hull_sys::fd::close_copy(&ours).is_ok() {
            drop(seqpacket::recv_blocking(&theirs, &mut [0]));
        }
        process::exit(0)
    })
    .map_err(Error::IdMapped)?;
    let done = write(child.pid, maps).and_then(|()| {
        let path = format!("/proc/{}/ns/user", child.pid);
        File::open(path).map_err(Error::IdMapped)
    });
    drop(ours);
    drop(theirs);
    let gone = pidfd::signal(&child.pidfd, hull_sys::signal::number::KILL)
        .and_then(|()| pidfd::wait_gone(&child.pidfd, None))
        .and_then(|_| pidfd::try_wait(&child.pidfd));
    let fd = done?;
    gone.map_err(Error::IdMapped)?;
    Ok(fd.into())
}

/// Writes the maps of the user namespace process `pid` is in.
pub(crate) fn write(pid: i32, maps: &Maps) -> Result<()> {
    let uids = write_one(pid, "uid_map", &maps.uids);
    if let Err(error) = uids {
        if error.kind() != io::ErrorKind::PermissionDenied {
            return Err(Error::WriteMap {
                file: format!("/proc/{pid}/uid_map"),
                source: error,
            });
        }
        ask_helper("newuidmap", pid, &maps.uids)?;
    }
    match write_one(pid, "gid_map", &maps.gids) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            deny_groups_and_retry(pid, maps)
        }
        Err(source) => Err(Error::WriteMap {
            file: format!("/proc/{pid}/gid_map"),
            source,
        }),
    }
}

/// Without privileges a map of one's own group is allowed once setgroups is given up; larger maps
/// need the set-user-id helper.
fn deny_groups_and_retry(pid: i32, maps: &Maps) -> Result<()> {
    if maps.gids.len() == 1 && maps.gids.iter().all(|one| one.size == 1) {
        let file = format!("/proc/{pid}/setgroups");
        fs::write(&file, "deny").map_err(|source| Error::WriteMap { file, source })?;
        return write_one(pid, "gid_map", &maps.gids).map_err(|source| Error::WriteMap {
            file: format!("/proc/{pid}/gid_map"),
            source,
        });
    }
    ask_helper("newgidmap", pid, &maps.gids)
}

fn write_one(pid: i32, name: &str, map: &[IdMapping]) -> io::Result<()> {
    use std::io::Write;
    let mut text = String::new();
    for one in map {
        text.push_str(&format!(
            "{} {} {}\n",
            one.container_id, one.host_id, one.size
        ));
    }
    // The kernel takes the whole map in one write.
    fs::OpenOptions::new()
        .write(true)
        .open(format!("/proc/{pid}/{name}"))?
        .write_all(text.as_bytes())
}

#[expect(
    clippy::disallowed_methods,
    reason = "newuidmap and newgidmap start here and nowhere else"
)]
fn ask_helper(helper: &'static str, pid: i32, map: &[IdMapping]) -> Result<()> {
    let mut command = Command::new(helper);
    command.arg(pid.to_string());
    for one in map {
        for number in [one.container_id, one.host_id, one.size] {
            command.arg(number.to_string());
        }
    }
    let output = command
        .output()
        .map_err(|source| Error::MapHelper { helper, source })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Error::MapRefused {
        helper,
        said: said.trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_must_be_complete() {
        let users = UserMaps::default();
        let error = users.namespace(&[IdMapping::default()], &[]).unwrap_err();
        assert!(error.to_string().contains("uidMappings"), "{error}");
    }
}
