//! `--filter key=value`, as typed, and the questions verbs ask of it.
//!
//! Leaves to each verb which keys it knows. Invariant: values of one key are alternatives, except
//! labels, all of which must match, as in docker.

use std::collections::BTreeMap;

/// Filters of one command, by key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filters {
    /// Values by key, in the order given.
    pub values: BTreeMap<String, Vec<String>>,
}

impl Filters {
    /// Adds one `key=value`; `None` when the `=` is missing.
    pub fn add(&mut self, text: &str) -> Option<()> {
        let (key, value) = text.split_once('=')?;
        self.insert(key.trim().to_ascii_lowercase(), value.trim());
        Some(())
    }

    /// Adds a value.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.values
            .entry(key.into())
            .or_default()
            .push(value.into());
    }

    /// Values of `key`; empty when the key was not given.
    pub fn get(&self, key: &str) -> &[String] {
        self.values.get(key).map_or(&[], Vec::as_slice)
    }

    /// Whether nothing was given.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether `key` was given.
    pub fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// The first key that is not among `known`.
    pub fn unknown<'a>(&'a self, known: &[&str]) -> Option<&'a str> {
        self.values
            .keys()
            .map(String::as_str)
            .find(|key| !known.contains(key))
    }

    /// Whether `key` was not given or one of its values equals `value`.
    pub fn exact(&self, key: &str, value: &str) -> bool {
        !self.has(key) || self.get(key).iter().any(|wanted| wanted == value)
    }

    /// Whether `key` was not given or one of its values satisfies `test`.
    pub fn any(&self, key: &str, test: impl Fn(&str) -> bool) -> bool {
        !self.has(key) || self.get(key).iter().any(|wanted| test(wanted))
    }

    /// Whether all wanted labels, `name` or `name=value`, are there; none of `label!`.
    pub fn labels(&self, labels: &BTreeMap<String, String>) -> bool {
        let matches = |wanted: &String| match wanted.split_once('=') {
            Some((name, value)) => labels.get(name).is_some_and(|has| has == value),
            None => labels.contains_key(wanted),
        };
        self.get("label").iter().all(matches) && !self.get("label!").iter().any(matches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_must_all_match_other_values_are_alternatives() {
        let mut filters = Filters::default();
        for text in ["label=a", "label=b=2", "status=running", "status=paused"] {
            filters.add(text).unwrap();
        }
        let labels = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect()
        };
        assert!(filters.labels(&labels(&[("a", "1"), ("b", "2")])));
        assert!(!filters.labels(&labels(&[("a", "1"), ("b", "3")])));
        assert!(filters.exact("status", "paused") && !filters.exact("status", "exited"));
        assert!(filters.exact("name", "anything"));
        assert_eq!(filters.unknown(&["label"]), Some("status"));
        assert_eq!(filters.add("nonsense"), None);
    }
}
