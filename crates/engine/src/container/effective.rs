//! [`Effective`]: the user's wish laid over the image's defaults, docker's `Config`.
//!
//! Leaves to `spec` what the host adds. Invariant: pure, and the same for `create`, `start` and
//! `inspect`, so that what inspect shows is what was run.

use std::collections::{BTreeMap, BTreeSet};

use hull_model::container::config::ContainerConfig;
use hull_oci::image_config::ContainerDefaults;

use crate::error::SpecError;

/// What a container is, image and wish together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Effective {
    /// Program run before `cmd`.
    pub entrypoint: Option<Vec<String>>,
    /// Program, or arguments of the entrypoint.
    pub cmd: Option<Vec<String>>,
    /// `NAME=value`, the user's first, then those of the image that the user did not set.
    pub env: Vec<String>,
    /// Labels of both, the user's winning.
    pub labels: BTreeMap<String, String>,
    /// `user[:group]`, empty for root.
    pub user: String,
    /// Working directory, empty for `/`.
    pub working_dir: String,
    /// Ports of both.
    pub exposed_ports: BTreeSet<String>,
    /// Paths that get a volume each.
    pub volumes: BTreeSet<String>,
    /// Signal that stops it.
    pub stop_signal: Option<String>,
    /// Seconds before SIGKILL.
    pub stop_timeout: Option<i64>,
}

impl Effective {
    /// Lays `wish` over `image`.
    pub fn new(wish: &ContainerConfig, image: &ContainerDefaults) -> Self {
        let (entrypoint, cmd) = command(wish, image);
        let mut labels = image.labels.clone();
        labels.extend(wish.labels.clone());
        let filled = |text: &String| (!text.is_empty()).then(|| text.clone());
        Self {
            entrypoint,
            cmd,
            env: environment(&wish.env, &image.env),
            labels,
            user: wish
                .user
                .as_ref()
                .and_then(filled)
                .unwrap_or_else(|| image.user.clone()),
            working_dir: wish
                .working_dir
                .as_ref()
                .and_then(filled)
                .unwrap_or_else(|| image.working_dir.clone()),
            exposed_ports: wish
                .exposed_ports
                .union(&image.exposed_ports)
                .cloned()
                .collect(),
            volumes: image.volumes.clone(),
            stop_signal: wish
                .stop_signal
                .clone()
                .or_else(|| image.stop_signal.clone()),
            stop_timeout: wish.stop_timeout.or(image.stop_timeout),
        }
    }

    /// Program and arguments.
    pub fn args(&self) -> Result<Vec<String>, SpecError> {
        let args: Vec<String> = self
            .entrypoint
            .iter()
            .flatten()
            .chain(self.cmd.iter().flatten())
            .cloned()
            .collect();
        if args.is_empty() {
            return Err(SpecError::NoCommand);
        }
        Ok(args)
    }

    /// Whether the image asks for health checks.
    pub fn has_health_check(image: &ContainerDefaults) -> bool {
        image
            .healthcheck
            .as_ref()
            .is_some_and(|check| check.test.first().is_some_and(|first| first != "NONE"))
    }
}

type Words = Option<Vec<String>>;

/// An entrypoint of the user's drops the image's command as well as its entrypoint.
fn command(wish: &ContainerConfig, image: &ContainerDefaults) -> (Words, Words) {
    let filled = |words: &Vec<String>| !words.is_empty();
    let cmd = wish.cmd.clone().filter(filled);
    match &wish.entrypoint {
        Some(entrypoint) => (Some(entrypoint.clone()).filter(filled), cmd),
        None => (
            image.entrypoint.clone().filter(filled),
            cmd.or_else(|| image.cmd.clone().filter(filled)),
        ),
    }
}

fn environment(user: &[String], image: &[String]) -> Vec<String> {
    let name = |entry: &str| entry.split('=').next().unwrap_or_default().to_owned();
    let taken: BTreeSet<String> = user.iter().map(|entry| name(entry)).collect();
    let missing = image.iter().filter(|entry| !taken.contains(&name(entry)));
    user.iter().chain(missing).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Words {
        Some(text.split_whitespace().map(Into::into).collect())
    }

    #[test]
    fn entrypoint_and_command_follow_dockers_table() {
        let image = ContainerDefaults {
            entrypoint: words("/entry"),
            cmd: words("default args"),
            ..Default::default()
        };
        let plain = ContainerDefaults {
            cmd: words("sh"),
            ..Default::default()
        };
        let lines: [(&ContainerDefaults, Words, Words, &str); 7] = [
            (&image, None, None, "/entry default args"),
            (&image, None, words("x y"), "/entry x y"),
            (&image, words("/mine"), None, "/mine"),
            (&image, words("/mine"), words("z"), "/mine z"),
            (&image, Some(vec![]), words("z"), "z"),
            (&plain, None, None, "sh"),
            (&plain, None, words("ls"), "ls"),
        ];
        for (image, entrypoint, cmd, expected) in lines {
            let wish = ContainerConfig {
                entrypoint,
                cmd,
                ..Default::default()
            };
            assert_eq!(
                Effective::new(&wish, image).args().unwrap().join(" "),
                expected
            );
        }
        let cleared = ContainerConfig {
            entrypoint: Some(vec![]),
            ..Default::default()
        };
        assert!(matches!(
            Effective::new(&cleared, &image).args(),
            Err(SpecError::NoCommand)
        ));
    }

    #[test]
    fn the_users_environment_and_labels_win() {
        let image = ContainerDefaults {
            env: vec!["PATH=/bin".into(), "A=image".into()],
            labels: [("a".into(), "image".into()), ("b".into(), "image".into())].into(),
            ..Default::default()
        };
        let wish = ContainerConfig {
            env: vec!["A=user".into(), "C=user".into()],
            labels: [("a".into(), "user".into())].into(),
            ..Default::default()
        };
        let effective = Effective::new(&wish, &image);
        assert_eq!(effective.env, ["A=user", "C=user", "PATH=/bin"]);
        assert_eq!(effective.labels["a"], "user");
        assert_eq!(effective.labels["b"], "image");
    }
}
