//! What is fed: a parser each, with seeds, the words of its format and the mending of its checksums.
//!
//! Invariant: a target answers with the *kind* of its outcome, numbers and names left out, so that
//! few inputs are kept and each is a new way through the parser.

use hull_monitor::protocol::Frame;
use hull_oci::runtime_spec::Spec;
use hull_runtime::security::{profile::Context, seccomp};

use crate::archives;

/// A parser under test.
pub struct Target {
    /// Its word.
    pub name: &'static str,
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Words of the format.
    pub words: &'static [&'static str],
    /// Mends checksums after bending.
    pub repair: fn(&mut [u8]),
    /// Parses and answers the kind of outcome.
    pub run: fn(&[u8]) -> String,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target {
        name: "tar",
        seeds: archives::layers,
        words: archives::WORDS,
        repair: archives::repair,
        run: archives::layer,
    },
    Target {
        name: "archive",
        seeds: archives::archives,
        words: archives::WORDS,
        repair: archives::repair,
        run: archives::archive,
    },
    text(
        "reference",
        || texts(&["busybox", "localhost:5000/a/b:tag", "a@sha256:00", "A/b"]),
        &["/", ":", "@", "sha256:", "..", "%"],
        |bytes| {
            with_text(bytes, |text| {
                kind(&hull_oci::reference::Reference::parse(text))
            })
        },
    ),
    text(
        "digest",
        || texts(&[&format!("sha256:{}", "a".repeat(64)), "sha512:00", ":"]),
        &["sha256:", "sha512:"],
        |bytes| with_text(bytes, |text| kind(&hull_oci::digest::Digest::parse(text))),
    ),
    text(
        "platform",
        || texts(&["linux/amd64", "linux/arm64/v8", "windows(10)/amd64"]),
        &["linux", "/", "v8"],
        |bytes| {
            with_text(bytes, |text| {
                kind(&hull_oci::platform::Platform::parse(text))
            })
        },
    ),
    text(
        "manifest",
        || texts(&[MANIFEST]),
        JSON,
        |bytes| kind(&hull_oci::manifest::Manifest::parse(bytes)),
    ),
    text(
        "index",
        || texts(&[INDEX, MANIFEST]),
        JSON,
        |bytes| kind(&hull_oci::index::Index::parse(bytes)),
    ),
    text(
        "image-config",
        || texts(&[IMAGE_CONFIG]),
        JSON,
        |bytes| kind(&hull_oci::image_config::ImageConfig::parse(bytes)),
    ),
    text("runtime-spec", || texts(&[SPEC]), JSON, runtime_spec),
    text(
        "seccomp",
        || texts(&[PROFILE, "{\"defaultAction\":\"SCMP_ACT_KILL\"}"]),
        SECCOMP,
        compile,
    ),
    text("frame", frames, JSON, |bytes| kind(&Frame::decode(bytes))),
    text(
        "words",
        || texts(&["1.5g", "1h30m", "2026-01-01T00:00:00.5Z", "SIGTERM", "-1"]),
        &["k", "m", "h", "ns", "Z", "+01:00", "e9"],
        words,
    ),
];

/// A target whose bytes have no checksum.
const fn text(
    name: &'static str,
    seeds: fn() -> Vec<Vec<u8>>,
    words: &'static [&'static str],
    run: fn(&[u8]) -> String,
) -> Target {
    Target {
        name,
        seeds,
        words,
        repair: |_| {},
        run,
    }
}

const JSON: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "null",
    "true",
    "\"\"",
    ":",
    ",",
    "\"size\":",
    "\"digest\":",
    "\"mediaType\":",
    "\\ud800",
    "\"config\":",
    "\"layers\":",
    "\"linux\":",
    "\"args\":",
];

const SECCOMP: &[&str] = &[
    "SCMP_ACT_ALLOW",
    "SCMP_ACT_ERRNO",
    "SCMP_ACT_TRACE",
    "SCMP_ACT_NOTIFY",
    "SCMP_CMP_MASKED_EQ",
    "SCMP_CMP_GE",
    "SCMP_CMP_NE",
    "\"args\":[{\"index\":5,\"value\":1,\"op\":\"SCMP_CMP_LT\"}]",
    "\"names\":[\"clone\",\"socket\"]",
    "SCMP_ARCH_X32",
    "SCMP_ARCH_X86",
    "\"valueTwo\":",
    "\"includes\":{\"minKernel\":\"4.8\"}",
    "18446744073709551615",
];

const MANIFEST: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":32}],"annotations":{"a":"b"}}"#;

const INDEX: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":7,"platform":{"architecture":"amd64","os":"linux","variant":"v1"},"annotations":{"org.opencontainers.image.ref.name":"x"}}]}"#;

const IMAGE_CONFIG: &str = r#"{"architecture":"amd64","os":"linux","created":"2026-01-01T00:00:00Z","config":{"User":"1:2","ExposedPorts":{"80/tcp":{}},"Env":["A=b"],"Entrypoint":["/x"],"Cmd":["y"],"Volumes":{"/v":{}},"WorkingDir":"/w","Labels":{"k":"v"},"StopSignal":"SIGINT","Healthcheck":{"Test":["CMD","x"],"Interval":1000000000}},"rootfs":{"type":"layers","diff_ids":["sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"]},"history":[{"created":"2026-01-01T00:00:00Z","created_by":"x","empty_layer":true}]}"#;

