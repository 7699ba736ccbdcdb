//! Host devices a container may use.

use serde::{Deserialize, Serialize};

/// One host device or directory of devices, `--device host[:container[:rwm]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Path on the host.
    pub host: String,
    /// Path in the container.
    pub container: String,
    /// Any of `r`, `w`, `m`.
    pub permissions: String,
}

/// A device by its CDI name, or the answer to `--gpus`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CdiDevice {
    /// Qualified name, `vendor.com/class=name`.
    pub name: String,
}
