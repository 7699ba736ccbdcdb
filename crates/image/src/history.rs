//! `history`: how an image was made.
//!
//! Leaves the table to `cli`. Invariant: newest step first; a step that made a layer carries that
//! layer's size.

use hull_model::time::Timestamp;
use hull_oci::Digest;

use crate::error::Result;
use crate::list::{config_of, names_of};
use crate::resolve::resolve;
use crate::store::Store;

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The image's id for the newest step; unknown (`<missing>`) for others.
    pub id: Option<Digest>,
    /// When.
    pub created: Option<Timestamp>,
    /// Command.
    pub created_by: String,
    /// Bytes of the layer it made.
    pub size: u64,
    /// Remark.
    pub comment: String,
    /// Names of the image, on the newest step.
    pub tags: Vec<String>,
}

/// The steps of `image`, newest first.
pub fn history(store: &Store<'_>, image: &str) -> Result<Vec<Step>> {
    let row = resolve(store, image)?;
    let config = config_of(&row)?;
    let mut sizes = store
        .ledger
        .layers()
        .of_image(&row.id)?
        .into_iter()
        .map(|layer| layer.size);
    let mut steps: Vec<Step> = config
        .history
        .into_iter()
        .map(|entry| Step {
            id: None,
            created: entry.created.as_deref().and_then(Timestamp::parse_rfc3339),
            created_by: entry.created_by.unwrap_or_default(),
            size: if entry.empty_layer {
                0
            } else {
                sizes.next().unwrap_or_default()
            },
            comment: entry.comment.unwrap_or_default(),
            tags: Vec::new(),
        })
        .collect();
    steps.reverse();
    if let Some(newest) = steps.first_mut() {
        newest.tags = names_of(store, &row.id)?.0;
        newest.id = Some(row.id);
    }
    Ok(steps)
}
