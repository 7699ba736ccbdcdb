//! What the tests of `load` share: a store of its own, and archives of every format.

use std::io::Write;

use hull_oci::Digest;
use hull_oci::descriptor::{Descriptor, media_type};
use hull_oci::index::{Index, REF_NAME};
use hull_oci::manifest::Manifest;
use hull_oci::platform::Platform;
use hull_state::Ledger;
use serde_json::json;

use super::{LoadOptions, LoadSource, Loaded, load};
use crate::hash::Hasher;
use crate::store::Store;
use crate::tar::tests::{Raw, archive};
use crate::{Error, list, sweep};

/// A store in a directory of its own.
pub(super) struct Home {
    pub(super) dir: tempfile::TempDir,
    pub(super) ledger: Ledger,
}

impl Home {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(dir.path().join("state.db"));
        Self { dir, ledger }
    }

    pub(super) fn store(&self) -> Store<'_> {
        Store::new(self.dir.path(), &self.ledger, false)
    }

    pub(super) fn load(&self, bytes: &[u8]) -> Result<Vec<Loaded>, Error> {
        let path = self.dir.path().join("archive.tar");
        std::fs::write(&path, bytes).unwrap();
        let file = std::fs::File::open(&path).unwrap();
        let one = load(
            &self.store(),
            LoadSource::File(file, "archive.tar".into()),
            options(),
        );
        std::fs::remove_file(&path).unwrap();
        one
    }

    pub(super) fn stream(&self, bytes: &[u8]) -> Result<Vec<Loaded>, Error> {
        load(
            &self.store(),
            LoadSource::Stream(Box::new(bytes), "stdin".into()),
            options(),
        )
    }

    pub(super) fn is_empty(&self) -> bool {
        let dirs = [
            "content/ingest",
            "content/blobs/sha256",
            "snapshots",
            "trash",
        ];
        sweep::sweep(&self.store()).unwrap();
        dirs.iter()
            .all(|dir| std::fs::read_dir(self.dir.path().join(dir)).map_or(0, Iterator::count) == 0)
            && list::list(&self.store()).unwrap().is_empty()
    }
}

pub(super) fn options() -> LoadOptions<'static> {
    LoadOptions {
        platform: None,
        now: 1_700_000_000_000_000_000,
        progress: &|_| {},
    }
}

pub(super) fn layer(n: u8) -> Vec<u8> {
    archive(&[Raw::dir("d"), Raw::file(&format!("d/f{n}"), &vec![n; 5000])])
}

pub(super) fn config(layers: &[Vec<u8>]) -> Vec<u8> {
    let diff_ids: Vec<Digest> = layers.iter().map(|layer| Hasher::of(layer)).collect();
    let history: Vec<_> = layers
        .iter()
        .map(|_| json!({"created_by": "test"}))
        .collect();
    serde_json::to_vec(&json!({
        "architecture": "amd64", "os": "linux", "created": "2026-01-01T00:00:00Z",
        "config": {"Cmd": ["sh"]}, "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": history,
    }))
    .unwrap()
}

/// A docker archive; `stored` are the layers as they lie in it.
pub(super) fn docker(name: &str, layers: &[Vec<u8>], stored: &[Vec<u8>]) -> Vec<u8> {
    let config = config(layers);
    let mut entries = vec![Raw::file("config.json", &config)];
    let members: Vec<String> = (0..stored.len())
        .map(|n| format!("l{n}/layer.tar"))
        .collect();
    for (member, bytes) in members.iter().zip(stored) {
        entries.push(Raw::file(member, bytes));
    }
    let tags = if name.is_empty() {
        json!(null)
    } else {
        json!([name])
    };
    let manifest = json!([{"Config": "config.json", "RepoTags": tags, "Layers": members}]);
    entries.push(Raw::file("manifest.json", manifest.to_string().as_bytes()));
    archive(&entries)
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

pub(super) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

pub(super) fn blob(bytes: &[u8]) -> Raw {
    Raw::file(&format!("blobs/sha256/{}", Hasher::of(bytes).hex()), bytes)
}

pub(super) fn descriptor(kind: &str, bytes: &[u8]) -> Descriptor {
    Descriptor::new(kind, Hasher::of(bytes), bytes.len() as u64)
}

/// An OCI layout's members: one image per platform given, under one index named `name`.
pub(super) fn layout(name: &str, platforms: &[&str]) -> Vec<Raw> {
    let mut entries = vec![Raw::file(
        "oci-layout",
        br#"{"imageLayoutVersion":"1.0.0"}"#,
    )];
    let mut manifests = Vec::new();
    for (n, platform) in platforms.iter().enumerate() {
        let plain = layer(100 + u8::try_from(n).unwrap());
        let (packed, config) = (gzip(&plain), config(&[plain]));
        let manifest = serde_json::to_vec(&Manifest::new(
            descriptor(media_type::CONFIG, &config),
            vec![descriptor(media_type::LAYER_GZIP, &packed)],
        ))
        .unwrap();
        let mut entry = descriptor(media_type::MANIFEST, &manifest);
        entry.platform = Some(Platform::parse(platform).unwrap());
        manifests.push(entry);
        entries.extend([blob(&packed), blob(&config), blob(&manifest)]);
    }
    let mut top = match manifests.len() {
        1 => manifests.remove(0),
        _ => {
            let index = serde_json::to_vec(&Index::new(manifests)).unwrap();
            entries.push(blob(&index));
            descriptor(media_type::INDEX, &index)
        }
    };
    top.annotations.insert(REF_NAME.into(), name.into());
    let index = serde_json::to_vec(&Index::new(vec![top])).unwrap();
    entries.push(Raw::file("index.json", &index));
    entries
}
