//! Reading files of a root file system that is not mounted: its layers, looked through as overlayfs
//! would.
//!
//! Leaves mounting to the monitor. Invariant: nothing outside the layers is ever opened, whatever
//! links an image holds: each step is looked at without following, and links are followed by words.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use hull_image::snapshot::Rootfs;

/// No file read here has a reason to be larger.
const LARGEST: u64 = 8 << 20;
/// As the kernel's limit on links in one path.
const LINKS: u32 = 40;

/// The layers of one root, topmost first.
#[derive(Debug, Clone)]
pub struct RootView {
    layers: Vec<PathBuf>,
}

/// What a path is in the merged tree.
#[derive(Debug)]
pub enum Found {
    /// A directory, as the directories of layers that make it up, topmost first.
    Directory(Vec<PathBuf>),
    /// Anything else that is no link.
    File(PathBuf),
}

impl RootView {
    /// The view on `rootfs`.
    pub fn new(rootfs: &Rootfs) -> Self {
        let layers = std::iter::once(&rootfs.upper)
            .chain(&rootfs.lower)
            .cloned()
            .collect();
        Self { layers }
    }

    /// The text of the file at `path`; empty when there is none that can be read.
    pub fn read_text(&self, path: &str) -> String {
        let Some(Found::File(file)) = self.find(path) else {
            return String::new();
        };
        let mut bytes = Vec::new();
        let regular = fs::symlink_metadata(&file).is_ok_and(|meta| meta.is_file());
        if regular && let Ok(file) = File::open(&file) {
            // What cannot be read reads as absent, as docker does with passwd.
            file.take(LARGEST).read_to_end(&mut bytes).ok();
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// What `path` is, links followed within the root.
    pub fn find(&self, path: &str) -> Option<Found> {
        let mut links = 0;
        let mut todo: VecDeque<String> = path.split('/').map(Into::into).collect();
        // The way back up, for `..`.
        let mut trail = vec![self.layers.clone()];
        while let Some(part) = todo.pop_front() {
            match part.as_str() {
                "" | "." => continue,
                ".." => {
                    if trail.len() > 1 {
                        trail.pop();
                    }
                    continue;
                }
                _ => {}
            }
            match step(trail.last()?, &part)? {
                Step::Directory(dirs) => trail.push(dirs),
                Step::File(file) => {
                    return todo
                        .iter()
                        .all(String::is_empty)
                        .then_some(Found::File(file));
                }
                Step::Link { target, .. } => {
                    links += 1;
                    if links > LINKS {
                        return None;
                    }
                    if target.starts_with('/') {
                        trail.truncate(1);
                    }
                    for part in target.split('/').rev() {
                        todo.push_front(part.to_owned());
                    }
                }
            }
        }
        trail.pop().map(Found::Directory)
    }
}

/// What `name` is in the directory made up of `dirs`, a link being a file.
pub fn entry(dirs: &[PathBuf], name: &str) -> Option<Found> {
    match step(dirs, name)? {
        Step::Directory(dirs) => Some(Found::Directory(dirs)),
        Step::File(path) | Step::Link { path, .. } => Some(Found::File(path)),
    }
}

enum Step {
    Directory(Vec<PathBuf>),
    File(PathBuf),
    Link { path: PathBuf, target: String },
}

/// What `name` is in the directory made up of `dirs`.
fn step(dirs: &[PathBuf], name: &str) -> Option<Step> {
    let mut found = Vec::new();
    for dir in dirs {
        let path = dir.join(name);
        let Ok(meta) = fs::symlink_metadata(&path) else {
            continue;
        };
        let kind = meta.file_type();
        let whiteout = kind.is_char_device() && meta.rdev() == 0;
        if kind.is_dir() {
            let opaque = is_opaque(&path);
            found.push(path);
            if opaque {
                break;
            }
        } else if whiteout || !found.is_empty() {
            break;
        } else if kind.is_symlink() {
            let target = fs::read_link(&path).ok()?.to_str()?.to_owned();
            return Some(Step::Link { path, target });
        } else {
            return Some(Step::File(path));
        }
    }
    (!found.is_empty()).then_some(Step::Directory(found))
}

fn is_opaque(dir: &Path) -> bool {
    let mut value = [0; 4];
    ["trusted.overlay.opaque", "user.overlay.opaque"].iter().any(|name| {
        matches!(rustix::fs::lgetxattr(dir, *name, &mut value[..]), Ok(1) if value.first() == Some(&b'y'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_looked_through_as_overlayfs_would() {
        let dir = tempfile::tempdir().unwrap();
        let layer = |name: &str| dir.path().join(name);
        for (path, text) in [
            ("low/etc/passwd", "low"),
            ("low/etc/group", "low"),
            ("low/usr/deep/file", "deep"),
            ("up/etc/group", "up"),
            ("outside", "secret"),
        ] {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let link = |target: &str, at: &str| std::os::unix::fs::symlink(target, layer(at)).unwrap();
        link("/usr/deep", "up/link");
        link("../../../../outside", "up/escape");
        link("/link/../deep/file", "up/winding");
        link("loop", "up/loop");
        let view = RootView {
            layers: vec![layer("up"), layer("low")],
        };
        let lines = [
            ("/etc/passwd", "low"),
            ("/etc/group", "up"),
            ("/link/file", "deep"),
            ("/winding", "deep"),
            ("/escape", ""),
            ("/loop", ""),
            ("/etc", ""),
            ("/etc/passwd/x", ""),
            ("/none", ""),
            ("/../etc/group", "up"),
        ];
        for (path, text) in lines {
            assert_eq!(view.read_text(path), text, "{path}");
        }
    }
}
