//! Builds the image `hello-world` that is embedded in the hull binary.
//!
//! One static program of our own, compiled without a libc, in one layer, packed as docker-archive.
//! Invariant: the same compiler makes the same bytes, so the image's id changes only with its
//! contents; times and owners are constants, and nothing names the machine it was built on.
#![expect(
    clippy::disallowed_methods,
    reason = "a build script reads cargo's environment"
)]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

/// The image's date: the first day of the year in which hull was begun.
const CREATED: &str = "2026-01-01T00:00:00Z";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=hello-world");
    println!("cargo::rerun-if-env-changed=CC");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let program = compile(&out)?;
    let archive = image(&program, architecture()?)?;
    std::fs::write(out.join("hello-world.tar"), archive)?;
    Ok(())
}

/// The target's architecture in the words of the image specification.
fn architecture() -> Result<&'static str> {
    match std::env::var("CARGO_CFG_TARGET_ARCH")?.as_str() {
        "x86_64" => Ok("amd64"),
        "aarch64" => Ok("arm64"),
        other => Err(format!("hello-world cannot be built for {other}").into()),
    }
}

/// Compiles the program with the C compiler and answers its bytes.
fn compile(out: &Path) -> Result<Vec<u8>> {
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
    let binary = out.join("hello");
    let status = Command::new(&compiler)
        .args([
            "-Os",
            "-static",
            "-nostdlib",
            "-ffreestanding",
            "-fno-pic",
            "-no-pie",
        ])
        .args([
            "-fno-stack-protector",
            "-fno-asynchronous-unwind-tables",
            "-fcf-protection=none",
        ])
        .args([
            "-s",
            "-Wl,--build-id=none",
            "-Wl,-z,norelro",
            "-Wl,-z,noseparate-code",
            "-o",
        ])
        .arg(&binary)
        .arg("hello-world/hello.c")
        .status()
        .map_err(|error| format!("cannot start the C compiler {compiler}: {error}"))?;
    if !status.success() {
        return Err(format!("{compiler} cannot compile hello-world/hello.c: {status}").into());
    }
    Ok(std::fs::read(binary)?)
}

/// The image as `docker save` would write it.
fn image(program: &[u8], architecture: &str) -> Result<Vec<u8>> {
    let layer = tar(&[("hello", 0o755, program)])?;
    let diff = hex(&layer);
    let config = format!(
        concat!(
            r#"{{"architecture":"{architecture}","config":{{"Env":["PATH=/usr/local/sbin:"#,
            r#"/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["/hello"],"WorkingDir":"/"}},"#,
            r#""created":"{created}","history":[{{"created":"{created}","created_by":"#,
            r#""COPY hello /","comment":"comes with hull"}}],"os":"linux","rootfs":"#,
            r#"{{"type":"layers","diff_ids":["sha256:{diff}"]}}}}"#
        ),
        architecture = architecture,
        created = CREATED,
        diff = diff,
    );
    let id = hex(config.as_bytes());
    let manifest = format!(
        r#"[{{"Config":"{id}.json","RepoTags":["hello-world:latest"],"Layers":["{diff}/layer.tar"]}}]"#
    );
    tar(&[
        (&format!("{diff}/layer.tar"), 0o644, &layer),
        (&format!("{id}.json"), 0o644, config.as_bytes()),
        ("manifest.json", 0o644, manifest.as_bytes()),
    ])
}

/// The digest of `bytes`, in hexadecimal.
fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A ustar archive of regular files owned by root, dated at the epoch.
fn tar(files: &[(&str, u32, &[u8])]) -> Result<Vec<u8>> {
    let mut archive = Vec::new();
    for (name, mode, content) in files {
        archive.extend(header(name, *mode, content.len())?);
        archive.extend_from_slice(content);
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    Ok(archive)
}

/// One ustar header.
fn header(name: &str, mode: u32, size: usize) -> Result<Vec<u8>> {
    if name.len() > 100 {
        return Err(format!("{name} is too long for a ustar header").into());
    }
    let mut header = Vec::with_capacity(512);
    let mut field = |text: String, width: usize| {
        header.extend(text.bytes());
        header.resize(header.len() - text.len() + width, 0);
    };
    field(name.to_owned(), 100);
    field(format!("{mode:07o}"), 8);
    field("0000000".into(), 8);
    field("0000000".into(), 8);
    field(format!("{size:011o}"), 12);
    field("00000000000".into(), 12);
    field(" ".repeat(8), 8);
    field("0".into(), 1);
    field(String::new(), 100);
    field("ustar\x0000".into(), 8);
    field(String::new(), 512 - 265);
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    for (place, byte) in header
        .iter_mut()
        .skip(148)
        .zip(format!("{sum:06o}\0 ").bytes())
    {
        *place = byte;
    }
    Ok(header)
}
