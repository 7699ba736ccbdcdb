//! [`Images`]: the verbs on images under one handle; each lives in its own file.

use std::fs::File;

use hull_image::history::Step;
use hull_image::import::Imported;
use hull_image::load::{LoadSource, Loaded, Progress};
use hull_image::prune::Pruned;
use hull_image::remove::Removed;
use hull_model::filter::Filters;
use serde_json::Value;

use crate::context::Context;
use crate::error::Error;
use crate::image::import::{self, ImportRequest};
use crate::image::list::{ImageListRequest, ImageSummary};
use crate::image::remove::Running;
use crate::image::{inspect, list, load, remove, save, tag};

/// Verbs on images; `name` is a name with or without tag, a digest, an id or the beginning of one.
#[derive(Clone, Copy)]
pub struct Images<'a> {
    context: &'a Context,
    running: Running,
}

impl<'a> Images<'a> {
    pub(crate) fn new(context: &'a Context, running: Running) -> Self {
        Self { context, running }
    }

    /// Images that match, newest first.
    pub fn list(&self, request: &ImageListRequest) -> Result<Vec<ImageSummary>, Error> {
        list::list(self.context, request)
    }

    /// Brings the images of an archive or layout into the store; of `platform`, the host's when `None`.
    /// `progress` hears how far it is, from several threads.
    pub fn load(
        &self,
        source: LoadSource<'_>,
        platform: Option<&str>,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Vec<Loaded>, Error> {
        load::load(self.context, source, platform, progress)
    }

    /// Writes the images `names` to `out` as one archive, which docker and OCI tools read.
    pub fn save(&self, names: &[String], platform: Option<&str>, out: &File) -> Result<(), Error> {
        save::save(self.context, names, platform, out)
    }

    /// Makes an image of the tar in `source`, which errors call `what`.
    pub fn import(
        &self,
        source: File,
        what: &str,
        request: ImportRequest<'_>,
    ) -> Result<Imported, Error> {
        import::import(self.context, source, what, request)
    }

    /// Gives the image `source` the name `target`.
    pub fn tag(&self, source: &str, target: &str) -> Result<(), Error> {
        tag::tag(self.context, source, target)
    }

    /// Takes a name off an image, and the image out of the store with its last name.
    pub fn remove(&self, name: &str, force: bool) -> Result<Vec<Removed>, Error> {
        remove::remove(self.context, name, force, self.running)
    }

    /// Removes images nobody names, or with `all` those no container uses.
    pub fn prune(&self, all: bool, filters: &Filters) -> Result<Pruned, Error> {
        remove::prune(self.context, all, filters)
    }

    /// Everything about an image, in docker's shape and order.
    pub fn inspect(&self, name: &str) -> Result<Value, Error> {
        inspect::inspect(self.context, name)
    }

    /// How an image was made, newest step first.
    pub fn history(&self, name: &str) -> Result<Vec<Step>, Error> {
        Ok(hull_image::history::history(&self.context.store(), name)?)
    }
}
