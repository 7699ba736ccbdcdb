//! Letting a created container's program run.

use std::fs;
use std::io;

use hull_oci::runtime_spec::Status;
use hull_sys::seqpacket;

use super::record::{Container, DOOR};
use crate::failure::Failure;
use crate::{Error, Host, Result, hooks};

impl Container {
    /// Executes the program; an error of the execution itself comes back from here.
    pub fn start(&self, host: &Host) -> Result<()> {
        let status = self.status(host)?;
        if status != Status::Created {
            return Err(self.wrong("start", status));
        }
        let door = self.dir.join(DOOR);
        let failed = |verb, source| Error::State {
            verb,
            path: door.clone(),
            source,
        };
        let knock = seqpacket::connect_at(&self.dir, DOOR);
        let connection = knock.map_err(|source| match source.kind() {
            io::ErrorKind::ConnectionRefused => self.wrong("start", Status::Stopped),
            _ => failed("connect to", source),
        })?;
        let mut bytes = [0u8; 600];
        let length = seqpacket::recv_blocking(&connection, &mut bytes)
            .map_err(|source| failed("read from", source))?;
        fs::remove_file(&door).map_err(|source| failed("remove", source))?;
        if let Some(failure) = bytes.get(..length).and_then(Failure::decode) {
            return Err(failure.into());
        }
        let spec = self.spec()?;
        let hooks = spec.hooks.unwrap_or_default();
        let after = hooks::run("poststart", &hooks.poststart, &self.state(Status::Running));
        if after.is_err() {
            // As runc: a container whose poststart hook failed does not go on.
            self.kill_all(host, hull_sys::signal::number::KILL)?;
        }
        after
    }
}
