//! `cargo xtask dist`: the release binary with its licence and readme, as one archive with a digest.

use crate::Outcome;
use crate::workspace::{Workspace, output, run as run_command};

/// Builds and packs into `target/dist`.
pub(crate) fn run(workspace: &Workspace, _arguments: &[String]) -> Outcome {
    let hull = crate::test::build(workspace)?;
    let described = output(workspace.command(&hull).arg("--version"))?;
    let version = described
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let name = format!(
        "hull-{}-x86_64-linux",
        version
            .ok_or(format!("no version in {described:?}"))?
            .trim_end_matches(',')
    );
    let folder = workspace.at("target/dist").join(&name);
    let io = |error: std::io::Error| format!("{}: {error}", folder.display());
    std::fs::create_dir_all(&folder).map_err(io)?;
    std::fs::copy(&hull, folder.join("hull")).map_err(io)?;
    for file in ["LICENSE", "README.md", "CHANGELOG.md"] {
        std::fs::copy(workspace.at(file), folder.join(file)).map_err(io)?;
    }
    let archive = format!("{name}.tar.gz");
    let mut tar = workspace.command("tar");
    tar.current_dir(workspace.at("target/dist"));
    tar.args([
        "--owner=0",
        "--group=0",
        "--sort=name",
        "--mtime=@0",
        "-czf",
        &archive,
        &name,
    ]);
    run_command(&mut tar)?;
    let mut sum = workspace.command("sha256sum");
    print!(
        "{}",
        output(sum.current_dir(workspace.at("target/dist")).arg(&archive))?
    );
    Ok(())
}
