//! `images`: what is in the store.
//!
//! Leaves tables to `cli`. Invariant: docker's rules for filters: values of a key are alternatives,
//! labels must all match.

use std::collections::BTreeMap;

use hull_image::list::Listed;
use hull_model::filter::Filters;
use hull_model::time::Timestamp;

use crate::context::Context;
use crate::error::Error;
use crate::image::pattern;
use crate::moment::moment;

/// Which images are listed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageListRequest {
    /// Also intermediate images; there are none until builds come.
    pub all: bool,
    /// `dangling label reference before since until`.
    pub filters: Filters,
}

/// An image as `images` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSummary {
    /// `sha256:…`.
    pub id: String,
    /// `repository:tag` names, familiar form (`busybox:latest`).
    pub repo_tags: Vec<String>,
    /// `repository@sha256:…` names.
    pub repo_digests: Vec<String>,
    /// When it was built, as its configuration says.
    pub created: Timestamp,
    /// Bytes of its unpacked layers.
    pub size: u64,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// How many containers were made of it.
    pub containers: u64,
}

const KNOWN: &[&str] = &[
    "before",
    "dangling",
    "label",
    "label!",
    "reference",
    "since",
    "until",
];

pub(crate) fn list(
    context: &Context,
    request: &ImageListRequest,
) -> Result<Vec<ImageSummary>, Error> {
    let chooser = Chooser::new(context, &request.filters, KNOWN)?;
    let mut users: BTreeMap<String, u64> = BTreeMap::new();
    for row in context.ledger.containers().list()? {
        let image = row
            .image_id
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        *users.entry(image).or_default() += 1;
    }
    let mut found = Vec::new();
    for listed in hull_image::list::list(&context.store())? {
        if let Some(tags) = chooser.tags(&listed)? {
            let labels = listed.config()?.config.labels;
            let id = listed.image.id.to_string();
            found.push(ImageSummary {
                containers: users.get(&id).copied().unwrap_or(0),
                id,
                repo_tags: tags,
                repo_digests: listed.digests,
                created: Timestamp(listed.image.created),
                size: listed.image.size,
                labels,
            });
        }
    }
    Ok(found)
}

/// Filters on images, with what they name looked up.
pub(crate) struct Chooser<'a> {
    filters: &'a Filters,
    dangling: Option<bool>,
    before: Option<i64>,
    since: Option<i64>,
    until: Option<i64>,
}

impl<'a> Chooser<'a> {
    pub(crate) fn new(
        context: &Context,
        filters: &'a Filters,
        known: &[&str],
    ) -> Result<Self, Error> {
        if let Some(key) = filters.unknown(known) {
            return Err(Error::UnknownFilter {
                key: key.to_owned(),
            });
        }
        let created = |key: &str| -> Result<Option<i64>, Error> {
            let store = context.store();
            let Some(name) = filters.get(key).last() else {
                return Ok(None);
            };
            Ok(Some(hull_image::resolve::resolve(&store, name)?.created))
        };
        let dangling = match filters.get("dangling").last().map(String::as_str) {
            None => None,
            Some("true" | "1") => Some(true),
            Some("false" | "0") => Some(false),
            Some(value) => {
                return Err(Error::FilterValue {
                    key: "dangling",
                    value: value.to_owned(),
                });
            }
        };
        let until = filters.get("until").last();
        let until = until.map(|text| moment(text, context.now())).transpose()?;
        Ok(Self {
            filters,
            dangling,
            before: created("before")?,
            since: created("since")?,
            until,
        })
    }

    /// The tags under which `listed` is shown; `None` when it is not.
    pub(crate) fn tags(&self, listed: &Listed) -> Result<Option<Vec<String>>, Error> {
        let created = listed.image.created;
        let dangling = listed.tags.is_empty();
        let by_time = self.before.is_none_or(|time| created < time)
            && self.since.is_none_or(|time| created > time)
            && self.until.is_none_or(|time| created < time);
        if !by_time || self.dangling.is_some_and(|wanted| wanted != dangling) {
            return Ok(None);
        }
        let labels = self.filters.has("label") || self.filters.has("label!");
        if labels && !self.filters.labels(&listed.config()?.config.labels) {
            return Ok(None);
        }
        if !self.filters.has("reference") {
            return Ok(Some(listed.tags.clone()));
        }
        let wanted = |name: &&String| {
            self.filters
                .get("reference")
                .iter()
                .any(|wanted| pattern::matches_name(wanted, name))
        };
        let tags: Vec<String> = listed.tags.iter().filter(wanted).cloned().collect();
        let named = !tags.is_empty() || listed.digests.iter().any(|name| wanted(&name));
        Ok(named.then_some(tags))
    }
}
