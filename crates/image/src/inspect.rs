//! `image inspect`: everything known about an image.
//!
//! Leaves docker's JSON to `cli` and `api`. Invariant: the config is also had as the bytes received.

use hull_oci::Digest;
use hull_oci::image_config::ImageConfig;
use hull_state::{ImageRow, LayerRow};

use crate::error::Result;
use crate::list::{config_of, names_of};
use crate::resolve::resolve;
use crate::store::Store;

/// Everything known about an image.
#[derive(Debug, Clone)]
pub struct Inspected {
    /// Its row, raw config included.
    pub image: ImageRow,
    /// Its parsed config.
    pub config: ImageConfig,
    /// `busybox:latest`.
    pub tags: Vec<String>,
    /// `busybox@sha256:…`.
    pub digests: Vec<String>,
    /// Its layers, lowest first.
    pub layers: Vec<LayerRow>,
    /// Chain id of the topmost layer.
    pub chain: Option<Digest>,
}

/// Looks `image` up.
pub fn inspect(store: &Store<'_>, image: &str) -> Result<Inspected> {
    let image = resolve(store, image)?;
    let config = config_of(&image)?;
    let (tags, digests) = names_of(store, &image.id)?;
    let layers = store.ledger.layers().of_image(&image.id)?;
    let chain = crate::chain::chain_ids(&config.rootfs.diff_ids).pop();
    Ok(Inspected {
        image,
        config,
        tags,
        digests,
        layers,
        chain,
    })
}