const SPEC: &str = r#"{"ociVersion":"1.2.1","process":{"terminal":true,"consoleSize":{"height":1,"width":2},"user":{"uid":0,"gid":0,"additionalGids":[1]},"args":["sh"],"env":["A=b"],"cwd":"/","capabilities":{"bounding":["CAP_CHOWN"]},"rlimits":[{"type":"RLIMIT_NOFILE","hard":1,"soft":1}],"noNewPrivileges":true,"oomScoreAdj":1},"root":{"path":"rootfs"},"hostname":"h","mounts":[{"destination":"/proc","type":"proc","source":"proc","options":["nosuid"]}],"hooks":{"prestart":[{"path":"/x","args":["a"],"timeout":1}]},"annotations":{"a":"b"},"linux":{"uidMappings":[{"containerID":0,"hostID":0,"size":1}],"namespaces":[{"type":"pid"},{"type":"mount","path":"/x"}],"devices":[{"path":"/dev/x","type":"c","major":1,"minor":3,"fileMode":438}],"cgroupsPath":"/x","resources":{"memory":{"limit":1},"cpu":{"shares":2,"quota":3},"pids":{"limit":4},"devices":[{"allow":false,"access":"rwm"}],"blockIO":{"weight":10}},"seccomp":{"defaultAction":"SCMP_ACT_ALLOW"},"maskedPaths":["/proc/kcore"],"sysctl":{"a":"b"}}}"#;

const PROFILE: &str = r#"{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":1,"archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86","SCMP_ARCH_X32"]}],"syscalls":[{"names":["read","write","exit_group"],"action":"SCMP_ACT_ALLOW"},{"names":["personality"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":8,"op":"SCMP_CMP_EQ"}]},{"names":["clone"],"action":"SCMP_ACT_ERRNO","errnoRet":38,"args":[{"index":0,"value":2114060288,"valueTwo":0,"op":"SCMP_CMP_MASKED_EQ"}],"excludes":{"caps":["CAP_SYS_ADMIN"],"arches":["s390"]}},{"name":"socket","action":"SCMP_ACT_ALLOW","includes":{"minKernel":"4.8"}}]}"#;

fn texts(list: &[&str]) -> Vec<Vec<u8>> {
    list.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// A frame of each kind with a document and without.
fn frames() -> Vec<Vec<u8>> {
    let documents: [&[u8]; 3] = [b"{}", b"{\"version\":1}", b""];
    (0..=u8::MAX)
        .flat_map(|kind| documents.map(|document| [&[kind], document].concat()))
        .collect()
}

fn with_text(bytes: &[u8], run: impl Fn(&str) -> String) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| "no text".into(), run)
}

/// The outcome with digits and quoted words left out.
fn kind<T: std::fmt::Debug, E: std::fmt::Debug>(outcome: &Result<T, E>) -> String {
    match outcome {
        // The value is formatted too: a Debug or an accessor that panics is a finding as well.
        Ok(value) => shape(&format!("{value:?}")),
        Err(error) => shape(&format!("{error:?}")),
    }
}

/// A text's capitalised words outside quotes: the variants and types in it, few and telling.
pub fn shape(text: &str) -> String {
    let outside = text.split('"').step_by(2);
    let words = outside.flat_map(|part| part.split(|c: char| !c.is_ascii_alphanumeric()));
    let names = words.filter(|word| word.starts_with(|c: char| c.is_ascii_uppercase()));
    names
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(300)
        .collect()
}

/// Parses a runtime specification; what was read must survive being written and read again.
fn runtime_spec(bytes: &[u8]) -> String {
    let parsed: Result<Spec, _> = serde_json::from_slice(bytes);
    if let Ok(spec) = &parsed {
        let written = serde_json::to_vec(spec).expect("a specification can be written");
        let again: Spec = serde_json::from_slice(&written).expect("and read again");
        assert_eq!(
            *spec, again,
            "a specification changes when it is written and read"
        );
    }
    kind(&parsed)
}

/// Reads a profile, decides its conditions and compiles it.
fn compile(bytes: &[u8]) -> String {
    match seccomp::parse(bytes, &Context::native(0xa804_25fb)) {
        Ok(Some(profile)) => match seccomp::Filter::compile(&profile) {
            Ok(filter) => format!("notifies {}", filter.notifies()),
            Err(error) => shape(&format!("{error:?}")),
        },
        Ok(None) => "nothing".into(),
        Err(error) => shape(&format!("{error:?}")),
    }
}

/// The words of the command line that have a grammar.
fn words(bytes: &[u8]) -> String {
    with_text(bytes, |text| {
        let size = hull_model::size::parse_bytes(text).is_ok();
        let any = hull_model::size::parse_bytes_or_unlimited(text).is_ok();
        let span = hull_model::duration::parse_duration(text).is_ok();
        let time = hull_model::time::Timestamp::parse_rfc3339(text).is_some();
        format!("{size} {any} {span} {time}")
    })
}
