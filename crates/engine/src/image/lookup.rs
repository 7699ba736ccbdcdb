//! The image a container is made of: from the store, from the binary, or not at all.
//!
//! Leaves registries to a later release. Invariant: asks nobody outside this machine.

use hull_model::container::config::ContainerConfig;
use hull_oci::Reference;
use hull_state::ImageRow;

use crate::context::Context;
use crate::error::Error;
use crate::image::load;

/// Whether an image is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PullPolicy {
    /// Always ask the registry.
    Always,
    /// Only when it is not in the store.
    #[default]
    Missing,
    /// Never.
    Never,
}

/// The image that `config` names.
pub fn lookup(
    context: &Context,
    config: &ContainerConfig,
    pull: PullPolicy,
) -> Result<ImageRow, Error> {
    if pull == PullPolicy::Always {
        return Err(Error::NotYet {
            wish: "pull an image from a registry",
            hint: "leave --pull always out, and bring images in with `hull load`",
        });
    }
    let row = match hull_image::resolve::resolve(&context.store(), &config.image) {
        Err(hull_image::Error::NoSuchImage { .. }) => embedded(context, &config.image, pull)?,
        other => other?,
    };
    match &config.platform {
        Some(wanted) if !matches(wanted, &row) => Err(Error::Platform {
            image: config.image.clone(),
            wanted: wanted.clone(),
        }),
        _ => Ok(row),
    }
}

fn matches(wanted: &str, row: &ImageRow) -> bool {
    let mut parts = wanted.split('/');
    let (os, architecture, variant) = match (parts.next(), parts.next(), parts.next()) {
        (Some(word), None, _) if word == row.os => return true,
        (Some(word), None, _) => ("linux", word, None),
        (Some(os), Some(architecture), variant) => (os, architecture, variant),
        (None, ..) => return true,
    };
    let architecture = match architecture {
        "x86_64" | "x86-64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    os == row.os
        && architecture == row.architecture
        && variant.is_none_or(|variant| row.variant.is_empty() || variant == row.variant)
}

/// Loads the image out of the binary, if it is one that travels in it.
fn embedded(context: &Context, name: &str, pull: PullPolicy) -> Result<ImageRow, Error> {
    let full = |name: &str| {
        Reference::parse(name)
            .map(|reference| reference.with_default_tag().to_string())
            .ok()
    };
    let missing = || Error::NoImage {
        image: familiar(name),
    };
    let wanted = full(name).ok_or_else(missing)?;
    let one = context
        .settings
        .embedded
        .iter()
        .find(|one| full(one.reference).as_ref() == Some(&wanted));
    let Some(one) = one.filter(|_| pull != PullPolicy::Never) else {
        return Err(missing());
    };
    load::embedded(context, one.archive)?;
    Ok(hull_image::resolve::resolve(&context.store(), name)?)
}

/// `name` with its tag, as docker says it in this message.
fn familiar(name: &str) -> String {
    match Reference::parse(name) {
        Ok(reference) => reference.with_default_tag().familiar(),
        Err(_) => name.to_owned(),
    }
}
