//! Namespaces a process can only choose for its children: pid and time; and user namespaces that
//! must be entered before the others are made.
//!
//! Invariant: the caller is back in its own namespaces when a function here returns.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};

use hull_sys::clone::{self, Child, Clone, Memory, clone};
use hull_sys::{namespace, pidfd, process, seqpacket};

use crate::failure::{At, Failure, Step};
use crate::plan::namespaces::Namespaces;
use crate::{Error, Result};

/// The way back to where the caller was.
#[derive(Debug, Default)]
pub(crate) struct Back(Vec<(OwnedFd, u64)>);

impl Back {
    /// Notes the present namespace of a kind.
    pub(crate) fn remember(&mut self, kind: u64) -> Result<()> {
        let name = if kind == namespace::PID {
            "pid"
        } else {
            "time"
        };
        let path = format!("/proc/self/ns/{name}");
        let own = File::open(&path).map_err(failed(&path))?;
        self.0.push((own.into(), kind));
        Ok(())
    }

    /// Goes back.
    pub(crate) fn leave(self) -> Result<()> {
        for (own, kind) in &self.0 {
            namespace::enter(own.as_fd(), *kind).map_err(|source| Error::Enter {
                what: "of our own".to_owned(),
                source,
            })?;
        }
        Ok(())
    }
}

/// Chooses the pid and time namespaces of the next child.
pub(crate) fn enter(plan: &Namespaces) -> Result<Back> {
    let mut back = Back::default();
    let new_time = plan.made & namespace::TIME != 0;
    if !new_time && plan.outer.is_empty() {
        return Ok(back);
    }
    match choose(plan, &mut back) {
        Ok(()) => Ok(back),
        Err(error) => {
            back.leave()?;
            Err(error)
        }
    }
}

fn choose(plan: &Namespaces, back: &mut Back) -> Result<()> {
    if plan.made & namespace::TIME != 0 {
        back.remember(namespace::TIME)?;
        namespace::leave(namespace::TIME).map_err(failed("time"))?;
        if let Some(lines) = &plan.clocks {
            let path = "/proc/self/timens_offsets";
            std::fs::write(path, lines).map_err(failed(path))?;
        }
    }
    for one in &plan.outer {
        back.remember(one.kind)?;
        let what = one.path.to_string_lossy();
        namespace::enter(one.namespace.as_fd(), one.kind).map_err(failed(&what))?;
    }
    Ok(())
}

fn failed(what: &str) -> impl FnOnce(std::io::Error) -> Error {
    let what = what.to_owned();
    move |source| Error::Enter { what, source }
}

/// Clones through a helper that first enters a user namespace, because all others must belong to
/// it. The child is the caller's own.
pub(crate) fn staged(
    plan: &Namespaces,
    group: Option<&OwnedFd>,
    mut body: impl FnMut() -> u8,
) -> Result<Child> {
    let (ours, theirs) = seqpacket::pair().map_err(Error::Dialogue)?;
    let wish = Clone {
        flags: 0,
        memory: Memory::Copied,
        cgroup: None,
    };
    let helper = clone(&wish, || {
        let (bytes, length) = match stage(plan, group, &mut body) {
            Ok(child) => {
                let mut bytes = [0u8; 506];
                for (to, from) in bytes.iter_mut().zip(child.pid.to_le_bytes()) {
                    *to = from;
                }
                (bytes, 4)
            }
            Err(failure) => failure.encode(),
        };
        let bytes = bytes.get(..length).unwrap_or(&[]);
        u8::from(seqpacket::send_blocking(&theirs, bytes).is_err())
    })
    .map_err(Error::Clone)?;
    drop(theirs);
    let mut bytes = [0u8; 600];
    let length = seqpacket::recv_blocking(&ours, &mut bytes).map_err(Error::Dialogue)?;
    crate::ending::reap(&helper);
    let message = bytes.get(..length).unwrap_or(&[]);
    if let Some(failure) = Failure::decode(message) {
        return Err(failure.into());
    }
    let pid = message.try_into().map(i32::from_le_bytes).unwrap_or(0);
    let pidfd = pidfd::open(pid).map_err(Error::Clone)?;
    Ok(Child { pid, pidfd })
}

fn stage(
    plan: &Namespaces,
    group: Option<&OwnedFd>,
    body: &mut dyn FnMut() -> u8,
) -> std::result::Result<Child, Failure> {
    if let Some(user) = &plan.user {
        let path = user.path.to_bytes();
        namespace::enter(user.namespace.as_fd(), user.kind).about(Step::EnterNamespace, path)?;
        process::set_gid(0).at(Step::UserMaps)?;
        process::set_uid(0).at(Step::UserMaps)?;
    }
    for one in &plan.outer {
        let path = one.path.to_bytes();
        namespace::enter(one.namespace.as_fd(), one.kind).about(Step::EnterNamespace, path)?;
    }
    if plan.made & namespace::TIME != 0 {
        namespace::leave(namespace::TIME).at(Step::EnterNamespace)?;
        if let Some(lines) = &plan.clocks {
            hull_sys::files::write(c"/proc/self/timens_offsets", lines.as_bytes())
                .at(Step::EnterNamespace)?;
        }
    }
    let wish = Clone {
        flags: (plan.made & !namespace::TIME) | clone::PARENT,
        memory: Memory::Copied,
        cgroup: group.map(AsFd::as_fd),
    };
    clone(&wish, body).at(Step::Clone)
}
