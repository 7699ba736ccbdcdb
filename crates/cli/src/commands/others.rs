//! Verbs docker has and hull has not: what they wait for, or why they never come.
//!
//! Invariant: a verb leaves this list when its command enters the table; `cargo xtask compat` fails for
//! a verb that is in neither.

use crate::grammar::flag::Support;

const BUILDS: Support = Support::Later("builds");
const REGISTRIES: Support = Support::Later("registries");
const NETWORKS: Support = Support::Later("networks");
const VOLUMES: Support = Support::Later("volumes");
const LIFE: Support = Support::Later("the rest of a container's life");
const UPKEEP: Support = Support::Later("upkeep of the whole");
const SWARM: Support = Support::Never("hull has no swarm");

/// Each verb, and what becomes of it.
pub(crate) const OTHERS: &[(&str, Support)] = &[
    ("build", BUILDS),
    ("builder", BUILDS),
    ("commit", BUILDS),
    ("container commit", BUILDS),
    ("image build", BUILDS),
    ("login", REGISTRIES),
    ("logout", REGISTRIES),
    ("manifest", REGISTRIES),
    ("pull", REGISTRIES),
    ("push", REGISTRIES),
    ("search", REGISTRIES),
    ("trust", REGISTRIES),
    ("image pull", REGISTRIES),
    ("image push", REGISTRIES),
    ("network", NETWORKS),
    ("port", NETWORKS),
    ("container port", NETWORKS),
    ("volume", VOLUMES),
    ("cp", LIFE),
    ("container cp", LIFE),
    ("diff", LIFE),
    ("container diff", LIFE),
    ("export", LIFE),
    ("container export", LIFE),
    ("stats", LIFE),
    ("container stats", LIFE),
    ("update", LIFE),
    ("container update", LIFE),
    ("info", UPKEEP),
    ("system df", UPKEEP),
    ("system info", UPKEEP),
    ("system prune", UPKEEP),
    ("compose", Support::Later("compose")),
    ("checkpoint", Support::Never("experimental in docker")),
    ("context", Support::Never("there is no daemon to choose")),
    ("plugin", Support::Never("hull has no plugins")),
    ("config", SWARM),
    ("node", SWARM),
    ("secret", SWARM),
    ("service", SWARM),
    ("stack", SWARM),
    ("swarm", SWARM),
];

/// What becomes of the verb `path`, when docker has it and hull has not.
pub(crate) fn other(path: &str) -> Option<Support> {
    OTHERS
        .iter()
        .find(|(verb, _)| *verb == path)
        .map(|(_, support)| *support)
}
