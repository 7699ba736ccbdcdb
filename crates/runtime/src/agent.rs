//! The agent that answers for system calls a filter passes on.

use std::os::fd::{AsFd, OwnedFd};

use hull_oci::runtime_spec::{ContainerProcessState, Spec, State, VERSION};
use hull_sys::fd;

use crate::{Error, Result};

/// Hands the notification descriptor of a filter to the agent that answers.
pub(crate) fn tell_agent(spec: &Spec, state: &State, pid: i32, listener: OwnedFd) -> Result<()> {
    let profile = spec.linux.as_ref().and_then(|linux| linux.seccomp.as_ref());
    let Some(profile) = profile else {
        return Ok(());
    };
    let path = &profile.listener_path;
    let failed = |source| Error::Agent {
        path: path.clone(),
        source,
    };
    let document = ContainerProcessState {
        oci_version: VERSION.to_owned(),
        fds: vec!["seccompFd".to_owned()],
        pid,
        metadata: profile.listener_metadata.clone(),
        state: State {
            pid,
            ..state.clone()
        },
    };
    let bytes = serde_json::to_vec(&document).map_err(Error::WriteState)?;
    let socket = std::os::unix::net::UnixStream::connect(path).map_err(failed)?;
    fd::send(socket.as_fd(), &bytes, &[listener.as_fd()]).map_err(failed)
}
