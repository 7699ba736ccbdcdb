//! Ids as tables show them.

/// The first twelve digits of an id.
pub(super) fn short(id: &str) -> String {
    id.strip_prefix("sha256:")
        .unwrap_or(id)
        .chars()
        .take(12)
        .collect()
}
