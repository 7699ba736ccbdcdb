//! `-c` changes: Dockerfile instructions that touch nothing but the config.
//!
//! Leaves instructions that run or copy to the builder. Invariant: docker's words for docker's
//! refusals.

use hull_oci::image_config::ContainerDefaults;

use super::expand::expand;
use super::instructions::{
    command, healthcheck, labels, pairs, ports, single, volumes, working_dir,
};
use crate::error::{Error, Result};

/// Applies instructions in order.
pub fn apply(config: &mut ContainerDefaults, changes: &[String]) -> Result<()> {
    for change in changes {
        for line in change
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
        {
            one(config, line).map_err(|problem| Error::Change {
                text: line.to_owned(),
                problem,
            })?;
        }
    }
    Ok(())
}

fn one(config: &mut ContainerDefaults, line: &str) -> std::result::Result<(), String> {
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let (word, rest) = (word.to_ascii_uppercase(), rest.trim());
    if rest.is_empty() && word != "CMD" && word != "ENTRYPOINT" {
        return Err(format!("{word} requires at least one argument"));
    }
    let expanded = || expand(rest, &config.env);
    match word.as_str() {
        "CMD" => config.cmd = Some(command(rest)),
        "ENTRYPOINT" => config.entrypoint = Some(command(rest)),
        "ENV" => {
            for (name, value) in pairs(&expanded()?)? {
                let prefix = format!("{name}=");
                config.env.retain(|known| !known.starts_with(&prefix));
                config.env.push(format!("{prefix}{value}"));
            }
        }
        "LABEL" => config.labels.extend(labels(&expanded()?)?),
        "EXPOSE" => config.exposed_ports.extend(ports(&expanded()?)?),
        "VOLUME" => config.volumes.extend(volumes(&expanded()?)?),
        "USER" => config.user = single("USER", &expanded()?)?,
        "WORKDIR" => config.working_dir = working_dir(&config.working_dir, &expanded()?),
        "STOPSIGNAL" => config.stop_signal = Some(single("STOPSIGNAL", &expanded()?)?),
        "ONBUILD" => config.on_build.push(rest.to_owned()),
        "HEALTHCHECK" => config.healthcheck = Some(healthcheck(rest)?),
        "FROM" | "RUN" | "ADD" | "COPY" | "ARG" | "SHELL" | "MAINTAINER" => {
            return Err(format!("{word} is not a valid change command"));
        }
        _ => return Err(format!("unknown instruction: {word}")),
    }
    Ok(())
}
