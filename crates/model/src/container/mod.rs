//! The wish: what a user asked of a container, before any image or host is looked at.
//!
//! Stored as one JSON document in the ledger's row and in the bundle's annotations, so every field
//! has a default and unknown fields are ignored: an older hull may read what a newer one wrote.
//! Invariant: nothing here is a fact about a running container.

pub mod config;
pub mod device;
pub mod logging;
pub mod mount;
pub mod namespace;
pub mod resources;
pub mod restart;

/// What was not wished for is not written down: a wish is read back a thousand times.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::config::ContainerConfig;

    #[test]
    fn a_wish_is_written_without_what_was_not_wished() {
        let mut wish = ContainerConfig {
            image: "busybox".into(),
            tty: true,
            ..ContainerConfig::default()
        };
        wish.resources.memory = Some(7);
        let text = serde_json::to_string(&wish).unwrap();
        assert_eq!(
            text,
            r#"{"image":"busybox","tty":true,"resources":{"memory":7}}"#
        );
        assert_eq!(
            serde_json::from_str::<ContainerConfig>(&text).unwrap(),
            wish
        );
    }
}
