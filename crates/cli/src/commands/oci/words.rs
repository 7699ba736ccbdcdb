//! The command line as OCI runtimes read it: `--flag value`, `--flag=value`, `-f value`, one dash or
//! two.
//!
//! Leaves to the verbs: what a flag means. Invariant: a flag nobody declared is an error that names
//! it.

use std::ffi::OsString;

use super::fault::Fault;

/// A flag a verb knows: its names, separated by commas, and whether a value follows.
pub(super) type Flag = (&'static str, bool);

/// A command line, sorted.
#[derive(Debug, Default)]
pub(super) struct Words {
    given: Vec<(&'static str, String)>,
    rest: std::collections::VecDeque<String>,
}

impl Words {
    /// Sorts `words`. With `stop`, everything after the first word that is no flag is left as it is.
    pub(super) fn sort(words: Vec<OsString>, flags: &[Flag], stop: bool) -> Result<Self, Fault> {
        let mut sorted = Self::default();
        let mut words = words
            .into_iter()
            .map(|word| word.to_string_lossy().into_owned());
        while let Some(word) = words.next() {
            let is_flag = word.len() > 1 && word.starts_with('-');
            if word == "--" {
                sorted.rest.extend(words);
                break;
            }
            if !is_flag || (!sorted.rest.is_empty() && find(flags, &word).is_none()) {
                sorted.rest.push_back(word);
                if stop {
                    sorted.rest.extend(words);
                    break;
                }
                continue;
            }
            let (name, takes_value) = find(flags, &word)
                .ok_or_else(|| Fault::usage(format!("flag provided but not defined: {word}")))?;
            let value = match word.split_once('=') {
                Some((_, value)) => value.to_owned(),
                None if takes_value => words
                    .next()
                    .ok_or_else(|| Fault::usage(format!("flag needs an argument: {word}")))?,
                None => "true".to_owned(),
            };
            sorted.given.push((name, value));
        }
        Ok(sorted)
    }

    /// The last value of a flag.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.given
            .iter()
            .rev()
            .find(|(given, _)| *given == name)
            .map(|(_, value)| value.as_str())
    }

    /// All values of a flag.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.given
            .iter()
            .filter(move |(given, _)| *given == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether a flag was given and not `=false`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.value(name).is_some_and(|value| value != "false")
    }

    /// A number.
    pub(super) fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Fault> {
        let bad = |value: &str| Fault::usage(format!("invalid value {value:?} for flag --{name}"));
        self.value(name)
            .map(|value| value.parse().map_err(|_| bad(value)))
            .transpose()
    }

    /// The next word that is no flag.
    pub(super) fn next(&mut self) -> Option<String> {
        self.rest.pop_front()
    }

    /// The next word, which must be there.
    pub(super) fn need(&mut self, what: &str) -> Result<String, Fault> {
        self.next()
            .ok_or_else(|| Fault::usage(format!("{what} is missing")))
    }

    /// Fails when words are left.
    pub(super) fn end(&self) -> Result<(), Fault> {
        match self.rest.front() {
            None => Ok(()),
            Some(word) => Err(Fault::usage(format!("unexpected argument {word:?}"))),
        }
    }

    /// All words left.
    pub(super) fn rest(self) -> Vec<OsString> {
        self.rest.into_iter().map(OsString::from).collect()
    }
}

/// The declared flag a word is, by its first name.
fn find(flags: &[Flag], word: &str) -> Option<(&'static str, bool)> {
    let bare = word.strip_prefix("--").or_else(|| word.strip_prefix('-'))?;
    let name = bare.split('=').next().unwrap_or(bare);
    flags.iter().find_map(|(names, takes_value)| {
        let first = names.split(',').next()?;
        names
            .split(',')
            .any(|one| one == name)
            .then_some((first, *takes_value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: &[Flag] = &[("bundle,b", true), ("detach,d", false), ("env,e", true)];

    fn sort(words: &[&str], stop: bool) -> Result<Words, Fault> {
        Words::sort(words.iter().map(OsString::from).collect(), FLAGS, stop)
    }

    #[test]
    fn forms_of_flags() {
        for line in [
            &["--bundle", "x", "id"][..],
            &["--bundle=x", "id"],
            &["-b", "x", "id"],
            &["-bundle", "x", "id"],
            &["id", "-b", "x"],
        ] {
            let mut words = sort(line, false).unwrap();
            assert_eq!(words.value("bundle"), Some("x"), "{line:?}");
            assert_eq!(words.next().as_deref(), Some("id"));
            words.end().unwrap();
        }
    }

    #[test]
    fn what_follows_the_first_word_can_be_left_alone() {
        let mut words = sort(
            &["-d", "-e", "A=b", "-e", "C=", "id", "sh", "-d", "--x"],
            true,
        )
        .unwrap();
        assert!(words.has("detach"));
        assert_eq!(words.values("env").collect::<Vec<_>>(), ["A=b", "C="]);
        assert_eq!(words.need("id").unwrap(), "id");
        assert_eq!(words.rest(), ["sh", "-d", "--x"]);
    }

    #[test]
    fn wrong_lines() {
        for line in [&["--nope"][..], &["--bundle"]] {
            assert!(sort(line, false).is_err(), "{line:?}");
        }
        let mut words = sort(&["id", "more"], false).unwrap();
        words.next();
        assert!(words.end().is_err());
        assert!(!sort(&["-d=false"], false).unwrap().has("detach"));
    }
}
