//! Filters of `ps`.
//!
//! Invariant: docker's rules: values of a key are alternatives, keys must all match, labels all.

use hull_model::filter::Filters;
use hull_oci::Digest;
use hull_state::ContainerRow;

use crate::container::facts::Observed;
use crate::container::find::find;
use crate::container::status::Status;
use crate::container::view::{self, Images, Life};
use crate::context::Context;
use crate::error::Error;

const KNOWN: &[&str] = &[
    "ancestor",
    "before",
    "exited",
    "expose",
    "health",
    "id",
    "is-task",
    "isolation",
    "label",
    "label!",
    "name",
    "network",
    "publish",
    "since",
    "status",
    "volume",
];

/// Filters, with what they name looked up.
pub struct Matcher<'a> {
    context: &'a Context,
    filters: &'a Filters,
    /// Ids of images that `ancestor` accepts.
    ancestors: Vec<Digest>,
    before: Option<i64>,
    since: Option<i64>,
    exited: Vec<i32>,
}

impl<'a> Matcher<'a> {
    /// Checks the filters and looks up what they name.
    pub fn new(context: &'a Context, filters: &'a Filters) -> Result<Self, Error> {
        if let Some(key) = filters.unknown(KNOWN) {
            return Err(Error::UnknownFilter {
                key: key.to_owned(),
            });
        }
        let value = |key, value: &String| Error::FilterValue {
            key,
            value: value.clone(),
        };
        for word in filters.get("status") {
            if !STATES.contains(&word.as_str()) {
                return Err(value("status", word));
            }
        }
        for word in filters.get("health") {
            if !["starting", "healthy", "unhealthy", "none"].contains(&word.as_str()) {
                return Err(value("health", word));
            }
        }
        let mut exited = Vec::new();
        for word in filters.get("exited") {
            exited.push(word.parse().map_err(|_| value("exited", word))?);
        }
        Ok(Self {
            context,
            filters,
            ancestors: ancestors(context, filters)?,
            before: newest(context, filters.get("before"), i64::min)?,
            since: newest(context, filters.get("since"), i64::max)?,
            exited,
        })
    }

    /// These filters are about containers that may not run.
    pub fn asks_for_status(&self) -> bool {
        ["status", "exited", "before", "since"]
            .iter()
            .any(|key| self.filters.has(key))
    }

    /// Whether a container passes.
    pub fn matches(
        &self,
        row: &ContainerRow,
        observed: &Observed,
        images: &mut Images<'_>,
    ) -> Result<bool, Error> {
        if self.filters.is_empty() {
            return Ok(true);
        }
        if !self.by_row(row, observed) {
            return Ok(false);
        }
        self.by_wish(row, images)
    }

    fn by_row(&self, row: &ContainerRow, observed: &Observed) -> bool {
        let filters = self.filters;
        let life = Life::of(row, observed);
        let named = |wanted: &str| name_matches(row.name.as_str(), wanted);
        let ancestor = || {
            let id = row.image_id.as_ref();
            id.is_some_and(|id| self.ancestors.contains(id))
        };
        let exited = || observed.status == Status::Exited && self.exited.contains(&life.exit_code);
        filters.any("id", |wanted| row.id.as_str().starts_with(wanted))
            && filters.any("name", named)
            && filters.exact("status", observed.status.as_str())
            && (!filters.has("ancestor") || ancestor())
            && (!filters.has("exited") || exited())
            && self.before.is_none_or(|time| row.created < time)
            && self.since.is_none_or(|time| row.created > time)
            && filters.any("health", |wanted| wanted == "none")
            && filters.any("is-task", |wanted| !matches!(wanted, "true" | "1"))
            && !filters.has("publish")
    }

    fn by_wish(&self, row: &ContainerRow, images: &mut Images<'_>) -> Result<bool, Error> {
        let filters = self.filters;
        let asks = ["label", "label!", "network", "volume", "expose"];
        if !asks.iter().any(|key| filters.has(key)) {
            return Ok(true);
        }
        let effective = images.effective(row)?;
        let config = row.config.get()?;
        let network = view::network_name(&config.network);
        let sources = view::mount_sources(self.context, row, &effective)?;
        let targets: Vec<String> = config.mounts.iter().map(|m| m.target.clone()).collect();
        let volume = |wanted: &str| {
            sources
                .iter()
                .chain(&targets)
                .chain(&effective.volumes)
                .any(|have| have == wanted)
        };
        let exposed = |wanted: &str| {
            let wanted = if wanted.contains('/') {
                wanted.to_owned()
            } else {
                format!("{wanted}/tcp")
            };
            effective.exposed_ports.contains(&wanted)
        };
        Ok(filters.labels(&effective.labels)
            && filters.exact("network", &network)
            && filters.any("volume", volume)
            && filters.any("expose", exposed))
    }
}

const STATES: &[&str] = &[
    "created",
    "running",
    "paused",
    "restarting",
    "removing",
    "exited",
    "dead",
];

/// Creation time of the containers that `before` or `since` name.
fn newest(
    context: &Context,
    names: &[String],
    pick: fn(i64, i64) -> i64,
) -> Result<Option<i64>, Error> {
    let mut found = None;
    for name in names {
        let created = find(context, name)?.created;
        found = Some(found.map_or(created, |time| pick(time, created)));
    }
    Ok(found)
}

/// Images that `ancestor` names, and those built on them: whose layers begin with theirs.
fn ancestors(context: &Context, filters: &Filters) -> Result<Vec<Digest>, Error> {
    let store = context.store();
    let mut accepted = Vec::new();
    for name in filters.get("ancestor") {
        let image = match hull_image::resolve::resolve(&store, name) {
            Ok(image) => image,
            Err(hull_image::Error::NoSuchImage { .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        let base = hull_image::list::config_of(&image)?.rootfs.diff_ids;
        for other in context.ledger.images().list()? {
            let layers = hull_image::list::config_of(&other)?.rootfs.diff_ids;
            if other.id == image.id || (!base.is_empty() && layers.starts_with(&base)) {
                accepted.push(other.id);
            }
        }
    }
    Ok(accepted)
}

/// As docker's pattern, for the anchors people use: `^/web$`, `^web`, `web$`, `web`.
fn name_matches(name: &str, wanted: &str) -> bool {
    let (begins, ends) = (wanted.starts_with('^'), wanted.ends_with('$'));
    let bare = wanted
        .trim_start_matches('^')
        .trim_end_matches('$')
        .trim_start_matches('/');
    match (begins, ends) {
        (true, true) => name == bare,
        (true, false) => name.starts_with(bare),
        (false, true) => name.ends_with(bare),
        (false, false) => name.contains(bare),
    }
}

#[cfg(test)]
mod tests {
    use super::name_matches;

    #[test]
    fn names_match_with_and_without_anchors() {
        let lines = [
            ("web", "web", true),
            ("myweb1", "web", true),
            ("myweb", "^web", false),
            ("web1", "^/web$", false),
            ("web", "^/web$", true),
            ("myweb", "web$", true),
        ];
        for (name, wanted, expected) in lines {
            assert_eq!(name_matches(name, wanted), expected, "{name} {wanted}");
        }
    }
}
