//! How `rmi` and `image prune` tell what went.

use hull_image::remove::Removed;

/// The line about one thing that went.
pub(super) fn line(removed: &Removed, prune: bool) -> String {
    let (untagged, deleted) = if prune {
        ("untagged: ", "deleted: ")
    } else {
        ("Untagged: ", "Deleted: ")
    };
    match removed {
        Removed::Untagged { name, .. } => format!("{untagged}{name}\n"),
        Removed::Image(digest) | Removed::Layer(digest) => format!("{deleted}{digest}\n"),
    }
}
