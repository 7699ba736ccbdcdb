//! `/etc/hosts`, `/etc/hostname` and `/etc/resolv.conf` of a container.
//!
//! Leaves mounting them to the spec. Invariant: the texts are pure; only [`write`] touches a disk.

use std::fs;
use std::path::Path;

use hull_model::container::config::ContainerConfig;
use hull_model::container::namespace::NetworkMode;

use crate::container::spec::input::EtcFiles;
use crate::error::{Error, file};

const HOSTS: &str = "127.0.0.1\tlocalhost\n\
    ::1\tlocalhost ip6-localhost ip6-loopback\n\
    fe00::\tip6-localnet\n\
    ff00::\tip6-mcastprefix\n\
    ff02::1\tip6-allnodes\n\
    ff02::2\tip6-allrouters\n";

/// Writes the three files into `dir` and says where they are.
pub fn write(dir: &Path, config: &ContainerConfig, hostname: &str) -> Result<EtcFiles, Error> {
    let files = EtcFiles {
        hosts: dir.join("hosts"),
        hostname: dir.join("hostname"),
        resolv_conf: dir.join("resolv.conf"),
    };
    let host_network = config.network == NetworkMode::Host;
    let hosts = match host_network {
        true => fs::read_to_string("/etc/hosts").unwrap_or_else(|_| HOSTS.to_owned()),
        false => HOSTS.to_owned(),
    };
    // A host without resolver configuration gives an empty one.
    let resolv_conf = fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let put = |path: &Path, text: &str| fs::write(path, text).map_err(file("write", path));
    put(&files.hosts, &hosts)?;
    put(&files.hostname, &format!("{hostname}\n"))?;
    put(&files.resolv_conf, &resolv_conf)?;
    Ok(files)
}
