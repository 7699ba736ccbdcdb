//! [`Rootfs`]: what is stacked, and how that is said as a mount.
//!
//! Leaves performing it to the monitor's own mount namespace. Invariant: layers are listed topmost
//! first, as overlayfs wants them.

use std::path::PathBuf;

use hull_oci::runtime_spec::Mount;

/// How much of the writable layer survives a crash of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// `fsync` of programs is honoured, unmounting does not sync: right for containers.
    #[default]
    OnFsync,
    /// Nothing is ever synced: for `--rm` and build steps.
    Never,
    /// Unmounting syncs the whole file system (2-40 ms).
    OnUnmount,
}

/// The layers of one container's root file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rootfs {
    /// Read-only layers, topmost first.
    pub lower: Vec<PathBuf>,
    /// Where writes go.
    pub upper: PathBuf,
    /// overlayfs' own working directory, on the same file system as `upper`.
    pub work: PathBuf,
    /// Opaque directories are marked in `user.` attributes.
    pub rootless: bool,
}

impl Rootfs {
    /// The mounts that make it appear at the root of the bundle.
    pub fn mounts(&self, durability: Durability) -> Vec<Mount> {
        let lower: Vec<_> = self
            .lower
            .iter()
            .map(|path| path.to_string_lossy())
            .collect();
        let mut options = vec![
            format!("lowerdir={}", lower.join(":")),
            format!("upperdir={}", self.upper.display()),
            format!("workdir={}", self.work.display()),
        ];
        match durability {
            Durability::OnFsync => options.push("fsync=volatile".into()),
            Durability::Never => options.push("volatile".into()),
            Durability::OnUnmount => {}
        }
        if self.rootless {
            options.push("userxattr".into());
        }
        vec![Mount {
            destination: "/".into(),
            kind: "overlay".into(),
            source: "overlay".into(),
            options,
            ..Mount::default()
        }]
    }
}
