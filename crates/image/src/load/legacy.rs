//! docker's archive before 1.10: `repositories` names layers, each `<id>/json` and `<id>/layer.tar`
//! point at a parent.
//!
//! Leaves all else to the modern format, into which it is translated. Invariant: the image id is the
//! digest of the config made here, so the same archive always gives the same image.

use std::collections::BTreeMap;

use hull_oci::Reference;
use hull_oci::digest::Algorithm;
use hull_oci::image_config::{self, ImageConfig};
use serde_json::{Map, Value, json};

use super::bag::{Bag, Piece};
use super::plan::{Planned, PlannedLayer};
use crate::error::{Error, Result};
use crate::hash::Hasher;
use crate::pipe::{CHUNK, fill};

/// More parents than overlayfs could stack.
const MAX_PARENTS: usize = 500;

/// What the archive holds.
pub(super) fn plan(bag: &Bag) -> Result<Vec<Planned>> {
    let bytes = bag.read("repositories", image_config::MAX_SIZE)?;
    let repositories: BTreeMap<String, BTreeMap<String, String>> =
        serde_json::from_slice(&bytes).map_err(|source| Error::Json {
            what: "repositories".into(),
            source,
        })?;
    let mut planned: Vec<(String, Planned)> = Vec::new();
    for (repository, tags) in repositories {
        for (tag, id) in tags {
            let name = Reference::parse(&format!("{repository}:{tag}")).map_err(Error::Word)?;
            match planned.iter_mut().find(|(known, _)| *known == id) {
                Some((_, image)) => image.names.push(name),
                None => {
                    let mut image = plan_one(bag, &id)?;
                    image.names.push(name);
                    planned.push((id, image));
                }
            }
        }
    }
    if planned.is_empty() {
        return Err(Error::Archive {
            problem: "repositories lists no image".into(),
        });
    }
    Ok(planned.into_iter().map(|(_, image)| image).collect())
}

fn plan_one(bag: &Bag, id: &str) -> Result<Planned> {
    let mut chain: Vec<(String, Map<String, Value>)> = Vec::new();
    let mut next = Some(id.to_owned());
    while let Some(id) = next {
        if chain.len() > MAX_PARENTS || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(Error::Archive {
                problem: "a chain of parents without end".into(),
            });
        }
        let what = format!("{id}/json");
        let document: Map<String, Value> =
            serde_json::from_slice(&bag.read(&what, image_config::MAX_SIZE)?)
                .map_err(|source| Error::Json { what, source })?;
        next = document
            .get("parent")
            .and_then(Value::as_str)
            .map(str::to_owned);
        next = next.filter(|parent| !parent.is_empty());
        chain.push((id, document));
    }
    chain.reverse();
    let (mut layers, mut history) = (Vec::new(), Vec::new());
    for (id, document) in &chain {
        let what = format!("{id}/layer.tar");
        let piece = bag.need(&what)?;
        layers.push(PlannedLayer {
            diff_id: diff_id(&piece, &what)?,
            piece,
            blob: None,
            what,
        });
        history.push(step(document));
    }
    let config = config_of(
        chain.pop().map(|(_, top)| top).unwrap_or_default(),
        &layers,
        history,
    )?;
    let parsed = ImageConfig::parse(&config).map_err(|source| Error::Document {
        what: format!("{id}/json"),
        source,
    })?;
    Ok(Planned {
        config,
        parsed,
        manifest: None,
        index: None,
        layers,
        names: Vec::new(),
    })
}

fn config_of(
    mut top: Map<String, Value>,
    layers: &[PlannedLayer],
    history: Vec<Value>,
) -> Result<Vec<u8>> {
    for key in ["id", "parent", "Size", "parent_id", "layer_id", "throwaway"] {
        top.remove(key);
    }
    let diff_ids: Vec<&str> = layers.iter().map(|layer| layer.diff_id.as_str()).collect();
    top.insert(
        "rootfs".into(),
        json!({ "type": "layers", "diff_ids": diff_ids }),
    );
    top.insert("history".into(), Value::Array(history));
    serde_json::to_vec(&top).map_err(|source| Error::Json {
        what: "the config".into(),
        source,
    })
}

fn step(document: &Map<String, Value>) -> Value {
    let mut step = Map::new();
    for key in ["created", "author", "comment"] {
        if let Some(value) = document.get(key).filter(|v| v.as_str() != Some("")) {
            step.insert(key.into(), value.clone());
        }
    }
    let command = document.get("container_config").and_then(|c| c.get("Cmd"));
    if let Some(words) = command.and_then(Value::as_array) {
        let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        step.insert("created_by".into(), Value::String(words.join(" ")));
    }
    Value::Object(step)
}

/// The format does not name it, so the layer is read once more.
fn diff_id(piece: &Piece, what: &str) -> Result<hull_oci::Digest> {
    let failed = |source| Error::Read {
        what: what.to_owned(),
        source,
    };
    let input = std::io::BufReader::with_capacity(CHUNK, piece.reader());
    let mut plain = piece.compression(what)?.decoder(input)?;
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut buffer = vec![0; CHUNK];
    loop {
        fill(&mut plain, &mut buffer).map_err(failed)?;
        if buffer.is_empty() {
            return Ok(hasher.finish());
        }
        hasher.update(&buffer);
        buffer.resize(CHUNK, 0);
    }
}
