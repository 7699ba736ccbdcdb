//! `rmi` and `image prune`: names first, images with their last name.

use hull_image::prune::Pruned;
use hull_image::remove::{RemoveOptions, Removed};
use hull_model::filter::Filters;
use hull_state::ContainerRow;

use crate::context::Context;
use crate::error::Error;
use crate::image::list::Chooser;
use crate::image::record;

/// Whether a container runs, as whoever stands above us knows it.
pub(crate) type Running = fn(&Context, &ContainerRow) -> bool;

pub(crate) fn remove(
    context: &Context,
    name: &str,
    force: bool,
    running: Running,
) -> Result<Vec<Removed>, Error> {
    let running = |row: &ContainerRow| running(context, row);
    let options = RemoveOptions {
        force,
        running: &running,
    };
    let removed = hull_image::remove::remove(&context.store(), name, options)?;
    note(context, &removed);
    Ok(removed)
}

pub(crate) fn prune(context: &Context, all: bool, filters: &Filters) -> Result<Pruned, Error> {
    let known = ["dangling", "label", "label!", "until"];
    let mut filters = filters.clone();
    // `dangling=false` is docker's other way to say `--all`.
    let all = all
        || filters
            .get("dangling")
            .iter()
            .any(|value| value == "false" || value == "0");
    filters.values.remove("dangling");
    let chooser = Chooser::new(context, &filters, &known)?;
    let wanted =
        |listed: &hull_image::list::Listed| chooser.tags(listed).is_ok_and(|tags| tags.is_some());
    let pruned = hull_image::prune::prune(&context.store(), all, &wanted)?;
    note(context, &pruned.removed);
    Ok(pruned)
}

fn note(context: &Context, removed: &[Removed]) {
    for one in removed {
        match one {
            Removed::Untagged { name, image } => {
                record::note(context, "untag", image.as_str(), name);
            }
            Removed::Image(id) => record::note(context, "delete", id.as_str(), id.as_str()),
            Removed::Layer(_) => {}
        }
    }
}
