//! Reading what Go programs write: a list, map or text may be `null` when it is empty.

use serde::{Deserialize, Deserializer};

/// Reads `null` as the default value.
pub(super) fn null<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}
